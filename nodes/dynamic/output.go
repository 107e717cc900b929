package dynamic

import (
	"errors"
	"slices"

	"github.com/schemactor/schemactor/nodes"
)

// rowOf gives the columns of a row by their names.
func (h *handler[T, K]) rowOf(row *T, columns []int) (map[string]any, error) {
	out := make(map[string]any, len(columns))
	for _, at := range columns {
		value, err := h.rows.Value(row, at)
		if err != nil {
			return nil, err
		}
		out[h.columns[at].Name] = h.columns[at].Plain(value)
	}
	return out, nil
}

// keyOf gives the key of a row, or nil where not all of its columns were read.
func (h *handler[T, K]) keyOf(row *T, columns []int) (any, error) {
	for _, at := range h.keys {
		if !slices.Contains(columns, at) {
			return nil, nil
		}
	}
	key, err := h.rowOf(row, h.keys)
	if err != nil || len(h.keys) > 1 {
		return key, err
	}
	return key[h.columns[h.keys[0]].Name], nil
}

// givenKey gives back the key that an operation was called with.
func (h *handler[T, K]) givenKey(key K) (map[string]any, error) {
	values, err := h.appendKey(nil, key)
	if err != nil {
		return nil, err
	}
	columns := make(map[string]any, len(values))
	for i, at := range h.keys {
		columns[h.columns[at].Name] = h.columns[at].Plain(values[i])
		if len(values) == 1 {
			return map[string]any{"key": columns[h.columns[at].Name]}, nil
		}
	}
	return map[string]any{"key": columns}, nil
}

// single is the output of an operation on one row.
func (h *handler[T, K]) single(op string, row *T, columns []int) (map[string]any, error) {
	object, err := h.rowOf(row, columns)
	if err != nil {
		return nil, h.complete(op, err)
	}
	key, err := h.keyOf(row, columns)
	if err != nil {
		return nil, h.complete(op, err)
	}
	return map[string]any{"row": object, "key": key}, nil
}

// several gives rows, as []any of map[string]any.
func (h *handler[T, K]) several(op string, rows []T, columns []int) ([]any, error) {
	out := make([]any, len(rows))
	for i := range rows {
		object, err := h.rowOf(&rows[i], columns)
		if err != nil {
			return nil, h.complete(op, err)
		}
		out[i] = object
	}
	return out, nil
}

// bulkOut is the output of an operation that takes rows. With per_row, rows that failed are no error of the operation.
func (h *handler[T, K]) bulkOut(r *request[T, K], err error, out map[string]any) (map[string]any, error) {
	var left *nodes.BulkError
	if err != nil && (!r.perRow || !errors.As(err, &left)) {
		return nil, err
	}
	failed, total := []any{}, 0
	if left != nil {
		total = left.Total
		for _, row := range left.Rows {
			failed = append(failed, map[string]any{"index": int64(row.Index), "error": row.Err.Error()})
		}
	}
	if out["rows"], err = h.several(r.op, r.rows, h.all); err != nil {
		return nil, err
	}
	out["failed"], out["failures"] = failed, int64(total)
	return out, nil
}
