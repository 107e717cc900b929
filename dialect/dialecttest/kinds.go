package dialecttest

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// cell holds one value of a Go type in a column that must have one and in one that need not.
type cell[V any] struct {
	ID    int64 `db:"id"    schema:"pk"`
	Plain V     `db:"plain"`
	Maybe *V    `db:"maybe"`
}

// dateCell is a cell of a day.
type dateCell[V any] struct {
	ID    int64 `db:"id"    schema:"pk"`
	Plain V     `db:"plain" schema:"type=date"`
	Maybe *V    `db:"maybe" schema:"type=date"`
}

// decimalCell is a cell of an amount.
type decimalCell struct {
	ID    int64   `db:"id"    schema:"pk"`
	Plain string  `db:"plain" schema:"type=decimal,precision=12,scale=2"`
	Maybe *string `db:"maybe" schema:"type=decimal,precision=12,scale=2"`
}

// wideCell is a cell of the widest decimals.
type wideCell struct {
	ID    int64   `db:"id"    schema:"pk"`
	Plain string  `db:"plain" schema:"type=decimal,precision=38,scale=10"`
	Maybe *string `db:"maybe" schema:"type=decimal,precision=38,scale=10"`
}

// uuidCell is a cell of UUIDs kept in Go strings.
type uuidCell struct {
	ID    int64   `db:"id"    schema:"pk"`
	Plain string  `db:"plain" schema:"type=uuid"`
	Maybe *string `db:"maybe" schema:"type=uuid"`
}

// sizedCell is a cell of short texts and bytes.
type sizedCell struct {
	ID    int64   `db:"id"    schema:"pk"`
	Plain string  `db:"plain" schema:"size=5"`
	Maybe *string `db:"maybe" schema:"size=5"`
	Raw   []byte  `db:"raw"   schema:"size=3"`
}

// zeroCell has types without a null of their own in nullable columns.
type zeroCell struct {
	ID   int64     `db:"id"   schema:"pk"`
	Text string    `db:"text" schema:"null"`
	When time.Time `db:"at"   schema:"null"`
	Raw  []byte    `db:"raw"  schema:"null"`
	Num  int       `db:"num"  schema:"null"`
}

// nullCell has the nullable types of database/sql.
type nullCell struct {
	ID   int64               `db:"id"   schema:"pk"`
	Text sql.Null[string]    `db:"text"`
	When sql.Null[time.Time] `db:"at"`
	Num  sql.NullInt64       `db:"num"`
	Flag sql.NullBool        `db:"flag"`
}

// color is a string type of its own.
type color string

// mood is an enumeration that lists its words itself.
type mood string

// Values gives all moods.
func (mood) Values() []string { return []string{"glad", "it's, so", "a \"b\" \\", "日本"} }

type enumCell struct {
	ID    int64 `db:"id"    schema:"pk"`
	Plain mood  `db:"plain"`
	Maybe *mood `db:"maybe"`
}

// point speaks for itself to databases.
type point struct{ x, y int }

// Value implements driver.Valuer.
func (p point) Value() (driver.Value, error) { return fmt.Sprintf("%d;%d", p.x, p.y), nil }

// Scan implements sql.Scanner.
func (p *point) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return errors.New("point: not a text")
	}
	_, err := fmt.Sscanf(text, "%d;%d", &p.x, &p.y)
	return err
}

type pointCell struct {
	ID    int64  `db:"id"    schema:"pk"`
	Plain point  `db:"plain" schema:"type=string"`
	Maybe *point `db:"maybe" schema:"type=string"`
}

// place is embedded.
type place struct {
	Street string  `db:"street"`
	City   *string `db:"city"`
}

type embeddedCell struct {
	ID int64 `db:"id" schema:"pk"`
	place
}

// document becomes JSON.
type document struct {
	Title string         `json:"title"`
	Tags  []string       `json:"tags"`
	Extra map[string]any `json:"extra"`
}

func exerciseKinds(t *testing.T, open opener) {
	d := open(t)
	roundTrip(t, d, "bool", true, false)
	roundTrip[int8](t, d, "int8", 0, math.MinInt8, math.MaxInt8)
	roundTrip[int16](t, d, "int16", 0, math.MinInt16, math.MaxInt16)
	roundTrip[int32](t, d, "int32", 0, math.MinInt32, math.MaxInt32)
	roundTrip[int64](t, d, "int64", 0, math.MinInt64, math.MaxInt64)
	roundTrip(t, d, "int", 0, math.MinInt, math.MaxInt)
	roundTrip[uint8](t, d, "uint8", 0, math.MaxUint8)
	roundTrip[uint16](t, d, "uint16", 0, math.MaxUint16)
	roundTrip[uint32](t, d, "uint32", 0, math.MaxUint32)
	roundTrip[uint64](t, d, "uint64", 0, math.MaxInt64)
	roundTrip[uint](t, d, "uint", 0, math.MaxInt)
	roundTrip[float32](t, d, "float32", 0, 0.1, -math.MaxFloat32, math.SmallestNonzeroFloat32, 16777217)
	roundTrip(t, d, "float64", 0, 0.1, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1<<53, 1e21, -2.5)
	roundTrip(t, d, "string", "", "Ada", "O'Hara \"x\" \\ ; -- $1 ?", "日本語 \U0001F600 é é", " \t\r\n ", strings.Repeat("x", 1<<20))
	roundTrip[color](t, d, "named string", "anything", "")
	roundTrip(t, d, "bytes", []byte{}, []byte{0}, []byte("\\x00\xff\xfe'"), make([]byte, 1<<20))
	roundTrip(t, d, "uuid.UUID", uuid.UUID{}, uuid.Max, uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"))
	roundTrip(t, d, "[16]byte", [16]byte{}, [16]byte{15: 1}, [16]byte{0: 255})
	roundTrip(t, d, "time",
		time.Date(2024, 2, 29, 23, 59, 59, 999999000, time.UTC), time.Time{}, time.Unix(0, 0).UTC(),
		time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 1000, time.UTC))
	roundTrip(t, d, "json struct", document{},
		document{Title: "ü\"\\", Tags: []string{"a", ""}, Extra: map[string]any{"n": 1.5, "null": nil, "o": map[string]any{}}})
	roundTrip(t, d, "json map", map[string]int{"a": 1, "b": -2}, map[string]int{})
	roundTrip(t, d, "json slice", []string{"a", "日本"}, []string{})
	roundTripTagged(t, d)
	exerciseOtherForms(t, d)
	exerciseRefusals(t, d)
}

// roundTrip stores and reads values in a table of cells.
func roundTrip[V any](t *testing.T, d dialect.Dialect, name string, values ...V) {
	roundTripIn(t, d, name, func(id int64, plain V, maybe *V) cell[V] {
		return cell[V]{ID: id, Plain: plain, Maybe: maybe}
	}, values...)
}

// roundTripIn stores and reads each value by insert and by update, beside a null and beside itself.
func roundTripIn[T, V any](t *testing.T, d dialect.Dialect, name string, row func(int64, V, *V) T, values ...V) {
	t.Run(name, func(t *testing.T) {
		s := storeOf[T](t, d, schema.Named("cells of "+name))
		at, _ := s.table.Column("plain")
		kind := s.table.Columns()[at].Kind
		for i, value := range values {
			id, former := int64(i+1), values[(i+1)%len(values)]
			want := row(id, value, &value)
			inserted := row(id, value, &value)
			s.mustInsert(t, &inserted)
			require.Equal(t, want, *s.mustGet(t, pointer(row(id, former, nil))), "inserted, value %d", i)

			changed := row(id, former, nil)
			found, err := s.update(t.Context(), &changed)
			require.NoError(t, err)
			require.True(t, found)
			require.Equal(t, row(id, former, nil), *s.mustGet(t, &want), "updated, value %d", i)
			require.Len(t, s.mustList(t, compare(dialect.OpNull, "maybe")), 1)

			_, err = s.update(t.Context(), pointer(row(id, value, &value)))
			require.NoError(t, err)
			require.Equal(t, want, *s.mustGet(t, &want), "updated back, value %d", i)
			if kind != schema.KindJSON {
				require.Equal(t, []T{want}, s.mustList(t, all(equal("plain", value), equal("maybe", &value))), "found by value %d", i)
			}
		}
	})
}

// roundTripTagged is roundTrip for kinds that a Go type alone does not tell.
func roundTripTagged(t *testing.T, d dialect.Dialect) {
	days := []time.Time{
		time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		{},
		time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
	}
	roundTripIn(t, d, "date", func(id int64, plain time.Time, maybe *time.Time) dateCell[time.Time] {
		return dateCell[time.Time]{id, plain, maybe}
	}, days...)
	roundTripIn(t, d, "date text", func(id int64, plain string, maybe *string) dateCell[string] {
		return dateCell[string]{id, plain, maybe}
	}, "2024-02-29", "0001-01-01", "9999-12-31")
	roundTripIn(t, d, "decimal", func(id int64, plain string, maybe *string) decimalCell {
		return decimalCell{id, plain, maybe}
	}, "0.00", "-0.01", "9999999999.99", "-9999999999.99", "10.50", "0.10")
	roundTripIn(t, d, "wide decimal", func(id int64, plain string, maybe *string) wideCell {
		return wideCell{id, plain, maybe}
	}, "0.0000000000", strings.Repeat("9", 28)+".9999999999", "-1234567890123456789.0123456789")
	roundTripIn(t, d, "uuid text", func(id int64, plain string, maybe *string) uuidCell {
		return uuidCell{id, plain, maybe}
	}, "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "00000000-0000-0000-0000-000000000000")
	roundTripIn(t, d, "sized", func(id int64, plain string, maybe *string) sizedCell {
		return sizedCell{id, plain, maybe, []byte{1, 2, 0}}
	}, "", "abcde", "äöü日\U0001F600")
	roundTripIn(t, d, "enum", func(id int64, plain mood, maybe *mood) enumCell {
		return enumCell{id, plain, maybe}
	}, "glad", "it's, so", "a \"b\" \\", "日本")
	roundTripIn(t, d, "valuer", func(id int64, plain point, maybe *point) pointCell {
		return pointCell{id, plain, maybe}
	}, point{}, point{-1, 70000})
}

// exerciseOtherForms is for values that come back in another spelling than they went, and for other ways to be null.
func exerciseOtherForms(t *testing.T, d dialect.Dialect) {
	t.Run("time is UTC to the microsecond", func(t *testing.T) {
		s := storeOf[cell[time.Time]](t, d, schema.Named("zones"))
		at := time.Date(2024, 7, 1, 12, 30, 0, 123456789, time.FixedZone("two hours", 7200))
		s.mustInsert(t, &cell[time.Time]{ID: 1, Plain: at})
		got := s.mustGet(t, &cell[time.Time]{ID: 1}).Plain
		require.Equal(t, time.Date(2024, 7, 1, 10, 30, 0, 123456000, time.UTC), got)
	})
	t.Run("json text", func(t *testing.T) {
		s := storeOf[cell[json.RawMessage]](t, d, schema.Named("documents"))
		for i, text := range []string{
			`null`, `{"b": [1, 2.50, -3e2], "a": {"x": null}}`, `"text"`, `12345678901234567890.123456789`, `[]`, `true`,
			`{"é":"\u00e9\ud83d\ude00\n"}`,
		} {
			row := cell[json.RawMessage]{ID: int64(i), Plain: json.RawMessage(text), Maybe: pointer(json.RawMessage(text))}
			s.mustInsert(t, &row)
			got := s.mustGet(t, &row)
			require.JSONEq(t, text, string(got.Plain))
			require.JSONEq(t, text, string(*got.Maybe))
		}
	})
	t.Run("zero stands for null", func(t *testing.T) {
		s := storeOf[zeroCell](t, d)
		s.mustInsert(t, &zeroCell{ID: 1}, &zeroCell{ID: 2, Text: "x", When: time.Unix(1, 0).UTC(), Raw: []byte{1}, Num: 7})
		require.Equal(t, zeroCell{ID: 1}, *s.mustGet(t, &zeroCell{ID: 1}))
		require.Equal(t, zeroCell{ID: 2, Text: "x", When: time.Unix(1, 0).UTC(), Raw: []byte{1}, Num: 7}, *s.mustGet(t, &zeroCell{ID: 2}))
		for _, column := range []string{"text", "at", "raw", "num"} {
			rows := s.mustList(t, compare(dialect.OpNull, column))
			require.Equal(t, []zeroCell{{ID: 1}}, rows, column)
		}
	})
	t.Run("nulls of database/sql", func(t *testing.T) {
		s := storeOf[nullCell](t, d)
		full := nullCell{
			2,
			sql.Null[string]{V: "", Valid: true},
			sql.Null[time.Time]{V: time.Unix(1, 0).UTC(), Valid: true},
			sql.NullInt64{Int64: 0, Valid: true},
			sql.NullBool{Bool: false, Valid: true},
		}
		s.mustInsert(t, &nullCell{ID: 1}, pointer(full))
		require.Equal(t, nullCell{ID: 1}, *s.mustGet(t, &nullCell{ID: 1}))
		require.Equal(t, full, *s.mustGet(t, &nullCell{ID: 2}))
	})
	t.Run("embedded", func(t *testing.T) {
		s := storeOf[embeddedCell](t, d)
		row := embeddedCell{1, place{"High Street", pointer("Ely")}}
		s.mustInsert(t, pointer(row))
		require.Equal(t, row, *s.mustGet(t, &embeddedCell{ID: 1}))
	})
}

// exerciseRefusals is for values that no column of their kind can hold: none may be stored as something else.
func exerciseRefusals(t *testing.T, d dialect.Dialect) {
	refuse(t, d, "uint64 beyond int64", cell[uint64]{ID: 1, Plain: math.MaxUint64})
	refuse(t, d, "not a number", cell[float64]{ID: 1, Plain: math.NaN()})
	refuse(t, d, "infinite", cell[float32]{ID: 1, Plain: float32(math.Inf(1))})
	refuse(t, d, "nul character", cell[string]{ID: 1, Plain: "a\x00b"})
	refuse(t, d, "broken utf-8", cell[string]{ID: 1, Plain: "\xff"})
	refuse(t, d, "late year", cell[time.Time]{ID: 1, Plain: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	refuse(t, d, "early year", cell[time.Time]{ID: 1, Plain: time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)})
	refuse(t, d, "too fine a decimal", decimalCell{ID: 1, Plain: "0.001"})
	refuse(t, d, "too large a decimal", decimalCell{ID: 1, Plain: "10000000000.00"})
	refuse(t, d, "no decimal", decimalCell{ID: 1, Plain: "1,5"})
	refuse(t, d, "no uuid", uuidCell{ID: 1, Plain: "6ba7b810"})
	refuse(t, d, "no json", cell[json.RawMessage]{ID: 1, Plain: json.RawMessage(`{"a":`)})
	refuse(t, d, "nul in json", cell[json.RawMessage]{ID: 1, Plain: json.RawMessage(`"\u0000"`)})
}

func refuse[T any](t *testing.T, d dialect.Dialect, name string, row T) {
	t.Run("refuse "+name, func(t *testing.T) {
		s := storeOf[T](t, d, schema.Named("refusals of "+name))
		err := s.insert(t.Context(), &row)
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.ErrorContains(t, err, "plain")
		require.Empty(t, s.mustList(t, dialect.Cond{}))
	})
}
