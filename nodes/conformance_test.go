package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// shelf and stockItem are the models that every method is held against: all that can be violated, all that fills itself in.
type shelf struct {
	ID int64 `db:"id" schema:"pk"`
}

type stockItem struct {
	ID      int64      `db:"id"         schema:"pk,auto"`
	Code    string     `db:"code"       schema:"unique,size=8"`
	Kind    string     `db:"kind"       schema:"default='plain'"`
	Stock   *int64     `db:"stock"      schema:"check=stock >= 0"`
	Price   string     `db:"price"      schema:"type=decimal,precision=8,scale=2"`
	Shelf   *int64     `db:"shelf_id"   schema:"references=shelves.id"`
	Version int64      `db:"version"    schema:"version"`
	Created time.Time  `db:"created_at" schema:"created"`
	Updated time.Time  `db:"updated_at" schema:"updated"`
	Deleted *time.Time `db:"deleted_at" schema:"deleted"`
}

type stockNode = nodes.Node[stockItem, int64]

// stocked is what the table holds before each case, as stockRows prints it; 4 is marked deleted.
var stocked = []string{
	"1 a plain 5 1.00 1 v1", "2 b plain 0 2.50 1 v1", "3 c rare - 10.25 - v1", "4 d plain 7 0.10 - v2 deleted",
}

// store is a database with the two tables.
type store struct {
	dialect.Dialect
	shelves    *nodes.Node[shelf, int64]
	stockItems *stockNode
	lanes      map[string]dialect.Lane
}

func newStore(t *testing.T, d dialect.Dialect) *store {
	sys := nodetest.System(t, d)
	s := &store{d, add[shelf, int64](t, d, sys), add[stockItem, int64](t, d, sys), map[string]dialect.Lane{
		"lane":    sys.Lane(d, actors.LaneConfig{}),
		"batches": nodetest.BatchesOf(t, d, nil),
		"twice":   nodetest.BatchesOf(t, d, func(*dialect.Write) bool { return true }),
	}}
	s.restock(t)
	return s
}

// restock puts the tables into the state that every case begins with.
func (s *store) restock(t *testing.T) {
	ctx := t.Context()
	_, err := s.stockItems.BulkPurge(ctx, nodes.AllRows())
	require.NoError(t, err)
	_, err = s.shelves.BulkPurge(ctx, nodes.AllRows())
	require.NoError(t, err)
	_, err = s.shelves.BulkCreate(ctx, []shelf{{1}, {2}})
	require.NoError(t, err)
	stockItems := []stockItem{
		{ID: 1, Code: "a", Stock: ptr[int64](5), Price: "1.00", Shelf: ptr[int64](1)},
		{ID: 2, Code: "b", Stock: ptr[int64](0), Price: "2.50", Shelf: ptr[int64](1)},
		{ID: 3, Code: "c", Kind: "rare", Price: "10.25"},
		{ID: 4, Code: "d", Stock: ptr[int64](7), Price: "0.10"},
	}
	_, err = s.stockItems.BulkCreate(ctx, stockItems)
	require.NoError(t, err)
	require.NoError(t, s.stockItems.Delete(ctx, 4))
	require.Equal(t, stocked, stockRows(t, s.Writer()))
}

// stockRows reads the table by plain SQL, a line for each row.
func stockRows(t *testing.T, q dialect.Querier) []string {
	rows, err := q.Query(t.Context(), "SELECT id, code, kind, stock, price, shelf_id, version, deleted_at IS NOT NULL, "+
		"updated_at >= created_at FROM stock_items ORDER BY id")
	require.NoError(t, err)
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var w stockItem
		var deleted, ordered bool
		require.NoError(t, rows.Scan(&w.ID, &w.Code, &w.Kind, &w.Stock, &w.Price, &w.Shelf, &w.Version, &deleted, &ordered))
		require.True(t, ordered, "row %d was updated before it was created", w.ID)
		lines = append(lines, w.line(deleted))
	}
	require.NoError(t, rows.Err())
	return lines
}

func (w *stockItem) line(deleted bool) string {
	text := func(n *int64) string {
		if n == nil {
			return "-"
		}
		return fmt.Sprint(*n)
	}
	line := fmt.Sprintf("%d %s %s %s %s %s v%d", w.ID, w.Code, w.Kind, text(w.Stock), w.Price, text(w.Shelf), w.Version)
	if deleted {
		line += " deleted"
	}
	return line
}

// lineOf is a row as the struct has it.
func lineOf(w *stockItem) string {
	if w == nil {
		return "none"
	}
	return w.line(w.Deleted != nil)
}

func linesOf(stockItems []stockItem) (lines []string) {
	for i := range stockItems {
		lines = append(lines, lineOf(&stockItems[i]))
	}
	return lines
}

// through is the place of a lane.
func through(lane string) func(t *testing.T, s *store, call func(ctx context.Context, n *stockNode, q dialect.Querier)) {
	return func(t *testing.T, s *store, call func(ctx context.Context, n *stockNode, q dialect.Querier)) {
		call(t.Context(), s.stockItems.Through(s.lanes[lane]), s.Writer())
		s.restock(t)
	}
}

// places are where a method may be called: by itself, through a lane and those batches that it makes of writes, in a
// transaction, and in a transaction of the node's own making.
var places = map[string]func(t *testing.T, s *store, call func(ctx context.Context, n *stockNode, q dialect.Querier)){
	"outside": func(t *testing.T, s *store, call func(ctx context.Context, n *stockNode, q dialect.Querier)) {
		call(t.Context(), s.stockItems, s.Writer())
		s.restock(t)
	},
	"through a lane":                    through("lane"),
	"in a batch":                        through("batches"),
	"in a batch with one that is alike": through("twice"),
	"in a transaction": func(t *testing.T, s *store, call func(ctx context.Context, n *stockNode, q dialect.Querier)) {
		tx, err := s.Begin(t.Context())
		require.NoError(t, err)
		defer tx.Rollback(t.Context()) // a failing test must not leave the writer taken
		call(t.Context(), s.stockItems.In(tx), tx)
		require.NoError(t, tx.Rollback(t.Context()))
		require.Equal(t, stocked, stockRows(t, s.Writer()), "nothing is left of a transaction that was rolled back")
	},
	"in a savepoint": func(t *testing.T, s *store, call func(ctx context.Context, n *stockNode, q dialect.Querier)) {
		tx, err := s.Begin(t.Context())
		require.NoError(t, err)
		defer tx.Rollback(t.Context())
		none := errors.New("undo it")
		err = dialect.Nested(t.Context(), tx, "place", func(ctx context.Context) error {
			call(ctx, s.stockItems.In(tx), tx)
			return none
		})
		require.ErrorIs(t, err, none)
		require.Equal(t, stocked, stockRows(t, tx), "nothing is left of a savepoint that was undone")
		require.NoError(t, tx.Commit(t.Context()))
	},
}

// Every method does the same on every database and in every place, and the table says so.
func TestMethods(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		s := newStore(t, d)
		for place, at := range places {
			for _, c := range methodCases() {
				t.Run(place+"/"+c.name(), func(t *testing.T) {
					at(t, s, func(ctx context.Context, n *stockNode, q dialect.Querier) {
						got, err := c.call(ctx, n)
						require.NoError(t, err)
						require.Equal(t, c.gives, fmt.Sprint(got))
						require.Equal(t, c.leaves(), stockRows(t, q))
					})
				})
			}
		}
	})
}

// What a method refuses it refuses alike on every database and in every place, by name, and leaves nothing behind.
func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		s := newStore(t, d)
		for place, at := range places {
			for _, c := range refusalCases() {
				t.Run(place+"/"+c.name(), func(t *testing.T) {
					at(t, s, func(ctx context.Context, n *stockNode, q dialect.Querier) {
						_, err := c.call(ctx, n)
						require.ErrorIs(t, err, c.kind)
						known, ok := asSchemaError(err)
						require.True(t, ok, "%v", err)
						require.Equal(t, "stock_items", known.Table)
						if c.constraint != "" {
							require.Equal(t, c.constraint, known.Constraint)
						}
						if place == "outside" || !doomed(q) {
							require.Equal(t, stocked, stockRows(t, q))
						}
					})
				})
			}
		}
	})
}

// doomed reports whether a transaction takes no more statements, as PostgreSQL has it after one that failed.
func doomed(q dialect.Querier) bool {
	_, err := q.Exec(context.Background(), "SELECT 1")
	return err != nil
}

// Every method makes a table that nobody has used, and in a transaction says that it is to be made first.
func TestMethodsOnUnseenTables(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		shelves := open[shelf, int64](t, d)
		require.NoError(t, shelves.Create(t.Context(), &shelf{1}))
		first := firstCases()
		for _, method := range slices.Sorted(maps.Keys(first)) {
			t.Run(method, func(t *testing.T) {
				_, err := d.Writer().Exec(t.Context(), "DROP TABLE IF EXISTS stock_items")
				require.NoError(t, err)
				stockItems := open[stockItem, int64](t, d)
				tx, err := d.Begin(t.Context())
				require.NoError(t, err)
				defer tx.Rollback(t.Context())
				_, err = first[method].call(t.Context(), stockItems.In(tx))
				require.ErrorIs(t, err, schema.ErrNotEnsured)
				require.NoError(t, tx.Rollback(t.Context()))

				_, err = first[method].call(t.Context(), stockItems)
				if err != nil { // since the table is empty
					require.True(t, anyOf(err, schema.ErrNotFound, schema.ErrForeignKey), "%v", err)
				}
				stockRows(t, d.Writer()) // the table is there
			})
		}
	})
}

// A caller who has gone gets its own error, and nothing has happened.
func TestMethodsOfCallersThatHaveGone(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		s := newStore(t, d)
		gone := errors.New("the caller has gone")
		for _, c := range firstCases() {
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(gone)
			_, err := c.call(ctx, s.stockItems)
			require.True(t, anyOf(err, gone, context.Canceled), "%s: %v", c.method, err)
			require.Equal(t, stocked, stockRows(t, s.Writer()), c.method)
		}
	})
}

// The cases leave out no method that asks the database.
func TestNoMethodIsLeftOut(t *testing.T) {
	var methods []string
	node := reflect.TypeFor[*stockNode]()
	for i := range node.NumMethod() {
		if m := node.Method(i); m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() {
			methods = append(methods, m.Name)
		}
	}
	require.Equal(t, methods, slices.Sorted(maps.Keys(firstCases())))
	refused := map[string]bool{}
	for _, c := range refusalCases() {
		refused[c.method] = true
	}
	require.Equal(t, methods, slices.Sorted(maps.Keys(refused)))
}
