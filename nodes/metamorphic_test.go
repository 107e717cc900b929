package nodes_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// item is small on purpose, so that random operations meet each other.
type item struct {
	ID      int64   `db:"id"      schema:"pk"`
	Name    string  `db:"name"    schema:"unique"`
	Size    *int32  `db:"size"    schema:"check=size < 90"`
	Price   string  `db:"price"   schema:"type=decimal,precision=6,scale=2,index"`
	Version int64   `db:"version" schema:"version"`
	Remark  *string `db:"remark"`
}

// shelf is what the database ought to be: a map.
type shelf map[int64]item

// taken reports whether another row has the name.
func (s shelf) taken(name string, but int64) bool {
	for id, i := range s {
		if i.Name == name && id != but {
			return true
		}
	}
	return false
}

func breaks(i item) bool { return i.Size != nil && *i.Size >= 90 }

// write is the outcome of storing a row: which contract error, or nil.
func (s shelf) write(i item, creating bool) []error {
	var faults []error
	if creating && s[i.ID].ID == i.ID && i.ID != 0 || s.taken(i.Name, i.ID) {
		faults = append(faults, schema.ErrDuplicate)
	}
	if breaks(i) {
		faults = append(faults, schema.ErrCheck)
	}
	return faults
}

// find gives the rows a test matches, in the order of price descending, then key descending.
func (s shelf) find(matches func(item) bool) []item {
	out := []item{}
	for _, i := range s {
		if matches(i) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b item) int {
		return -cmp.Or(cmp.Compare(cents(a.Price), cents(b.Price)), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// cents is a price as a whole number.
func cents(price string) (n int) {
	for _, r := range price {
		if r >= '0' && r <= '9' {
			n = n*10 + int(r-'0')
		}
	}
	if strings.HasPrefix(price, "-") {
		return -n
	}
	return n
}

// step is one random operation.
type step struct {
	kind    string
	item    item
	limit   int
	pattern string
}

func steps() *rapid.Generator[[]step] {
	kind := rapid.SampledFrom([]string{
		"create", "create", "create", "get", "update", "update", "stale", "patch", "delete", "bulk", "list", "count", "page",
	})
	name := rapid.StringOfN(rapid.SampledFrom([]rune("aB%_é\\*")), 0, 2, -1)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			kind: kind.Draw(t, "kind"),
			item: item{
				ID: rapid.Int64Range(1, 5).Draw(t, "id"), Name: name.Draw(t, "name"),
				Size:   rapid.Ptr(rapid.Int32Range(0, 95), true).Draw(t, "size"),
				Price:  rapid.SampledFrom([]string{"0.00", "-0.50", "-10.00", "9.99", "10.00", "100.25", "9999.99"}).Draw(t, "price"),
				Remark: rapid.Ptr(name, true).Draw(t, "remark"),
			},
			limit:   rapid.IntRange(1, 3).Draw(t, "limit"),
			pattern: name.Draw(t, "pattern"),
		}
	}), 1, 14)
}

// TestRandomOperations does the same on a map and on each database, and compares every answer. What equals the map on
// both databases is equal between them.
func TestRandomOperations(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		items := open[item, int64](t, d)
		ctx := t.Context()
		rapid.Check(t, func(t *rapid.T) {
			_, err := items.BulkDelete(ctx, nodes.AllRows())
			require.NoError(t, err)
			model := shelf{}
			for _, s := range steps().Draw(t, "steps") {
				model.apply(ctx, t, items, s)
			}
			all, err := items.List(ctx, nodes.Query{})
			require.NoError(t, err)
			want := slices.SortedFunc(maps.Values(model), func(a, b item) int { return cmp.Compare(a.ID, b.ID) })
			require.Equal(t, append([]item{}, want...), all)
		})
	})
}

// apply does one step on both sides.
func (s shelf) apply(ctx context.Context, t *rapid.T, items *nodes.Node[item, int64], do step) {
	id, row := do.item.ID, do.item
	old, there := s[id]
	switch do.kind {
	case "create":
		if s.settle(t, items.Create(ctx, &row), s.write(row, true)) {
			require.EqualValues(t, 1, row.Version)
			s[id] = row
		}
	case "update", "stale":
		row.Version = old.Version
		var faults []error
		switch {
		case !there:
			faults = []error{schema.ErrNotFound}
		case do.kind == "stale":
			row.Version--
			faults = []error{schema.ErrConflict}
		default:
			faults = s.write(row, false)
		}
		if s.settle(t, items.Update(ctx, &row), faults) {
			require.Equal(t, old.Version+1, row.Version)
			s[id] = row
		}
	case "patch":
		s.patch(ctx, t, items, do)
	case "get":
		got, err := items.Get(ctx, id)
		if s.settle(t, err, absent(there)) {
			require.Equal(t, old, *got)
		}
	case "delete":
		if s.settle(t, items.Delete(ctx, id), absent(there)) {
			delete(s, id)
		}
	default:
		s.many(ctx, t, items, do)
	}
}

func absent(there bool) []error {
	if there {
		return nil
	}
	return []error{schema.ErrNotFound}
}

// settle compares an outcome: one of the faults, or success. A row with several faults may be refused for any of them.
func (s shelf) settle(t *rapid.T, err error, faults []error) (ok bool) {
	if len(faults) == 0 {
		require.NoError(t, err)
		return true
	}
	require.Error(t, err)
	for _, fault := range faults {
		if errors.Is(err, fault) {
			return false
		}
	}
	require.Failf(t, "another error", "%v, want one of %v", err, faults)
	return false
}

func (s shelf) patch(ctx context.Context, t *rapid.T, items *nodes.Node[item, int64], do step) {
	row, there := s[do.item.ID]
	row.Name, row.Size = do.item.Name, do.item.Size
	faults := absent(there)
	if there {
		faults = s.write(row, false)
	}
	set := nodes.Set{"name": row.Name, "size": nil}
	if row.Size != nil {
		set["size"] = *row.Size
	}
	got, err := items.Patch(ctx, do.item.ID, set)
	if s.settle(t, err, faults) {
		row.Version++
		require.Equal(t, row, *got)
		s[row.ID] = row
	}
}

// many does the steps that concern many rows.
func (s shelf) many(ctx context.Context, t *rapid.T, items *nodes.Node[item, int64], do step) {
	where := nodes.Or(
		nodes.And(nodes.Contains("name", do.pattern), nodes.Le("price", do.item.Price)),
		nodes.And(nodes.Null("size"), nodes.Not(nodes.Prefix("name", do.pattern))),
	)
	found := s.find(func(i item) bool {
		return strings.Contains(i.Name, do.pattern) && cents(i.Price) <= cents(do.item.Price) ||
			i.Size == nil && !strings.HasPrefix(i.Name, do.pattern)
	})
	q := nodes.Query{Where: where, OrderBy: []nodes.Order{nodes.Desc("price")}}
	switch do.kind {
	case "bulk":
		affected, err := items.BulkDelete(ctx, nodes.Query{Where: where})
		require.NoError(t, err)
		require.EqualValues(t, len(found), affected)
		for _, i := range found {
			delete(s, i.ID)
		}
	case "count":
		count, err := items.Count(ctx, q)
		require.NoError(t, err)
		require.EqualValues(t, len(found), count)
	case "list":
		rows, err := items.List(ctx, q)
		require.NoError(t, err)
		require.Equal(t, found, rows)
	case "page":
		q.Limit = do.limit
		paged := []item{}
		for {
			page, err := items.Page(ctx, q)
			require.NoError(t, err)
			paged = append(paged, page.Rows...)
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		require.Equal(t, found, paged)
	default:
		require.Fail(t, "unknown step "+do.kind)
	}
}
