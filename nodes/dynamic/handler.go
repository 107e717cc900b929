package dynamic

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// Handler is a node without its Go types: operations by their names, with inputs and outputs as JSON has them. It is for
// callers that learn only when they run what is to be done: workflows, documents, messages. It is immutable and safe for
// concurrent use.
//
// Rows are map[string]any by column name. Values go in as Column.Coerce takes them: what encoding/json makes of a document,
// preferably with UseNumber, or Go values; but text in a JSON column is a JSON string, not a document. They come out as nil,
// bool, int64, float64 and string — times as RFC 3339 text, days as 2006-01-02, bytes as base64, UUIDs and decimals as
// text — and json.RawMessage for JSON documents, so that what came out of one operation can go into another. A key of one
// column is its value, a longer one a map of its columns.
type Handler interface {
	// Model is the name of the struct, without its package.
	Model() string
	// Table is the table that the operations are about.
	Table() *schema.Table
	// Operations are all operations with their inputs and outputs; the caller may keep and change the result.
	Operations() []OperationSpec
	// Check gives all that can be known to be wrong with a call before it is made, each schema.ErrInvalid: what is unknown,
	// missing, or has a value that will not do, and an operation that the table does not have. Inputs whose values come
	// later are named, as "key" or "row.user_id". Nothing is sent to the database.
	Check(op string, in map[string]any, later ...string) []error
	// CheckOutput is nil where an operation gives an output, as "row" or "row.id", and else schema.ErrInvalid.
	CheckOutput(op, path string) error
	// Do runs an operation, inside tx unless it is nil. It does what the Node's method of its name does and has its errors,
	// except that rows which per_row leaves out are part of the output. An unknown operation, input or column, a missing
	// input, and a value that would be lost on its way are schema.ErrInvalid, before anything is sent. In is not changed,
	// and the result is the caller's.
	Do(ctx context.Context, tx dialect.Tx, op string, in map[string]any) (map[string]any, error)
}

// OperationSpec says what an operation of a Handler does, takes and gives.
type OperationSpec struct {
	Name    string
	Meaning string // one line
	Inputs  []FieldSpec
	Outputs []FieldSpec
}

// FieldSpec is one input or output of an operation.
type FieldSpec struct {
	Name     string
	Kind     FieldKind
	Required bool   // of inputs
	Meaning  string // one line
}

// FieldKind is the form of an input or output.
type FieldKind string

// The forms. One field of those that are made of columns is named behind a dot, as row.name or key.room.
const (
	FieldRow    FieldKind = "row"        // an object of columns
	FieldRows   FieldKind = "rows"       // an array of rows; one field is named as rows.0.name
	FieldKey    FieldKind = "key"        // a value, or an object of the key's columns
	FieldSet    FieldKind = "set"        // an object of the columns to change
	FieldWhere  FieldKind = "condition"  // an object as ParseWhere reads it
	FieldNames  FieldKind = "names"      // an array of texts
	FieldText   FieldKind = "text"       // a text
	FieldNumber FieldKind = "number"     // a whole number
	FieldFlag   FieldKind = "true/false" // true or false
	FieldTerms  FieldKind = "terms"      // an array of objects {"func": …, "column": …, "as": …}
	FieldList   FieldKind = "objects"    // an array of objects; one field is named as failed.0.index
)

// handler is the Handler of a node.
type handler[T any, K comparable] struct {
	node       *nodes.Node[T, K]
	table      *schema.Table
	name       string // of the table
	statements *dialect.Statements
	rows       *schema.Accessor[T]
	makeKey    func(values []any) (K, error)
	appendKey  func(dst []any, key K) ([]any, error)
	columns    []schema.Column
	all, keys  []int // columns, by position
	byName     map[string]*operation[T, K]
	operations []operation[T, K]
}

// operation is a spec together with what reads its inputs and runs it.
type operation[T any, K comparable] struct {
	name, meaning string
	inputs        []input[T, K]
	outputs       []FieldSpec
	run           func(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error)
}

// input is a field together with what reads it.
type input[T any, K comparable] struct {
	FieldSpec
	take func(r *request[T, K], value any) error
}

// New gives a node without its types. It has the node's hooks, and its transaction, if it is In one. It touches no database.
func New[T any, K comparable](n *nodes.Node[T, K]) Handler {
	t := n.Table()
	h := &handler[T, K]{
		node: n, table: t, name: t.String(), statements: n.Statements(), columns: t.Columns(), keys: t.Key(),
	}
	var rowsErr, keyErr, makerErr error
	h.rows, rowsErr = schema.AccessorOf[T](t)
	h.appendKey, keyErr = schema.KeyAppender[K](t)
	h.makeKey, makerErr = schema.KeyMaker[K](t)
	if err := errors.Join(rowsErr, keyErr, makerErr); err != nil {
		panic(err) // nodes.New has refused such types
	}
	for at := range h.columns {
		h.all = append(h.all, at)
	}
	h.operations = h.list()
	h.byName = make(map[string]*operation[T, K], len(h.operations))
	for i := range h.operations {
		h.byName[h.operations[i].name] = &h.operations[i]
	}
	return h
}

// Operations are the specs of what every Handler can do. The slice is the caller's.
func Operations() []OperationSpec {
	var none handler[struct{}, int]
	return specs(none.list())
}

func specs[T any, K comparable](operations []operation[T, K]) []OperationSpec {
	out := make([]OperationSpec, len(operations))
	for i := range operations {
		o := &operations[i]
		out[i] = OperationSpec{Name: o.name, Meaning: o.meaning, Outputs: slices.Clone(o.outputs)}
		for _, in := range o.inputs {
			out[i].Inputs = append(out[i].Inputs, in.FieldSpec)
		}
	}
	return out
}

// Model implements Handler.
func (h *handler[T, K]) Model() string { return h.table.GoType().Name() }

// Table implements Handler.
func (h *handler[T, K]) Table() *schema.Table { return h.table }

// Operations implements Handler.
func (h *handler[T, K]) Operations() []OperationSpec { return specs(h.operations) }

// Do implements Handler.
func (h *handler[T, K]) Do(ctx context.Context, tx dialect.Tx, op string, in map[string]any) (map[string]any, error) {
	o, err := h.operation(op)
	if err != nil {
		return nil, err
	}
	r, faults := h.decode(o, in, nil)
	switch len(faults) {
	case 0:
	case 1:
		return nil, faults[0]
	default:
		return nil, errors.Join(faults...)
	}
	n := h.node
	if tx != nil {
		n = n.In(tx)
	}
	if r.withDeleted {
		n = n.WithDeleted()
	}
	return o.run(ctx, n, r)
}

// Check implements Handler.
func (h *handler[T, K]) Check(op string, in map[string]any, later ...string) []error {
	o, err := h.operation(op)
	if err != nil {
		return []error{err}
	}
	var faults []error
	comes := make(map[string]bool, len(later))
	for _, path := range later {
		name, rest, nested := strings.Cut(path, ".")
		at := slices.IndexFunc(o.inputs, func(in input[T, K]) bool { return in.Name == name })
		switch {
		case at < 0:
			faults = append(faults, h.invalid(op, "unknown input %.60q", name))
		case nested && o.inputs[at].Kind == FieldRows:
			faults = append(faults, h.invalid(op, "input %s: no part of it can be given by itself", name))
		case nested:
			if err := h.entered(op, o.inputs[at].FieldSpec, rest); err != nil {
				faults = append(faults, err)
			}
		}
		comes[name] = true
	}
	_, more := h.decode(o, in, comes)
	return append(faults, more...)
}

// CheckOutput implements Handler.
func (h *handler[T, K]) CheckOutput(op, path string) error {
	o, err := h.operation(op)
	if err != nil {
		return err
	}
	name, rest, nested := strings.Cut(path, ".")
	at := slices.IndexFunc(o.outputs, func(f FieldSpec) bool { return f.Name == name })
	switch {
	case at < 0:
		return h.invalid(op, "there is no output %.60q", name)
	case !nested:
		return nil
	}
	kind := o.outputs[at].Kind
	if kind != FieldRows && kind != FieldList {
		return h.entered(op, o.outputs[at], rest)
	}
	number, column, deeper := strings.Cut(rest, ".")
	if !isIndex(number) {
		return h.invalid(op, "%s: want the number of one, not %.60q", name, number)
	}
	if !deeper || kind == FieldList { // whose names are known only when it is there
		return nil
	}
	return h.entered(op, FieldSpec{Name: name, Kind: FieldRow}, column)
}

// entered checks the name behind the dot.
func (h *handler[T, K]) entered(op string, f FieldSpec, column string) error {
	keys := h.keys
	at, ok := h.table.Column(column)
	switch f.Kind {
	case FieldRow, FieldSet, FieldWhere:
	case FieldKey:
		if len(keys) == 1 {
			return h.invalid(op, "%s is a single value, which has no parts", f.Name)
		}
		ok = ok && slices.Contains(keys, at)
	default:
		return h.invalid(op, "%s has no parts that can be named", f.Name)
	}
	if !ok {
		return h.invalid(op, "%s: unknown column %.60q", f.Name, column)
	}
	return nil
}

// isIndex reports whether a text is a number that an array may have.
func isIndex(text string) bool {
	return text != "" && len(text) <= 9 && strings.Trim(text, "0123456789") == ""
}

// operation looks an operation up.
func (h *handler[T, K]) operation(op string) (*operation[T, K], error) {
	if o, ok := h.byName[op]; ok {
		return o, nil
	}
	return nil, schema.Invalid("", h.name, "", "unknown operation %.60q: there are %s", op,
		strings.Join(slices.Sorted(maps.Keys(h.byName)), ", "))
}

// complete puts operation and table to what is wrong with an input.
func (h *handler[T, K]) complete(op string, err error) error {
	if rows, ok := errors.AsType[*nodes.BulkError](err); ok {
		return rows // whose rows have both
	}
	var known *schema.Error
	if !errors.As(err, &known) {
		return &schema.Error{Op: op, Table: h.name, Kind: schema.ErrInvalid, Cause: err}
	}
	out := *known
	out.Op, out.Table = cmp.Or(out.Op, op), cmp.Or(out.Table, h.name)
	return &out
}

// invalid is an ErrInvalid about the inputs of an operation.
func (h *handler[T, K]) invalid(op, format string, args ...any) error {
	return schema.Invalid(op, h.name, "", format, args...)
}
