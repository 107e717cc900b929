package dynamic

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// asRow reads a row. Columns that it does not name stay zero.
func (r *request[T, K]) asRow(name string, value any, row *T) (columns []int, err error) {
	object, err := r.object(name, value)
	if err != nil {
		return nil, err
	}
	columns, values, err := r.columns(name, object)
	if err != nil {
		return nil, err
	}
	h := r.h
	for i, at := range columns {
		if err := h.rows.Set(row, at, values[i]); err != nil {
			return nil, err
		}
		kept, err := h.rows.Value(row, at)
		if err != nil {
			return nil, err
		}
		if values[i] != nil && kept == nil {
			return nil, r.invalid("%s: the model's field for column %s cannot tell this value from null", name, h.columns[at].Name)
		}
	}
	slices.Sort(columns)
	return columns, nil
}

// asRows reads rows. New ones may each leave out what they like; others all name the same columns.
func (r *request[T, K]) asRows(name string, value any) error {
	values, err := r.array(name, value)
	if err != nil {
		return err
	}
	r.rows, r.each = make([]T, len(values)), make([][]int, len(values))
	for i := range values {
		columns, err := r.asRow(name, values[i], &r.rows[i])
		switch {
		case err != nil:
			return r.numbered(i, err)
		case i > 0 && r.op != "bulk_create" && !slices.Equal(columns, r.named):
			return r.invalid("%s: row %d does not name the same columns as row 0", name, i)
		}
		r.named, r.each[i] = columns, columns
	}
	return nil
}

// numbered puts the number of a row before what is wrong with it.
func (r *request[T, K]) numbered(i int, err error) error {
	return &nodes.BulkError{Op: r.op, Table: r.h.name, Rows: []nodes.RowError{{Index: i, Err: r.h.complete(r.op, err)}}, Total: 1}
}

// asKey reads a key: a value, or an object of its columns.
func (r *request[T, K]) asKey(name string, value any) error {
	h := r.h
	values := make([]any, len(h.keys))
	if len(values) == 1 {
		portable, err := h.columns[h.keys[0]].Coerce(value)
		if err != nil {
			return err
		}
		values[0] = portable
	} else {
		object, err := r.object(name, value)
		if err != nil {
			return err
		}
		columns, given, err := r.columns(name, object)
		if err != nil {
			return err
		}
		for i, at := range h.keys {
			place := slices.Index(columns, at)
			if place < 0 {
				return r.invalid("%s: column %s is missing", name, h.columns[at].Name)
			}
			values[i] = given[place]
		}
		if err := r.partOfKey(value); err != nil {
			return err
		}
	}
	key, err := r.h.makeKey(values)
	if err != nil {
		return err
	}
	r.key = key
	return nil
}

// partOfKey looks at those columns of a key that are known already.
func (r *request[T, K]) partOfKey(value any) error {
	object, err := r.object("key", value)
	if err != nil {
		return err
	}
	columns, _, err := r.columns("key", object)
	if err != nil {
		return err
	}
	for _, at := range columns {
		if !slices.Contains(r.h.keys, at) {
			return r.invalid("key: column %s is not in the key", r.h.columns[at].Name)
		}
	}
	return nil
}

// asSet reads the columns that a change sets. Which of them may be set is the statement's to say.
func (r *request[T, K]) asSet(name string, value any) error {
	object, err := r.object(name, value)
	if err != nil {
		return err
	}
	columns, values, err := r.columns(name, object)
	if err != nil {
		return err
	}
	r.set = make(nodes.Set, len(columns))
	for i, at := range columns {
		r.set[r.h.columns[at].Name] = values[i]
	}
	return nil
}

// asWhere reads a condition and looks at its columns and values.
func (r *request[T, K]) asWhere(name string, value any) error {
	cond, ok := value.(nodes.Cond)
	if !ok {
		object, err := r.object(name, value)
		if err != nil {
			return err
		}
		if cond, err = parseObject(object); err != nil {
			return err
		}
	}
	if _, _, err := r.h.statements.Count(r.op, cond); err != nil {
		return err
	}
	r.query.Where = cond
	return nil
}

// parseObject is ParseWhere for a document that was read already.
func parseObject(object map[string]any) (nodes.Cond, error) {
	if !wellFormed(object, 0) {
		return nodes.Cond{}, schema.Invalid("", "", "", "the condition is no JSON document: text in it is not UTF-8, or it is nested too deep")
	}
	text, err := json.Marshal(object)
	if err != nil {
		return nodes.Cond{}, &schema.Error{Kind: schema.ErrInvalid, Detail: "the condition holds what JSON does not", Cause: err}
	}
	return nodes.ParseWhere(text)
}

// wellFormed reports whether encoding/json writes a document without replacing anything.
func wellFormed(value any, depth int) bool {
	const deepest = 200 // more than a condition may have
	if depth > deepest {
		return false
	}
	switch v := value.(type) {
	case string:
		return utf8.ValidString(v)
	case []any:
		return !slices.ContainsFunc(v, func(v any) bool { return !wellFormed(v, depth+1) })
	case map[string]any:
		for name, v := range v {
			if !utf8.ValidString(name) || !wellFormed(v, depth+1) {
				return false
			}
		}
	}
	return true
}

// asOrder reads an order: names of columns, with a minus before those that go downwards.
func (r *request[T, K]) asOrder(name string, value any) error {
	names, err := r.names(name, value)
	if err != nil {
		return err
	}
	for _, column := range names {
		order := nodes.Asc(column)
		if down, ok := strings.CutPrefix(column, "-"); ok {
			order = nodes.Desc(down)
		}
		if err := order.Check(r.h.table); err != nil {
			return err
		}
		r.query.OrderBy = append(r.query.OrderBy, order)
	}
	return nil
}

// asTerms reads the figures of an aggregate.
func (r *request[T, K]) asTerms(name string, value any) error {
	values, err := r.array(name, value)
	if err != nil {
		return err
	}
	for i, value := range values {
		object, err := r.object(name, value)
		if err != nil {
			return err
		}
		var term dialect.Term
		for _, key := range slices.Sorted(maps.Keys(object)) {
			text, ok := object[key].(string)
			if !ok {
				return r.invalid("%s: term %d: want texts, not %s", name, i, formOf(object[key]))
			}
			switch key {
			case "func":
				term.Func = dialect.Func(text)
			case "column":
				term.Column = text
			case "as":
				term.Name = text
			default:
				return r.invalid("%s: term %d: unknown field %.60q", name, i, key)
			}
		}
		r.terms = append(r.terms, term)
	}
	return nil
}
