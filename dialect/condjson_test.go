package dialect_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

func eq(column string, value any) dialect.Cond {
	return dialect.Cond{Op: dialect.OpEq, Column: column, Values: []any{value}}
}

func comparison(op dialect.Op, column string, values ...any) dialect.Cond {
	return dialect.Cond{Op: op, Column: column, Values: values}
}

func logic(op dialect.Op, conds ...dialect.Cond) dialect.Cond {
	return dialect.Cond{Op: op, Conds: conds}
}

func TestParseCondReadsTheJSONForm(t *testing.T) {
	for text, want := range map[string]dialect.Cond{
		`{}`:                               {},
		`{"name":"Ada"}`:                   eq("name", "Ada"),
		`{"n":9007199254740993}`:           eq("n", json.Number("9007199254740993")),
		`{"gone":null}`:                    eq("gone", nil),
		`{"on":true}`:                      eq("on", true),
		`{"n":{"$ne":null}}`:               comparison(dialect.OpNe, "n", nil),
		`{"n":{"$in":[1,"a",null]}}`:       comparison(dialect.OpIn, "n", json.Number("1"), "a", nil),
		`{"n":{"$in":[]}}`:                 comparison(dialect.OpIn, "n"),
		`{"n":{"$nin":[1]}}`:               comparison(dialect.OpNotIn, "n", json.Number("1")),
		`{"n":{"$between":[1,2]}}`:         comparison(dialect.OpBetween, "n", json.Number("1"), json.Number("2")),
		`{"n":{"$null":true}}`:             comparison(dialect.OpNull, "n"),
		`{"n":{"$null":false}}`:            comparison(dialect.OpNotNull, "n"),
		`{"n":{"$notnull":true}}`:          comparison(dialect.OpNotNull, "n"),
		`{"n":{"$notnull":false}}`:         comparison(dialect.OpNull, "n"),
		`{"s":{"$like":"a%"}}`:             comparison(dialect.OpLike, "s", "a%"),
		`{"s":{"$contains":"a"}}`:          comparison(dialect.OpContains, "s", "a"),
		`{"s":{"$prefix":"a"}}`:            comparison(dialect.OpPrefix, "s", "a"),
		`{"s":{"$suffix":"a"}}`:            comparison(dialect.OpSuffix, "s", "a"),
		`{"$not":{"a":1}}`:                 logic(dialect.OpNot, eq("a", json.Number("1"))),
		`{"$or":[{"a":1},{"b":2}]}`:        logic(dialect.OpOr, eq("a", json.Number("1")), eq("b", json.Number("2"))),
		`{"$and":[{"a":1}]}`:               logic(dialect.OpAnd, eq("a", json.Number("1"))),
		` {"z":1,"a":2} `:                  logic(dialect.OpAnd, eq("z", json.Number("1")), eq("a", json.Number("2"))),
		`{"n":{"$gte":1,"$lt":2},"b":"x"}`: logic(dialect.OpAnd, comparison(dialect.OpGe, "n", json.Number("1")), comparison(dialect.OpLt, "n", json.Number("2")), eq("b", "x")),
		`{"$or":[{"a":1,"b":2}],"c":3}`: logic(dialect.OpAnd,
			logic(dialect.OpOr, logic(dialect.OpAnd, eq("a", json.Number("1")), eq("b", json.Number("2")))),
			eq("c", json.Number("3"))),
	} {
		got, err := dialect.ParseCond([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestParseCondNamesWhatIsWrong(t *testing.T) {
	deep := strings.Repeat(`{"$not":`, 65) + `{"a":1}` + strings.Repeat(`}`, 65)
	for text, want := range map[string]string{
		``:                             "JSON",
		`{"a":1`:                       "JSON",
		`{"a":1}{"b":2}`:               "JSON",
		`{"a":1} x`:                    "JSON",
		"{\"a\":\"\xff\"}":             "JSON",
		`[]`:                           "array",
		`null`:                         "null",
		`"a"`:                          "text",
		`{"a":1,"a":2}`:                "[a]",
		`{"a":1,"\u0061":2}`:           "[a]",
		`{"age":{"$gt":1,"$gt":2}}`:    "[$gt]",
		`{"age":{"$regex":"x"}}`:       `"$regex"`,
		`{"age":{"gte":1}}`:            `"gte"`,
		`{"age":{"$and":[]}}`:          `"$and"`,
		`{"$xor":[]}`:                  "[$xor]",
		`{"$":[]}`:                     "[$]",
		`{"$eq":1}`:                    "[$eq]",
		`{"$or":{"a":1}}`:              "[$or]",
		`{"$or":[]}`:                   "[$or]",
		`{"$or":[1]}`:                  "[$or]",
		`{"$or":[{}]}`:                 "[$or]",
		`{"$and":[[{"a":1}]]}`:         "[$and]",
		`{"$not":[{"a":1}]}`:           "[$not]",
		`{"$not":{}}`:                  "[$not]",
		`{"age":{}}`:                   "[age]",
		`{"age":[1]}`:                  "[age]",
		`{"age":{"$gt":[1]}}`:          "$gt",
		`{"age":{"$gt":{"a":1}}}`:      "$gt",
		`{"age":{"$in":1}}`:            "$in",
		`{"age":{"$in":[[1]]}}`:        "$in",
		`{"age":{"$between":[1]}}`:     "$between",
		`{"age":{"$between":[1,2,3]}}`: "$between",
		`{"age":{"$null":1}}`:          "$null",
		`{"age":{"$notnull":null}}`:    "$notnull",
		deep:                           "nested",
		`{"` + strings.Repeat("x", 500) + `":[]}`: "…",
	} {
		_, err := dialect.ParseCond([]byte(text))
		require.ErrorIs(t, err, schema.ErrInvalid, text)
		require.ErrorContains(t, err, want, text)
		require.Less(t, len(err.Error()), 250, text)
	}
}

func TestParseCondKeepsValuesOutOfErrors(t *testing.T) {
	for _, text := range []string{
		`{"a":{"$in":"canary"}}`, `{"a":{"$null":"canary"}}`, `{"a":["canary"]}`, `{"$or":"canary"}`, `"canary"`,
		`{"a":{"$between":["canary"]}}`, `{"a":{"$gt":{"$x":"canary"}}}`, `{"a":"canary"`,
	} {
		_, err := dialect.ParseCond([]byte(text))
		require.ErrorIs(t, err, schema.ErrInvalid, text)
		require.NotContains(t, err.Error(), "canary")
	}
}

func FuzzParseCond(f *testing.F) {
	for _, seed := range []string{
		`{"age":{"$gte":18},"$or":[{"a":1},{"b":[2]}],"$not":{"c":null}}`, `{"n":{"$in":[1,2.5e300,"x"]}}`, `{"a":1,"a":2}`,
		`{"$and":[{"$or":[{"a":{"$between":[1,2]}}]}]}`, `[{"$or":`, "{\"\xff\":1}", `{"a":{"$null":true}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := dialect.ParseCond(data)
		if err != nil {
			require.ErrorIs(t, err, schema.ErrInvalid)
			require.Equal(t, dialect.Cond{}, c)
			return
		}
		// What was understood says the same when it is written down again.
		again, err := json.Marshal(written(c))
		require.NoError(t, err)
		back, err := dialect.ParseCond(again)
		if err != nil && strings.Contains(err.Error(), "nested") {
			return // the longer spelling is the deeper one
		}
		require.NoError(t, err, string(again))
		require.Equal(t, c, back)
	})
}

// written is the JSON form of a parsed condition, without any of the shorter spellings.
func written(c dialect.Cond) any {
	values := func() []any { return append([]any{}, c.Values...) }
	switch c.Op {
	case dialect.OpNone:
		return map[string]any{}
	case dialect.OpNot:
		return map[string]any{"$not": written(c.Conds[0])}
	case dialect.OpAnd, dialect.OpOr:
		parts := []any{}
		for _, part := range c.Conds {
			parts = append(parts, written(part))
		}
		return map[string]any{"$" + string(c.Op): parts}
	case dialect.OpIn, dialect.OpNotIn, dialect.OpBetween:
		return map[string]any{c.Column: map[string]any{"$" + string(c.Op): values()}}
	case dialect.OpNull, dialect.OpNotNull:
		return map[string]any{c.Column: map[string]any{"$" + string(c.Op): true}}
	default:
		return map[string]any{c.Column: map[string]any{"$" + string(c.Op): c.Values[0]}}
	}
}
