package nodes_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/nodes"
)

// methodCase is one call of a method on the stocked table: what it gives, as text, and the rows that it changes.
type methodCase struct {
	method, what string
	call         func(ctx context.Context, n *stockNode) (any, error)
	gives        string
	changes      map[int64]string // by id; "" is gone
}

func (c *methodCase) name() string { return strings.TrimSpace(c.method + " " + c.what) }

// leaves are the rows afterwards.
func (c *methodCase) leaves() (lines []string) {
	rows := map[int64]string{}
	for i, line := range stocked {
		rows[int64(i)+1] = line
	}
	maps.Copy(rows, c.changes)
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		if rows[id] != "" {
			lines = append(lines, rows[id])
		}
	}
	return lines
}

// firstCases are one case for each method.
func firstCases() map[string]methodCase {
	first := map[string]methodCase{}
	for _, c := range methodCases() {
		if _, ok := first[c.method]; !ok {
			first[c.method] = c
		}
	}
	return first
}

func methodCases() []methodCase {
	return slices.Concat(oneRowCases(), readingCases(), manyRowsCases(), byQueryCases())
}

// changing runs a method that gives a row's new state in the row.
func changing(w stockItem, call func(row *stockItem) error) (any, error) {
	err := call(&w)
	return lineOf(&w), err
}

func oneRowCases() []methodCase {
	type N = *stockNode
	fresh := stockItem{ID: 9, Code: "z", Price: "3.00"}
	return []methodCase{
		{"Create", "", func(ctx context.Context, n N) (any, error) {
			return changing(fresh, func(w *stockItem) error { return n.Create(ctx, w) })
		}, "9 z plain - 3.00 - v1", map[int64]string{9: "9 z plain - 3.00 - v1"}},
		{"Update", "", func(ctx context.Context, n N) (any, error) {
			return changing(stockItem{ID: 1, Code: "aa", Kind: "k", Price: "9.00", Version: 1}, func(w *stockItem) error { return n.Update(ctx, w) })
		}, "1 aa k - 9.00 - v2", map[int64]string{1: "1 aa k - 9.00 - v2"}},
		{"Patch", "", func(ctx context.Context, n N) (any, error) {
			w, err := n.Patch(ctx, 2, nodes.Set{"stock": 4, "shelf_id": nil}, nodes.IfVersion(1))
			return lineOf(w), err
		}, "2 b plain 4 2.50 - v2", map[int64]string{2: "2 b plain 4 2.50 - v2"}},
		{"Upsert", "new", func(ctx context.Context, n N) (any, error) {
			created, err := n.Upsert(ctx, &stockItem{ID: 9, Code: "z", Price: "3.00"})
			return created, err
		}, "true", map[int64]string{9: "9 z plain - 3.00 - v1"}},
		{"Upsert", "there", func(ctx context.Context, n N) (any, error) {
			return changing(stockItem{Code: "b", Kind: "k", Price: "3.00"}, func(w *stockItem) error {
				_, err := n.Upsert(ctx, w, nodes.OnConflict("code"), nodes.UpdateOnly("price"))
				return err
			})
		}, "2 b plain 0 3.00 1 v2", map[int64]string{2: "2 b plain 0 3.00 1 v2"}},
		{"Upsert", "do nothing", func(ctx context.Context, n N) (any, error) {
			created, err := n.Upsert(ctx, &stockItem{ID: 1, Code: "z", Price: "3.00"}, nodes.DoNothing())
			return created, err
		}, "false", nil},
		{
			"Delete", "", func(ctx context.Context, n N) (any, error) { return "", n.Delete(ctx, 3, nodes.IfVersion(1)) },
			"",
			map[int64]string{3: "3 c rare - 10.25 - v2 deleted"},
		},
		{
			"Restore", "", func(ctx context.Context, n N) (any, error) { return "", n.Restore(ctx, 4) },
			"",
			map[int64]string{4: "4 d plain 7 0.10 - v3"},
		},
		{"Purge", "", func(ctx context.Context, n N) (any, error) { return "", n.Purge(ctx, 1) }, "", map[int64]string{1: ""}},
		{"Purge", "marked", func(ctx context.Context, n N) (any, error) { return "", n.Purge(ctx, 4) }, "", map[int64]string{4: ""}},
		{"Serve", "", func(ctx context.Context, n N) (any, error) {
			return n.Serve(ctx, nodes.CountRequest[stockItem, int64]{Deleted: true})
		}, "{4}", nil},
	}
}

func readingCases() []methodCase {
	type N = *stockNode
	rich := nodes.Query{Where: nodes.Ge("price", "2.00"), OrderBy: []nodes.Order{nodes.Desc("price")}}
	return []methodCase{
		{"Get", "", func(ctx context.Context, n N) (any, error) {
			w, err := n.Get(ctx, 3)
			return lineOf(w), err
		}, "3 c rare - 10.25 - v1", nil},
		{"Get", "marked", func(ctx context.Context, n N) (any, error) {
			w, err := n.WithDeleted().Get(ctx, 4)
			return lineOf(w), err
		}, stocked[3], nil},
		{"List", "", func(ctx context.Context, n N) (any, error) {
			all, err := n.List(ctx, rich)
			return linesOf(all), err
		}, "[3 c rare - 10.25 - v1 2 b plain 0 2.50 1 v1]", nil},
		{"List", "distinct", func(ctx context.Context, n N) (any, error) {
			all, err := n.WithDeleted().List(ctx, nodes.Query{Only: []string{"kind"}, Distinct: true})
			var kinds []string
			for _, w := range all {
				kinds = append(kinds, w.Kind+w.Code)
			}
			return kinds, err
		}, "[plain rare]", nil},
		{"All", "", func(ctx context.Context, n N) (any, error) {
			var lines []string
			for w, err := range n.All(ctx, rich) {
				if err != nil {
					return nil, err
				}
				lines = append(lines, lineOf(&w))
			}
			return lines, nil
		}, "[3 c rare - 10.25 - v1 2 b plain 0 2.50 1 v1]", nil},
		{"Page", "", func(ctx context.Context, n N) (any, error) {
			first, err := n.Page(ctx, nodes.Query{OrderBy: rich.OrderBy, Limit: 2})
			if err != nil {
				return nil, err
			}
			second, err := n.Page(ctx, nodes.Query{OrderBy: rich.OrderBy, Limit: 2, After: first.Next})
			return fmt.Sprint(len(first.Rows), linesOf(second.Rows), second.Next == ""), err
		}, "2 [1 a plain 5 1.00 1 v1] true", nil},
		{"First", "", func(ctx context.Context, n N) (any, error) {
			w, err := n.First(ctx, nodes.Query{OrderBy: []nodes.Order{nodes.Desc("stock")}, Where: nodes.NotNull("stock")})
			return lineOf(w), err
		}, "1 a plain 5 1.00 1 v1", nil},
		{"Exists", "", func(ctx context.Context, n N) (any, error) {
			return n.Exists(ctx, nodes.Query{Where: nodes.Eq("code", "a")})
		}, "true", nil},
		{"Exists", "marked", func(ctx context.Context, n N) (any, error) {
			return n.Exists(ctx, nodes.Query{Where: nodes.Eq("code", "d")})
		}, "false", nil},
		{"Count", "", func(ctx context.Context, n N) (any, error) { return n.Count(ctx, rich) }, "2", nil},
		{"Aggregate", "", func(ctx context.Context, n N) (any, error) {
			groups, err := n.Aggregate(ctx, nodes.Query{}, []string{"kind"}, nodes.CountRows(), nodes.CountOf("stock"),
				nodes.Sum("stock"), nodes.Sum("price"), nodes.Avg("price"), nodes.Min("code"), nodes.Max("code"))
			return groups, err
		}, "[map[avg(price):1.75 count:2 count(stock):2 kind:plain max(code):b min(code):a sum(price):3.50 sum(stock):5] " +
			"map[avg(price):10.25 count:1 count(stock):0 kind:rare max(code):c min(code):c sum(price):10.25 sum(stock):<nil>]]", nil},
	}
}

func manyRowsCases() []methodCase {
	type N = *stockNode
	two := func() []stockItem {
		return []stockItem{{ID: 11, Code: "x", Price: "1.00"}, {ID: 12, Code: "y", Kind: "k", Price: "2.00", Stock: ptr[int64](3)}}
	}
	added := map[int64]string{11: "11 x plain - 1.00 - v1", 12: "12 y k 3 2.00 - v1"}
	return []methodCase{
		{"BulkCreate", "", func(ctx context.Context, n N) (any, error) {
			rows := two()
			count, err := n.BulkCreate(ctx, rows)
			return fmt.Sprint(count, linesOf(rows)), err
		}, "2 [11 x plain - 1.00 - v1 12 y k 3 2.00 - v1]", added},
		{"BulkCreate", "per row", func(ctx context.Context, n N) (any, error) {
			count, err := n.BulkCreate(ctx, slices.Insert(two(), 1, stockItem{ID: 1, Code: "q", Price: "1.00"}), nodes.PerRow())
			return leftOut(count, err)
		}, "2 [1]", added},
		{"BulkCreateSeq", "", func(ctx context.Context, n N) (any, error) {
			return n.BulkCreateSeq(ctx, slices.Values(two()))
		}, "2", added},
		{"BulkUpdateRows", "", func(ctx context.Context, n N) (any, error) {
			rows := []stockItem{{ID: 2, Code: "bb", Kind: "k", Price: "1.00", Version: 1}, {ID: 1, Code: "aa", Kind: "k", Price: "2.00", Version: 1}}
			count, err := n.BulkUpdateRows(ctx, rows)
			return fmt.Sprint(count, linesOf(rows)), err
		}, "2 [2 bb k - 1.00 - v2 1 aa k - 2.00 - v2]", map[int64]string{1: "1 aa k - 2.00 - v2", 2: "2 bb k - 1.00 - v2"}},
		{"BulkUpdateRows", "per row", func(ctx context.Context, n N) (any, error) {
			rows := []stockItem{{ID: 4, Code: "dd", Price: "1.00", Version: 2}, {ID: 1, Code: "aa", Kind: "k", Price: "2.00", Version: 1}, {ID: 2, Price: "1.00"}}
			count, err := n.BulkUpdateRows(ctx, rows, nodes.PerRow())
			return leftOut(count, err)
		}, "1 [0 2]", map[int64]string{1: "1 aa k - 2.00 - v2"}},
		{"BulkUpsert", "", func(ctx context.Context, n N) (any, error) {
			rows := []stockItem{{ID: 1, Code: "lost", Price: "1.00"}, {ID: 11, Code: "x", Price: "1.00"}, {ID: 1, Code: "aa", Price: "2.00"}}
			return n.BulkUpsert(ctx, rows)
		}, "{1 1 1}", map[int64]string{1: "1 aa plain - 2.00 - v2", 11: "11 x plain - 1.00 - v1"}},
		{"BulkUpsert", "do nothing", func(ctx context.Context, n N) (any, error) {
			return n.BulkUpsert(ctx, append(two(), stockItem{Code: "a", Price: "2.00"}), nodes.OnConflict("code"), nodes.DoNothing())
		}, "{2 0 1}", added},
	}
}

func byQueryCases() []methodCase {
	type N = *stockNode
	plain := nodes.Query{Where: nodes.Eq("kind", "plain")}
	return []methodCase{
		{"BulkUpdate", "", func(ctx context.Context, n N) (any, error) {
			return n.BulkUpdate(ctx, plain, nodes.Set{"stock": 1})
		}, "2", map[int64]string{1: "1 a plain 1 1.00 1 v2", 2: "2 b plain 1 2.50 1 v2"}},
		{
			"BulkDelete", "", func(ctx context.Context, n N) (any, error) { return n.BulkDelete(ctx, plain) }, "2",
			map[int64]string{1: "1 a plain 5 1.00 1 v2 deleted", 2: "2 b plain 0 2.50 1 v2 deleted"},
		},
		{
			"BulkDelete", "all", func(ctx context.Context, n N) (any, error) { return n.BulkDelete(ctx, nodes.AllRows()) }, "3",
			map[int64]string{
				1: "1 a plain 5 1.00 1 v2 deleted", 2: "2 b plain 0 2.50 1 v2 deleted", 3: "3 c rare - 10.25 - v2 deleted",
			},
		},
		{
			"BulkPurge", "", func(ctx context.Context, n N) (any, error) { return n.BulkPurge(ctx, plain) }, "3",
			map[int64]string{1: "", 2: "", 4: ""},
		},
	}
}
