package dynamic

import (
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// The outputs that more than one operation has.
var (
	outRow   = FieldSpec{Name: "row", Kind: FieldRow, Meaning: "the row as it is stored"}
	outKey   = FieldSpec{Name: "key", Kind: FieldKey, Meaning: "its key"}
	outRows  = FieldSpec{Name: "rows", Kind: FieldRows, Meaning: "the rows"}
	outCount = FieldSpec{Name: "count", Kind: FieldNumber, Meaning: "how many rows"}
)

// fields makes the inputs of operations.
type fields[T any, K comparable] struct{}

func (fields[T, K]) of(inputs ...input[T, K]) []input[T, K] { return inputs }

func (fields[T, K]) row(meaning string) input[T, K] {
	return input[T, K]{FieldSpec{"row", FieldRow, true, meaning}, func(r *request[T, K], v any) (err error) {
		r.named, err = r.asRow("row", v, &r.row)
		return err
	}}
}

func (fields[T, K]) rows(meaning string) input[T, K] {
	return input[T, K]{
		FieldSpec{"rows", FieldRows, true, meaning},
		func(r *request[T, K], v any) error { return r.asRows("rows", v) },
	}
}

func (fields[T, K]) key() input[T, K] {
	return input[T, K]{
		FieldSpec{"key", FieldKey, true, "the key"},
		func(r *request[T, K], v any) error { return r.asKey("key", v) },
	}
}

func (fields[T, K]) set() input[T, K] {
	return input[T, K]{
		FieldSpec{"set", FieldSet, true, "the columns to change, with their new values"},
		func(r *request[T, K], v any) error { return r.asSet("set", v) },
	}
}

func (fields[T, K]) where() input[T, K] {
	return input[T, K]{
		FieldSpec{"where", FieldWhere, false, "which rows; none is all of them"},
		func(r *request[T, K], v any) error { return r.asWhere("where", v) },
	}
}

// sweep is where for operations that change what matches.
func (f fields[T, K]) sweep() input[T, K] {
	in := f.where()
	in.Meaning = "which rows; one that says nothing needs all_rows"
	return in
}

func (fields[T, K]) orderBy() input[T, K] {
	return input[T, K]{
		FieldSpec{"order_by", FieldNames, false, "columns, with a minus before those that go downwards"},
		func(r *request[T, K], v any) error { return r.asOrder("order_by", v) },
	}
}

// number is an input that is a whole number.
func (fields[T, K]) number(name, meaning string, to func(r *request[T, K], n int64) error) input[T, K] {
	return input[T, K]{FieldSpec{name, FieldNumber, false, meaning}, func(r *request[T, K], v any) error {
		n, err := r.number(name, v)
		if err != nil {
			return err
		}
		return to(r, n)
	}}
}

func (f fields[T, K]) limit(meaning string) input[T, K] {
	return f.number("limit", meaning, func(r *request[T, K], n int64) error {
		r.query.Limit = int(n)
		return r.fitsInt("limit", n)
	})
}

func (f fields[T, K]) offset(meaning string) input[T, K] {
	return f.number("offset", meaning, func(r *request[T, K], n int64) error {
		r.query.Offset = int(n)
		return r.fitsInt("offset", n)
	})
}

// fitsInt refuses a number that an int of this machine cuts off, and what no query takes.
func (r *request[T, K]) fitsInt(name string, n int64) error {
	if n < 0 || int64(int(n)) != n {
		return r.invalid("%s is negative or too large", name)
	}
	return nil
}

func (f fields[T, K]) ifVersion() input[T, K] {
	return f.number("if_version", "only while the row has this version", func(r *request[T, K], n int64) error {
		if _, ok := r.h.table.Role(schema.RoleVersion); !ok {
			return r.invalid("if_version: the table has no version column")
		}
		r.change = append(r.change, nodes.IfVersion(n))
		return nil
	})
}

// texts is an input that is an array of texts.
func (fields[T, K]) texts(name, meaning string, to func(r *request[T, K], names []string)) input[T, K] {
	return input[T, K]{FieldSpec{name, FieldNames, false, meaning}, func(r *request[T, K], v any) error {
		names, err := r.names(name, v)
		if err != nil {
			return err
		}
		if _, err := r.h.statements.Positions(r.op, name, names); err != nil {
			return err
		}
		to(r, names)
		return nil
	}}
}

func (f fields[T, K]) only() input[T, K] {
	return f.texts("only", "the columns to read; none is all of them", func(r *request[T, K], names []string) { r.query.Only = names })
}

func (f fields[T, K]) onConflict() input[T, K] {
	return f.texts("on_conflict", "the unique columns by which a row is there already; none is the key",
		func(r *request[T, K], names []string) { r.onConflict = names })
}

func (f fields[T, K]) updateOnly() input[T, K] {
	return f.texts("update_only", "the columns to update where it is there",
		func(r *request[T, K], names []string) { r.updateOnly = names })
}

func (f fields[T, K]) by() input[T, K] {
	return f.texts("by", "the columns that make the groups", func(r *request[T, K], names []string) { r.by = names })
}

// flag is an input that is true or false.
func (fields[T, K]) flag(name, meaning string, to func(r *request[T, K], yes bool)) input[T, K] {
	return input[T, K]{FieldSpec{name, FieldFlag, false, meaning}, func(r *request[T, K], v any) error {
		yes, ok := v.(bool)
		if !ok {
			return r.invalid("%s wants true or false, not %s", name, formOf(v))
		}
		to(r, yes)
		return nil
	}}
}

func (f fields[T, K]) distinct() input[T, K] {
	return f.flag("distinct", "each row once, by the columns of only", func(r *request[T, K], yes bool) { r.query.Distinct = yes })
}

func (f fields[T, K]) withDeleted() input[T, K] {
	return f.flag("with_deleted", "also rows that are marked deleted", func(r *request[T, K], yes bool) { r.withDeleted = yes })
}

func (f fields[T, K]) doNothing() input[T, K] {
	return f.flag("do_nothing", "leave what is there as it is", func(r *request[T, K], yes bool) { r.doNothing = yes })
}

func (f fields[T, K]) perRow() input[T, K] {
	return f.flag("per_row", "store the rows that can be stored", func(r *request[T, K], yes bool) { r.perRow = yes })
}

func (f fields[T, K]) allRows() input[T, K] {
	return f.flag("all_rows", "every row is meant", func(r *request[T, K], yes bool) { r.query.All = yes })
}

func (fields[T, K]) after() input[T, K] {
	return input[T, K]{
		FieldSpec{"after", FieldText, false, "next of the page before"},
		func(r *request[T, K], v any) error {
			text, ok := v.(string)
			if !ok {
				return r.invalid("after wants a text, not %s", formOf(v))
			}
			r.query.After = nodes.Cursor(text)
			return nil
		},
	}
}

func (fields[T, K]) terms() input[T, K] {
	return input[T, K]{
		FieldSpec{"terms", FieldTerms, true, `the figures: func is count, sum, avg, min or max`},
		func(r *request[T, K], v any) error { return r.asTerms("terms", v) },
	}
}
