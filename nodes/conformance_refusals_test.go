package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// refusalCase is one call of a method that fails on the stocked table, and how.
type refusalCase struct {
	method, what string
	call         func(ctx context.Context, n *stockNode) (any, error)
	kind         error
	constraint   string // what the error names; "" is not looked at
}

func (c *refusalCase) name() string { return strings.TrimSpace(c.method + " " + c.what) }

func refusalCases() []refusalCase {
	return slices.Concat(missingCases(), violationCases(), invalidRowCases(), invalidQueryCases())
}

// asSchemaError finds the error of a row or of a call.
func asSchemaError(err error) (*schema.Error, bool) { return errors.AsType[*schema.Error](err) }

func anyOf(err error, kinds ...error) bool {
	return slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) })
}

// leftOut tells which rows a PerRow call left out.
func leftOut(count int64, err error) (any, error) {
	var failed *nodes.BulkError
	if !errors.As(err, &failed) {
		return count, err
	}
	var at []int
	for _, row := range failed.Rows {
		at = append(at, row.Index)
	}
	return fmt.Sprint(count, at), nil
}

// missingCases are about rows that are not there, or not as they were read.
func missingCases() []refusalCase {
	type N = *stockNode
	find := func(method string, call func(ctx context.Context, n N, id int64) error) (cases []refusalCase) {
		for what, id := range map[string]int64{"missing": 99, "marked": 4} {
			if what == "missing" || (method != "Restore" && method != "Purge") {
				cases = append(cases, refusalCase{method, what, func(ctx context.Context, n N) (any, error) {
					return nil, call(ctx, n, id)
				}, schema.ErrNotFound, ""})
			}
		}
		return cases
	}
	old := func(method string, call func(ctx context.Context, n N) error) refusalCase {
		return refusalCase{method, "of another version", func(ctx context.Context, n N) (any, error) {
			return nil, call(ctx, n)
		}, schema.ErrConflict, ""}
	}
	stale := stockItem{ID: 1, Code: "aa", Kind: "k", Price: "1.00", Version: 7}
	return slices.Concat(
		find("Get", func(ctx context.Context, n N, id int64) error { _, err := n.Get(ctx, id); return err }),
		find("First", func(ctx context.Context, n N, id int64) error {
			_, err := n.First(ctx, nodes.Query{Where: nodes.Eq("id", id)})
			return err
		}),
		find("Update", func(ctx context.Context, n N, id int64) error {
			return n.Update(ctx, &stockItem{ID: id, Code: "q", Price: "1.00", Version: 2})
		}),
		find("Patch", func(ctx context.Context, n N, id int64) error {
			_, err := n.Patch(ctx, id, nodes.Set{"stock": 1})
			return err
		}),
		find("Delete", func(ctx context.Context, n N, id int64) error { return n.Delete(ctx, id) }),
		find("Restore", func(ctx context.Context, n N, id int64) error { return n.Restore(ctx, id) }),
		find("Purge", func(ctx context.Context, n N, id int64) error { return n.Purge(ctx, id) }),
		find("BulkUpdateRows", func(ctx context.Context, n N, id int64) error {
			_, err := n.BulkUpdateRows(ctx, []stockItem{{ID: id, Code: "q", Price: "1.00", Version: 2}})
			return err
		}),
		find("Serve", func(ctx context.Context, n N, id int64) error {
			_, err := n.Serve(ctx, nodes.GetRequest[stockItem, int64]{Key: id})
			return err
		}),
		[]refusalCase{
			{"Restore", "unmarked", func(ctx context.Context, n N) (any, error) { return nil, n.Restore(ctx, 1) }, schema.ErrNotFound, ""},
			old("Update", func(ctx context.Context, n N) error { w := stale; return n.Update(ctx, &w) }),
			old("Patch", func(ctx context.Context, n N) error {
				_, err := n.Patch(ctx, 1, nodes.Set{"stock": 1}, nodes.IfVersion(7))
				return err
			}),
			old("Delete", func(ctx context.Context, n N) error { return n.Delete(ctx, 1, nodes.IfVersion(7)) }),
			old("BulkUpdateRows", func(ctx context.Context, n N) error {
				_, err := n.BulkUpdateRows(ctx, []stockItem{{ID: 2, Code: "bb", Kind: "k", Price: "1.00", Version: 1}, stale})
				return err
			}),
		},
	)
}

// violationCases are rows that the database refuses, by every method that stores rows.
func violationCases() (cases []refusalCase) {
	type N = *stockNode
	bad := []struct {
		what string
		row  func(w stockItem) stockItem
		set  nodes.Set
		kind error
	}{
		{"duplicate", func(w stockItem) stockItem { w.Code = "c"; return w }, nodes.Set{"code": "c"}, schema.ErrDuplicate},
		{"of a marked row's", func(w stockItem) stockItem { w.Code = "d"; return w }, nodes.Set{"code": "d"}, schema.ErrDuplicate},
		{"checked", func(w stockItem) stockItem { w.Stock = ptr[int64](-1); return w }, nodes.Set{"stock": -1}, schema.ErrCheck},
		{"pointing nowhere", func(w stockItem) stockItem { w.Shelf = ptr[int64](9); return w }, nodes.Set{"shelf_id": 9}, schema.ErrForeignKey},
		{"too long", func(w stockItem) stockItem { w.Code = "123456789"; return w }, nodes.Set{"code": "123456789"}, schema.ErrCheck},
		{"no number", func(w stockItem) stockItem { w.Price = "many"; return w }, nodes.Set{"price": "many"}, schema.ErrInvalid},
	}
	for _, b := range bad {
		fresh, there := b.row(stockItem{ID: 9, Code: "q", Price: "1.00"}), b.row(stockItem{ID: 1, Code: "aa", Kind: "k", Price: "1.00", Version: 1})
		for method, call := range map[string]func(ctx context.Context, n N) error{
			"Create": func(ctx context.Context, n N) error { w := fresh; return n.Create(ctx, &w) },
			"Update": func(ctx context.Context, n N) error { w := there; return n.Update(ctx, &w) },
			"Patch":  func(ctx context.Context, n N) error { _, err := n.Patch(ctx, 1, b.set); return err },
			"Upsert": func(ctx context.Context, n N) error { w := there; _, err := n.Upsert(ctx, &w); return err },
			"BulkCreate": func(ctx context.Context, n N) error {
				_, err := n.BulkCreate(ctx, []stockItem{{ID: 10, Code: "p", Price: "1.00"}, fresh})
				return err
			},
			"BulkCreateSeq": func(ctx context.Context, n N) error {
				_, err := n.BulkCreateSeq(ctx, slices.Values([]stockItem{{ID: 10, Code: "p", Price: "1.00"}, fresh}))
				return err
			},
			"BulkUpdateRows": func(ctx context.Context, n N) error {
				_, err := n.BulkUpdateRows(ctx, []stockItem{{ID: 2, Code: "bb", Kind: "k", Price: "1.00", Version: 1}, there})
				return err
			},
			"BulkUpsert": func(ctx context.Context, n N) error {
				_, err := n.BulkUpsert(ctx, []stockItem{{ID: 10, Code: "p", Price: "1.00"}, there})
				return err
			},
			"BulkUpdate": func(ctx context.Context, n N) error {
				_, err := n.BulkUpdate(ctx, nodes.Query{Where: nodes.Eq("id", 1)}, b.set)
				return err
			},
		} {
			cases = append(cases, refusalCase{method, b.what, func(ctx context.Context, n N) (any, error) { return nil, call(ctx, n) }, b.kind, ""})
		}
	}
	return cases
}

// invalidRowCases are calls that the model refuses for what they are to store.
func invalidRowCases() []refusalCase {
	type N = *stockNode
	invalid := func(method, what string, call func(ctx context.Context, n N) error) refusalCase {
		return refusalCase{method, what, func(ctx context.Context, n N) (any, error) { return nil, call(ctx, n) }, schema.ErrInvalid, ""}
	}
	return []refusalCase{
		invalid("Create", "nothing", func(ctx context.Context, n N) error { return n.Create(ctx, nil) }),
		invalid("Update", "nothing", func(ctx context.Context, n N) error { return n.Update(ctx, nil) }),
		invalid("Upsert", "nothing", func(ctx context.Context, n N) error { _, err := n.Upsert(ctx, nil); return err }),
		invalid("Upsert", "by what is not unique", func(ctx context.Context, n N) error {
			_, err := n.Upsert(ctx, &stockItem{}, nodes.OnConflict("kind"))
			return err
		}),
		invalid("Upsert", "of an unknown column", func(ctx context.Context, n N) error {
			_, err := n.Upsert(ctx, &stockItem{}, nodes.UpdateOnly(`kind" = 1; --`))
			return err
		}),
		invalid("Patch", "nothing", func(ctx context.Context, n N) error { _, err := n.Patch(ctx, 1, nil); return err }),
		invalid("Patch", "the key", func(ctx context.Context, n N) error { _, err := n.Patch(ctx, 1, nodes.Set{"id": 2}); return err }),
		invalid("Patch", "the version", func(ctx context.Context, n N) error { _, err := n.Patch(ctx, 1, nodes.Set{"version": 2}); return err }),
		invalid("BulkUpdate", "nothing", func(ctx context.Context, n N) error {
			_, err := n.BulkUpdate(ctx, nodes.AllRows(), nodes.Set{})
			return err
		}),
		invalid("BulkCreate", "with an option twice", func(ctx context.Context, n N) error {
			_, err := n.BulkCreate(ctx, []stockItem{{}}, nodes.PerRow(), nodes.PerRow())
			return err
		}),
		invalid("BulkCreateSeq", "of nothing", func(ctx context.Context, n N) error { _, err := n.BulkCreateSeq(ctx, nil); return err }),
		invalid("BulkUpdateRows", "the same row twice", func(ctx context.Context, n N) error {
			w := stockItem{ID: 1, Code: "aa", Price: "1.00", Version: 1}
			_, err := n.BulkUpdateRows(ctx, []stockItem{w, w})
			return err
		}),
		invalid("BulkUpsert", "by what is not unique", func(ctx context.Context, n N) error {
			_, err := n.BulkUpsert(ctx, []stockItem{{}}, nodes.OnConflict("price"))
			return err
		}),
		invalid("Serve", "what is no request", func(ctx context.Context, n N) error { _, err := n.Serve(ctx, "list"); return err }),
	}
}

// invalidQueryCases are the same faults in the queries of all methods that take one.
func invalidQueryCases() (cases []refusalCase) {
	type N = *stockNode
	methods := map[string]func(ctx context.Context, n N, q nodes.Query) error{
		"List":  func(ctx context.Context, n N, q nodes.Query) error { _, err := n.List(ctx, q); return err },
		"Page":  func(ctx context.Context, n N, q nodes.Query) error { _, err := n.Page(ctx, q); return err },
		"First": func(ctx context.Context, n N, q nodes.Query) error { _, err := n.First(ctx, q); return err },
		"All": func(ctx context.Context, n N, q nodes.Query) error {
			for _, err := range n.All(ctx, q) {
				return err
			}
			return nil
		},
		"Count":  func(ctx context.Context, n N, q nodes.Query) error { _, err := n.Count(ctx, q); return err },
		"Exists": func(ctx context.Context, n N, q nodes.Query) error { _, err := n.Exists(ctx, q); return err },
		"Aggregate": func(ctx context.Context, n N, q nodes.Query) error {
			_, err := n.Aggregate(ctx, q, nil, nodes.CountRows())
			return err
		},
		"BulkUpdate": func(ctx context.Context, n N, q nodes.Query) error {
			_, err := n.BulkUpdate(ctx, q, nodes.Set{"stock": 1})
			return err
		},
		"BulkDelete": func(ctx context.Context, n N, q nodes.Query) error { _, err := n.BulkDelete(ctx, q); return err },
		"BulkPurge":  func(ctx context.Context, n N, q nodes.Query) error { _, err := n.BulkPurge(ctx, q); return err },
	}
	for method, call := range methods {
		for what, q := range map[string]nodes.Query{
			"unknown column":         {Where: nodes.Eq(`id" OR 1=1; --`, 1)},
			"value of another sort":  {Where: nodes.Eq("stock", "many")},
			"order by nothing":       {Where: nodes.Eq("id", 1), OrderBy: []nodes.Order{nodes.Asc("id; DROP TABLE stock_items")}},
			"negative limit":         {Where: nodes.Eq("id", 1), Limit: -1},
			"cursor of no page":      {Where: nodes.Eq("id", 1), After: "'; DROP TABLE stock_items; --"},
			"only what is not there": {Where: nodes.Eq("id", 1), Only: []string{"nowhere"}},
		} {
			cases = append(cases, refusalCase{method, what, func(ctx context.Context, n N) (any, error) {
				return nil, call(ctx, n, q)
			}, schema.ErrInvalid, ""})
		}
	}
	for _, method := range []string{"BulkUpdate", "BulkDelete", "BulkPurge"} {
		cases = append(cases, refusalCase{method, "all rows by oversight", func(ctx context.Context, n N) (any, error) {
			return nil, methods[method](ctx, n, nodes.Query{Where: nodes.And()})
		}, schema.ErrInvalid, ""})
	}
	return cases
}
