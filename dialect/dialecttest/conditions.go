package dialecttest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// sample is a row to be looked for.
type sample struct {
	ID    int64           `db:"id"    schema:"pk"`
	Name  string          `db:"name"`
	Nick  *string         `db:"nick"  schema:"size=40"`
	Age   *int            `db:"age"`
	Rate  *float64        `db:"rate"`
	Price *string         `db:"price" schema:"type=decimal,precision=12,scale=2"`
	Day   *time.Time      `db:"day"   schema:"type=date"`
	At    *time.Time      `db:"at"`
	Ref   *uuid.UUID      `db:"ref"`
	Raw   *[]byte         `db:"raw"`
	On    *bool           `db:"yes"`
	Color *color          `db:"color" schema:"enum=red|green|blue"`
	Doc   json.RawMessage `db:"doc"   schema:"null"`
}

func day(n int) time.Time { return time.Date(2024, 2, n, 0, 0, 0, 0, time.UTC) }

func ref(n byte) uuid.UUID { return uuid.UUID{n, 15: n} }

// samples are seven rows; the last has nothing but nulls, and none twice the same value but by intent.
func samples() []*sample {
	text := func(s string) *string { return &s }
	full := func(id int64, name, nick string, age int, rate float64, price string, n int, raw string, on bool, c color) *sample {
		return &sample{
			id, name, text(nick), &age, &rate, &price, pointer(day(n)), pointer(moment(n)), pointer(ref(byte(n * 30))),
			pointer([]byte(raw)), &on, &c, json.RawMessage(`{"n": 1}`),
		}
	}
	return []*sample{
		full(1, "Ada", "100%_a\\b", -5, -1.5, "-10.00", 1, "\x00", true, "red"),
		full(2, "ada", "*?[a-z]]^!", 0, 0, "-9.99", 2, "\x00\x00", false, "green"),
		full(3, "Änne", "äöü", 7, 0.1, "0.00", 3, "\x00\xff", true, "green"),
		full(4, "Zoë 日本", "", 18, 2.5, "9.99", 4, "", false, "blue"),
		full(5, "Adalbert", "x_y", 70, 1e10, "10.00", 5, "a", true, "red"),
		full(6, "a\nb", "O'Hara", 700, 1e300, "100.00", 6, "b", false, "blue"),
		{ID: 7, Name: ""},
	}
}

// finding is a condition and the rows that it finds.
type finding struct {
	name string
	cond dialect.Cond
	want []int64
}

func exerciseConditions(t *testing.T, open opener) {
	d := open(t)
	s := storeOf[sample](t, d)
	s.mustInsert(t, samples()...)
	for name, group := range map[string][]finding{
		"equal": equalities(), "order": comparisons(), "sets": memberships(), "patterns": patterns(), "logic": logicals(),
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range group {
				require.Equal(t, f.want, found(t, s, f.cond), f.name)
				n, err := s.count(t.Context(), f.cond)
				require.NoError(t, err)
				require.EqualValues(t, len(f.want), n, f.name)
			}
		})
	}
	t.Run("json form", func(t *testing.T) { exerciseJSONForm(t, s) })
	t.Run("refused", func(t *testing.T) { exerciseRefusedConditions(t, s) })
	t.Run("large", func(t *testing.T) { exerciseLargeConditions(t, s) })
}

// found gives the ids of the rows that match.
func found(t *testing.T, s *store[sample], cond dialect.Cond) []int64 {
	t.Helper()
	ids := []int64{}
	for _, row := range s.mustList(t, cond, ascending("id")) {
		ids = append(ids, row.ID)
	}
	return ids
}

func equalities() []finding {
	return []finding{
		{"everything", dialect.Cond{}, []int64{1, 2, 3, 4, 5, 6, 7}},
		{"text, case", equal("name", "Ada"), []int64{1}},
		{"text, unicode", equal("name", "Zoë 日本"), []int64{4}},
		{"text, empty", equal("nick", ""), []int64{4}},
		{"text, quotes", equal("nick", "O'Hara"), []int64{6}},
		{"text, no trailing space", equal("name", "Ada "), []int64{}},
		{"text, other normal form", equal("name", "A\u0308nne"), []int64{}},
		{"number", equal("age", 7), []int64{3}},
		{"number of json", equal("age", json.Number("7.0")), []int64{3}},
		{"zero is not null", equal("age", 0), []int64{2}},
		{"null", equal("age", nil), []int64{7}},
		{"nil pointer", equal("age", (*int)(nil)), []int64{7}},
		{"not null", compare(dialect.OpNe, "age", nil), []int64{1, 2, 3, 4, 5, 6}},
		{"differs, nulls do not", compare(dialect.OpNe, "age", 7), []int64{1, 2, 4, 5, 6}},
		{"float", equal("rate", 0.1), []int64{3}},
		{"decimal", equal("price", "10"), []int64{5}},
		{"decimal, other spelling", equal("price", "1e1"), []int64{5}},
		{"decimal, negative zero", equal("price", "-0.00"), []int64{3}},
		{"date", equal("day", day(2)), []int64{2}},
		{"date as text", equal("day", "2024-02-03"), []int64{3}},
		{"time", equal("at", moment(4)), []int64{4}},
		{"time in another zone", equal("at", moment(4).In(time.FixedZone("x", 3600))), []int64{4}},
		{"time as text", equal("at", "2024-05-06T09:08:05.000009+02:00"), []int64{5}},
		{"uuid", equal("ref", ref(60)), []int64{2}},
		{"uuid as text", equal("ref", strings.ToUpper(ref(60).String())), []int64{2}},
		{"bytes", equal("raw", []byte{0, 255}), []int64{3}},
		{"bytes, empty", equal("raw", []byte{}), []int64{4}},
		{"bytes as base64", equal("raw", "AAA="), []int64{2}},
		{"bool", equal("yes", false), []int64{2, 4, 6}},
		{"bool, differs", compare(dialect.OpNe, "yes", false), []int64{1, 3, 5}},
		{"enum", equal("color", "green"), []int64{2, 3}},
		{"enum, unknown word", equal("color", "black"), []int64{}},
		{"is null", compare(dialect.OpNull, "doc"), []int64{7}},
		{"is not null", compare(dialect.OpNotNull, "doc"), []int64{1, 2, 3, 4, 5, 6}},
		{"json null", equal("doc", nil), []int64{7}},
		{"never null", compare(dialect.OpNull, "name"), []int64{}},
	}
}

func comparisons() []finding {
	return []finding{
		{"less", compare(dialect.OpLt, "age", 7), []int64{1, 2}},
		{"at most", compare(dialect.OpLe, "age", 7), []int64{1, 2, 3}},
		{"more", compare(dialect.OpGt, "age", 18), []int64{5, 6}},
		{"at least", compare(dialect.OpGe, "age", 18), []int64{4, 5, 6}},
		{"numbers are not text", compare(dialect.OpGt, "age", 8), []int64{4, 5, 6}},
		{"between, both ends", compare(dialect.OpBetween, "age", 0, 18), []int64{2, 3, 4}},
		{"between, nothing", compare(dialect.OpBetween, "age", 18, 0), []int64{}},
		{"float", compare(dialect.OpGt, "rate", 2), []int64{4, 5, 6}},
		{"decimal, by value", compare(dialect.OpGt, "price", "9.99"), []int64{5, 6}},
		{"decimal, negative", compare(dialect.OpLe, "price", "-9.99"), []int64{1, 2}},
		{"decimal, between", compare(dialect.OpBetween, "price", json.Number("-9.99"), 10), []int64{2, 3, 4, 5}},
		{"date", compare(dialect.OpLt, "day", day(3)), []int64{1, 2}},
		{"date, between", compare(dialect.OpBetween, "day", "2024-02-05", "2025-01-01"), []int64{5, 6}},
		{"time", compare(dialect.OpGe, "at", moment(5)), []int64{5, 6}},
		{"time, a microsecond", compare(dialect.OpGt, "at", moment(5).Add(-time.Microsecond)), []int64{5, 6}},
		{"uuid", compare(dialect.OpLt, "ref", ref(90)), []int64{1, 2}},
		{"uuid, high bit", compare(dialect.OpGe, "ref", ref(120)), []int64{4, 5, 6}},
		{"bytes", compare(dialect.OpLt, "raw", []byte{0, 1}), []int64{1, 2, 4}},
		{"bytes, high bit", compare(dialect.OpGt, "raw", []byte{0, 254}), []int64{3, 5, 6}},
		{"text by code point", compare(dialect.OpLt, "name", "Z"), []int64{1, 5, 7}},
		{"text, lower case after upper", compare(dialect.OpGe, "name", "a"), []int64{2, 3, 6}},
		{"text, beyond ascii", compare(dialect.OpGt, "name", "zzz"), []int64{3}},
	}
}

func memberships() []finding {
	return []finding{
		{"in", compare(dialect.OpIn, "age", 7, 0, 99), []int64{2, 3}},
		{"in, twice", compare(dialect.OpIn, "age", 7, 7), []int64{3}},
		{"in nothing", compare(dialect.OpIn, "age"), []int64{}},
		{"not in, nulls are not", compare(dialect.OpNotIn, "age", 7, 0), []int64{1, 4, 5, 6}},
		{"not in nothing", compare(dialect.OpNotIn, "age"), []int64{1, 2, 3, 4, 5, 6, 7}},
		{"in, text", compare(dialect.OpIn, "name", "ada", "Zoë 日本"), []int64{2, 4}},
		{"in, decimal", compare(dialect.OpIn, "price", "-10", "100.0", 0), []int64{1, 3, 6}},
		{"in, date", compare(dialect.OpIn, "day", "2024-02-01", day(6)), []int64{1, 6}},
		{"in, time", compare(dialect.OpIn, "at", moment(1)), []int64{1}},
		{"in, uuid", compare(dialect.OpIn, "ref", ref(30), ref(60).String()), []int64{1, 2}},
		{"in, bytes", compare(dialect.OpIn, "raw", []byte("a"), []byte{}), []int64{4, 5}},
		{"in, bool", compare(dialect.OpIn, "yes", true), []int64{1, 3, 5}},
		{"not in, enum", compare(dialect.OpNotIn, "color", "red", color("blue")), []int64{2, 3}},
	}
}

func patterns() []finding {
	like := func(pattern string) dialect.Cond { return compare(dialect.OpLike, "nick", pattern) }
	return []finding{
		{"like, all of it", compare(dialect.OpLike, "name", "Ada"), []int64{1}},
		{"like, case", compare(dialect.OpLike, "name", "ADA%"), []int64{}},
		{"like, case beyond ascii", compare(dialect.OpLike, "name", "änne"), []int64{}},
		{"like, any run", compare(dialect.OpLike, "name", "Ada%"), []int64{1, 5}},
		{"like, one character", compare(dialect.OpLike, "name", "_da"), []int64{1, 2}},
		{"like, one character is not one byte", compare(dialect.OpLike, "name", "_nne"), []int64{3}},
		{"like, over lines", compare(dialect.OpLike, "name", "a%b"), []int64{6}},
		{"like, one is a line end", compare(dialect.OpLike, "name", "a_b"), []int64{6}},
		{"like, escaped percent", like(`100\%%`), []int64{1}},
		{"like, escaped underscore", like(`x\_y`), []int64{5}},
		{"like, escaped backslash", like(`%\\b`), []int64{1}},
		{"like, escaped letter", like(`\x_y`), []int64{5}},
		{"like, no star", like(`*%`), []int64{2}},
		{"like, no question mark", like(`_?%`), []int64{2}},
		{"like, brackets", like(`%[a-z]]%`), []int64{2}},
		{"like, one bracket", like(`%[a-z]`), []int64{}},
		{"like, only null is not", like(`%`), []int64{1, 2, 3, 4, 5, 6}},
		{"like, empty", like(``), []int64{4}},
		{"contains", compare(dialect.OpContains, "name", "da"), []int64{1, 2, 5}},
		{"contains, case", compare(dialect.OpContains, "name", "DA"), []int64{}},
		{"contains, unicode", compare(dialect.OpContains, "name", "ë 日"), []int64{4}},
		{"contains, no wildcards", compare(dialect.OpContains, "nick", `%_`), []int64{1}},
		{"contains, backslash", compare(dialect.OpContains, "nick", `\`), []int64{1}},
		{"contains, star", compare(dialect.OpContains, "nick", `*?[`), []int64{2}},
		{"contains, brackets", compare(dialect.OpContains, "nick", `]]^!`), []int64{2}},
		{"contains, nothing", compare(dialect.OpContains, "nick", ``), []int64{1, 2, 3, 4, 5, 6}},
		{"contains, quote", compare(dialect.OpContains, "nick", `'`), []int64{6}},
		{"prefix", compare(dialect.OpPrefix, "name", "Ada"), []int64{1, 5}},
		{"prefix, no wildcards", compare(dialect.OpPrefix, "nick", `_`), []int64{}},
		{"prefix, bracket", compare(dialect.OpPrefix, "nick", `*?[a`), []int64{2}},
		{"suffix", compare(dialect.OpSuffix, "name", "da"), []int64{1, 2}},
		{"suffix, no wildcards", compare(dialect.OpSuffix, "nick", `%`), []int64{}},
		{"suffix, unicode", compare(dialect.OpSuffix, "name", "本"), []int64{4}},
		{"pattern over an enum", compare(dialect.OpPrefix, "color", "gr"), []int64{2, 3}},
	}
}

func logicals() []finding {
	never := compare(dialect.OpIn, "age")
	return []finding{
		{"and", all(compare(dialect.OpGe, "age", 0), compare(dialect.OpLt, "age", 70)), []int64{2, 3, 4}},
		{"or", some(equal("name", "Ada"), equal("age", nil)), []int64{1, 7}},
		{"and of or", all(some(equal("id", 1), equal("id", 2)), some(equal("id", 2), equal("id", 3))), []int64{2}},
		{"or of and", some(all(equal("id", 1), equal("id", 2)), equal("id", 3)), []int64{3}},
		{"not", not(equal("color", "red")), []int64{2, 3, 4, 6}},
		{"not, of unknown", not(compare(dialect.OpGt, "age", 1000)), []int64{1, 2, 3, 4, 5, 6}},
		{"not not", not(not(equal("age", 7))), []int64{3}},
		{"not and", not(all(equal("yes", true), equal("color", "red"))), []int64{2, 3, 4, 6}},
		{"not null", not(equal("age", nil)), []int64{1, 2, 3, 4, 5, 6}},
		{"unknown or true", some(equal("age", 1), equal("id", 7)), []int64{7}},
		{"unknown and false", not(all(equal("age", 1), equal("id", 1))), []int64{1, 2, 3, 4, 5, 6, 7}},
		{"no term of and", all(), []int64{1, 2, 3, 4, 5, 6, 7}},
		{"no term of or", some(), []int64{}},
		{"empty term of and", all(dialect.Cond{}, equal("id", 1)), []int64{1}},
		{"empty term of or", some(dialect.Cond{}, equal("id", 1)), []int64{1, 2, 3, 4, 5, 6, 7}},
		{"not everything", not(dialect.Cond{}), []int64{}},
		{"not never", not(never), []int64{1, 2, 3, 4, 5, 6, 7}},
		{"one term", all(some(equal("id", 4))), []int64{4}},
	}
}

func exerciseJSONForm(t *testing.T, s *store[sample]) {
	for text, want := range map[string][]int64{
		`{}`:                                              {1, 2, 3, 4, 5, 6, 7},
		`{"age":{"$gte":0,"$lt":70}}`:                     {2, 3, 4},
		`{"price":{"$gt":9.99},"yes":true}`:               {5},
		`{"at":"2024-05-06T07:08:03.000009Z"}`:            {3},
		`{"$or":[{"nick":null},{"age":7.0}]}`:             {3, 7},
		`{"$not":{"color":{"$in":["red"]}}}`:              {2, 3, 4, 6},
		`{"day":{"$between":["2024-02-02",null]}}`:        nil,
		`{"name":{"$like":"A\\u0064%"}}`:                  {1, 5},
		`{"raw":{"$eq":"YQ=="}}`:                          {5},
		`{"doc":{"$null":true}}`:                          {7},
		`{"rate":{"$lte":-1.5}}`:                          {1},
		`{"id":{"$nin":[1,2,3]},"age":{"$notnull":true}}`: {4, 5, 6},
	} {
		cond, err := dialect.ParseCond([]byte(strings.ReplaceAll(text, `\\u`, `\u`)))
		require.NoError(t, err, text)
		if want == nil {
			_, err := s.list(t.Context(), cond, nil, 0, 0)
			require.ErrorIs(t, err, schema.ErrInvalid, text)
			continue
		}
		require.Equal(t, want, found(t, s, cond), text)
	}
}

// exerciseRefusedConditions is for conditions that no statement is made of.
func exerciseRefusedConditions(t *testing.T, s *store[sample]) {
	for _, c := range []struct {
		cond dialect.Cond
		text string // what the error names
	}{
		{equal("nosuch", 1), "nosuch"},
		{equal("ID", 1), "ID"},
		{equal(`id" = 1 OR "id`, 1), `id" = 1`},
		{equal("samples.id", 1), "samples.id"},
		{equal("", 1), "unknown column"},
		{dialect.Cond{Op: "regex", Column: "name", Values: []any{"x"}}, "regex"},
		{dialect.Cond{Op: "= 1 OR 1 =", Column: "name", Values: []any{"x"}}, "= 1 OR 1 ="},
		{compare(dialect.OpNone, "age", 1), "age"},
		{dialect.Cond{Values: []any{1}}, "without an operator"},
		{dialect.Cond{Conds: []dialect.Cond{equal("id", 1)}}, "without an operator"},
		{compare(dialect.OpAnd, "age"), "and"},
		{dialect.Cond{Op: dialect.OpEq, Column: "age", Values: []any{1}, Conds: []dialect.Cond{{}}}, "eq"},
		{compare(dialect.OpEq, "name"), "eq"},
		{compare(dialect.OpEq, "name", "a", "b"), "eq"},
		{compare(dialect.OpBetween, "age", 1), "between"},
		{compare(dialect.OpNull, "age", 1), "null"},
		{dialect.Cond{Op: dialect.OpNot}, "not"},
		{dialect.Cond{Op: dialect.OpNot, Conds: []dialect.Cond{{}, {}}}, "not"},
		{all(equal("id", 1), not(some(equal("nosuch", 1)))), "nosuch"},
		{compare(dialect.OpLt, "age", nil), "age"},
		{compare(dialect.OpBetween, "age", 1, nil), "age"},
		{compare(dialect.OpIn, "age", 1, nil), "age"},
		{compare(dialect.OpNotIn, "age", nil), "age"},
		{compare(dialect.OpLike, "name", nil), "name"},
		{compare(dialect.OpLike, "age", "1%"), "age"},
		{compare(dialect.OpContains, "doc", "x"), "doc"},
		{compare(dialect.OpPrefix, "ref", "x"), "ref"},
		{compare(dialect.OpLike, "name", `a\`), "name"},
		{compare(dialect.OpLike, "name", strings.Repeat("x", 1<<20)), "name"},
		{compare(dialect.OpLt, "doc", "{}"), "doc"},
		{compare(dialect.OpBetween, "doc", "1", "2"), "doc"},
		{equal("doc", `{"n": 1}`), "doc"},
		{compare(dialect.OpIn, "doc"), "doc"},
		{equal("age", "seven"), "age"},
		{equal("age", 1.5), "age"},
		{equal("age", canary), "age"},
		{equal("ref", canary), "ref"},
		{equal("day", canary), "day"},
		{equal("price", 0.1), "price"},
		{equal("name", 5), "name"},
		{equal("name", "a\x00"), "name"},
		{equal("yes", 1), "yes"},
	} {
		_, err := s.list(t.Context(), c.cond, nil, 0, 0)
		require.ErrorIs(t, err, schema.ErrInvalid, "%v", c.cond)
		e := discreet(t, err)
		require.Equal(t, "list", e.Op, "%v", c.cond)
		require.Equal(t, s.table.String(), e.Table, "%v", c.cond)
		require.Contains(t, e.Error(), c.text, "%v", c.cond)
		_, err = s.count(t.Context(), c.cond)
		require.ErrorIs(t, err, schema.ErrInvalid)
		_, _, err = s.sql.DeleteWhere("delete", c.cond, moment(1))
		require.ErrorIs(t, err, schema.ErrInvalid)
	}
}

// exerciseLargeConditions shows that what the builder lets through the database takes, too.
func exerciseLargeConditions(t *testing.T, s *store[sample]) {
	t.Run("wide", func(t *testing.T) {
		terms := make([]dialect.Cond, 3000)
		for i := range terms {
			terms[i] = equal("id", i+5)
		}
		require.Equal(t, []int64{5, 6, 7}, found(t, s, some(terms...)))
	})
	t.Run("deep", func(t *testing.T) {
		cond := compare(dialect.OpGt, "price", "9.99")
		deepest := cond
		for depth := 1; ; depth++ {
			require.Less(t, depth, 5000, "there is a limit")
			next := not(all(dialect.Cond{}, deepest))
			if _, _, err := s.sql.Count("count", next); err != nil {
				require.ErrorIs(t, err, schema.ErrInvalid)
				require.Greater(t, depth, 100)
				break
			}
			deepest = next
		}
		require.Subset(t, []int64{1, 2, 3, 4, 5, 6, 7}, found(t, s, deepest))
	})
	t.Run("as many values as there may be, and one more", func(t *testing.T) {
		most := s.d.Capability().MaxParameters
		require.Positive(t, most)
		values := make([]any, most)
		for i := range values {
			values[i] = i + 6
		}
		require.Equal(t, []int64{6, 7}, found(t, s, compare(dialect.OpIn, "id", values...)))
		_, err := s.list(t.Context(), compare(dialect.OpIn, "id", append(values, 1)...), nil, 0, 0)
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.ErrorContains(t, err, fmt.Sprint(most))
	})
	t.Run("long patterns", func(t *testing.T) {
		long := strings.Repeat("[", 15_000)
		require.Empty(t, found(t, s, compare(dialect.OpContains, "name", long)))
		require.Empty(t, found(t, s, equal("name", strings.Repeat("x", 1<<20))))
		require.True(t, slices.Equal(found(t, s, dialect.Cond{}), found(t, s, compare(dialect.OpNe, "name", long))))
	})
}
