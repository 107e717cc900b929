package dynamic

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// request is what the inputs of one operation come to.
type request[T any, K comparable] struct {
	h  *handler[T, K]
	op string

	row   T
	rows  []T
	named []int   // the columns that the row, or the last of the rows, names, ordered
	each  [][]int // those of each of the rows
	key   K
	set   nodes.Set
	query nodes.Query

	withDeleted, doNothing, perRow bool

	change     []nodes.ChangeOption
	onConflict []string
	updateOnly []string // nil: not given
	upsert     []nodes.UpsertOption
	by         []string
	terms      []dialect.Term
}

// decode reads the inputs of an operation. Those whose values come later may be missing or in part.
func (h *handler[T, K]) decode(o *operation[T, K], in map[string]any, later map[string]bool) (*request[T, K], []error) {
	r := &request[T, K]{h: h, op: o.name}
	var faults []error
	if err := r.possible(); err != nil {
		faults = append(faults, err)
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if !slices.ContainsFunc(o.inputs, func(i input[T, K]) bool { return i.Name == name }) {
			faults = append(faults, h.invalid(o.name, "unknown input %.60q", name))
		}
	}
	for _, input := range o.inputs {
		value, given := in[input.Name]
		switch {
		case given && value == nil:
			faults = append(faults, h.invalid(o.name, "input %s is null", input.Name))
		case given:
			take := input.take
			if later[input.Name] && input.Kind == FieldKey {
				take = (*request[T, K]).partOfKey
			}
			err := take(r, value)
			if err != nil {
				faults = append(faults, h.complete(o.name, err))
			}
		case input.Required && !later[input.Name]:
			faults = append(faults, h.invalid(o.name, "input %s is missing", input.Name))
		}
	}
	if len(faults)+len(later) == 0 {
		if err := r.whole(); err != nil {
			faults = append(faults, h.complete(o.name, err))
		}
	}
	return r, faults
}

// invalid is an ErrInvalid about an input.
func (r *request[T, K]) invalid(format string, args ...any) error {
	return r.h.invalid(r.op, format, args...)
}

// formOf says what a value is, in the words of JSON where it has them.
func formOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case map[string]any:
		return "an object"
	case []any, []map[string]any:
		return "an array"
	}
	return fmt.Sprintf("a Go %T", value)
}

// object reads an input that is an object.
func (r *request[T, K]) object(name string, value any) (map[string]any, error) {
	switch v := value.(type) {
	case map[string]any:
		return v, nil
	case nodes.Set:
		return v, nil
	}
	return nil, r.invalid("%s wants an object, not %s", name, formOf(value))
}

// array reads an input that is an array.
func (r *request[T, K]) array(name string, value any) ([]any, error) {
	switch v := value.(type) {
	case []any:
		return v, nil
	case []map[string]any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = v[i]
		}
		return out, nil
	}
	return nil, r.invalid("%s wants an array, not %s", name, formOf(value))
}

// names reads an input that is an array of texts.
func (r *request[T, K]) names(name string, value any) ([]string, error) {
	if v, ok := value.([]string); ok {
		return append([]string{}, v...), nil
	}
	values, err := r.array(name, value)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(values))
	for i, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil, r.invalid("%s wants texts in the array, not %s", name, formOf(v))
		}
		out[i] = text
	}
	return out, nil
}

// number reads an input that is a whole number.
func (r *request[T, K]) number(name string, value any) (int64, error) {
	plain := schema.Column{Name: name, Kind: schema.KindInt64}
	portable, err := plain.Coerce(value)
	if err != nil {
		return 0, err
	}
	n, ok := portable.(int64)
	if !ok {
		return 0, r.invalid("input %s is null", name)
	}
	return n, nil
}

// columns reads an object of columns, by look-up.
func (r *request[T, K]) columns(name string, object map[string]any) (columns []int, values []any, err error) {
	table := r.h.table
	for _, column := range slices.Sorted(maps.Keys(object)) {
		at, ok := table.Column(column)
		if !ok {
			return nil, nil, r.invalid("%s: unknown column %.60q", name, column)
		}
		c, given := &r.h.columns[at], object[column]
		if !wellFormed(given, 0) {
			return nil, nil, r.invalid("column %s: text in it is not UTF-8, or it is nested too deep", c.Name)
		}
		if text, ok := given.(string); ok && c.Kind == schema.KindJSON {
			document, err := json.Marshal(text) // elsewhere text would be the document itself
			if err != nil {
				return nil, nil, err
			}
			given = document
		}
		value, err := c.Coerce(given)
		if err != nil {
			return nil, nil, err
		}
		columns, values = append(columns, at), append(values, value)
	}
	return columns, values, nil
}
