package dialecttest

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// literals are values of a column in the database's own SQL. All numbers fit the smallest kind, so that only the size of
// texts stands in the way of a change of type.
func literals(d dialect.Dialect, c *schema.Column) []string {
	var out []string
	switch c.Kind {
	case schema.KindBool:
		return []string{"TRUE", "FALSE"}
	case schema.KindInt16, schema.KindInt32, schema.KindInt64:
		return []string{"1", "2", "3", "5", "6", "0", "-3", "120"}
	case schema.KindFloat32, schema.KindFloat64:
		return []string{"0.5", "-2.25", "3.0"}
	case schema.KindBytes:
		if d.Name() != "postgres" {
			return []string{"x'00ff'", "x'7f'", "x'616263'"}
		}
		return []string{`'\x00ff'::bytea`, `'\x'::bytea`, `'\x616263'::bytea`}
	case schema.KindTime:
		out = []string{"2024-01-02 03:04:05.000006", "1999-12-31 23:59:59.999999"}
		if d.Name() == "postgres" {
			return []string{quoted(out[0] + "+00"), quoted(out[1] + "+00")}
		}
	case schema.KindDate:
		out = []string{"2024-01-02", "1999-12-31", "2024-02-29"}
	case schema.KindUUID:
		if d.Name() == "mysql" {
			return []string{"unhex('00000000000000000000000000000001')", "unhex('f47ac10b58cc4372a5670e02b2c3d479')"}
		}
		out = []string{"00000000-0000-0000-0000-000000000001", "f47ac10b-58cc-4372-a567-0e02b2c3d479"}
	case schema.KindDecimal:
		for _, whole := range []string{"1", "-12", "0"} {
			out = append(out, strings.TrimSuffix(whole+"."+strings.Repeat("5", c.Scale), "."))
		}
	case schema.KindJSON:
		out = []string{`{"a": 1}`, `[]`, `null`}
	default:
		if out = c.Enum; len(out) == 0 {
			out = texts(c.Size)
		}
	}
	quotes := make([]string, len(out))
	for i, text := range out {
		quotes[i] = quoted(text)
	}
	return quotes
}

// texts are those within a size.
func texts(size int) []string {
	var out []string
	for _, text := range []string{"x", "", "yy", "O'Brien", "日本", "five5", "a bit longer"} {
		if size == 0 || utf8.RuneCountInString(text) <= size {
			out = append(out, text)
		}
	}
	return out
}

// fill puts rows into the table of a blueprint. What its own checks and unique indexes refuse is left out.
func (b *blueprint) fill(r *rapid.T, d dialect.Dialect, table string) {
	n := rapid.SampledFrom([]int{0, 1, 2, 3, 5, 8, 30}).Draw(r, "rows")
	tame := make([]bool, len(b.columns))
	for i := range tame {
		tame[i] = n > 0 && rapid.IntRange(0, 3).Draw(r, "wild") < 3
	}
	for row := range n {
		var names, values []string
		for i := range b.columns {
			c := &b.columns[i]
			switch {
			case c.Generated != "" || c.Auto:
				continue
			case i == 0:
				values = append(values, rowNumber(row))
			default:
				values = append(values, b.cell(r, d, c, tame[i]))
			}
			names = append(names, d.Quote(c.Name))
		}
		sql := "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
		if len(names) == 0 {
			sql = emptyRow(d, table)
		}
		if _, err := d.Writer().Exec(r.Context(), sql); err != nil && !unfit(d.Classify(err)) {
			r.Fatalf("%s: %v", sql, err)
		}
	}
}

// emptyRow is an insert of a row that the database fills.
func emptyRow(d dialect.Dialect, table string) string {
	if d.Name() == "mysql" {
		return "INSERT INTO " + table + " () VALUES ()"
	}
	return "INSERT INTO " + table + " DEFAULT VALUES"
}

// rowNumber is the first column's value: in no order, and another one in each row.
func rowNumber(row int) string { return strconv.Itoa(row*17%101 + 1) }

// cell draws a value. In a tame column none is NULL and all are such as foreign keys and checks like.
func (b *blueprint) cell(r *rapid.T, d dialect.Dialect, c *part, tame bool) string {
	values := literals(d, &c.Column)
	if !tame && c.Nullable && rapid.IntRange(0, 3).Draw(r, "null") == 3 {
		return "NULL"
	}
	if tame {
		values = values[:min(4, len(values))]
	}
	for _, t := range b.ties {
		if t.column == c.Name && t.own {
			values = values[:1] // the number of the first row
		} else if t.column == c.Name {
			values = values[:4]
		}
	}
	return rapid.SampledFrom(values).Draw(r, "value")
}

// unfit reports whether rows, and nothing else, were in the way.
func unfit(err error) bool {
	return slices.ContainsFunc([]error{
		schema.ErrUnfitRows, schema.ErrInvalid, schema.ErrCheck, schema.ErrNotNull, schema.ErrDuplicate, schema.ErrForeignKey,
	}, func(kind error) bool { return errors.Is(err, kind) })
}
