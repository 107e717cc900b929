package nodes_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// counting is a gate with a tally of what is asked of it.
type counting struct {
	schema.Gate
	ready, invalidated atomic.Int64
}

func (c *counting) Ready(ctx context.Context) (*schema.Snapshot, error) {
	c.ready.Add(1)
	return c.Gate.Ready(ctx)
}

func (c *counting) Invalidate(seen *schema.Snapshot, cause error) {
	c.invalidated.Add(1)
	c.Gate.Invalidate(seen, cause)
}

// stubborn is a gate that holds on to its word whatever anyone says.
type stubborn struct{ snapshot *schema.Snapshot }

func (s stubborn) Ready(context.Context) (*schema.Snapshot, error) { return s.snapshot, nil }
func (s stubborn) Peek() *schema.Snapshot                          { return s.snapshot }
func (s stubborn) Invalidate(*schema.Snapshot, error)              {}

func trusting(table *schema.Table) schema.Gate {
	return stubborn{&schema.Snapshot{Table: table, Generation: 1}}
}

// dropTable takes the table away as another program would.
func dropTable(t *testing.T, d dialect.Dialect, table *schema.Table) {
	_, err := d.Writer().Exec(t.Context(), "DROP TABLE "+d.QuoteTable(table.Ref()))
	require.NoError(t, err)
}

func TestDroppedTableIsMadeAgainByTheNextCall(t *testing.T) {
	calls := map[string]func(context.Context, *nodes.Node[note, int64]) error{
		"create": func(ctx context.Context, n *nodes.Node[note, int64]) error {
			return n.Create(ctx, &note{Title: "after"})
		},
		"get": func(ctx context.Context, n *nodes.Node[note, int64]) error {
			_, err := n.Get(ctx, 1)
			return err
		},
		"update": func(ctx context.Context, n *nodes.Node[note, int64]) error { return n.Update(ctx, &note{ID: 1}) },
		"patch": func(ctx context.Context, n *nodes.Node[note, int64]) error {
			_, err := n.Patch(ctx, 1, nodes.Set{"title": "x"})
			return err
		},
		"delete": func(ctx context.Context, n *nodes.Node[note, int64]) error { return n.Delete(ctx, 1) },
		"list": func(ctx context.Context, n *nodes.Node[note, int64]) error {
			_, err := n.List(ctx, nodes.Query{})
			return err
		},
		"page": func(ctx context.Context, n *nodes.Node[note, int64]) error {
			_, err := n.Page(ctx, nodes.Query{})
			return err
		},
		"all": func(ctx context.Context, n *nodes.Node[note, int64]) (failure error) {
			for _, err := range n.All(ctx, nodes.Query{}) {
				failure = err
			}
			return failure
		},
		"count": func(ctx context.Context, n *nodes.Node[note, int64]) error {
			_, err := n.Count(ctx, nodes.Query{})
			return err
		},
		"bulk delete": func(ctx context.Context, n *nodes.Node[note, int64]) error {
			_, err := n.BulkDelete(ctx, nodes.AllRows())
			return err
		},
	}
	noRow := map[string]bool{"get": true, "update": true, "patch": true, "delete": true}
	// A row that was not met by its version is looked for, behind the gate.
	looks := map[string]int{"update": 1}
	each(t, func(t *testing.T, d dialect.Dialect) {
		table, gate := gateOf[note](t, d)
		counted := &counting{Gate: gate}
		notes, err := nodes.New[note, int64](d, table, counted)
		require.NoError(t, err)
		for name, call := range calls {
			require.NoError(t, notes.Create(t.Context(), &note{Title: "before"}), name)
			dropTable(t, d, table)
			counted.ready.Store(0)
			counted.invalidated.Store(0)
			err := call(t.Context(), notes)
			if noRow[name] {
				require.ErrorIs(t, err, schema.ErrNotFound, name)
			} else {
				require.NoError(t, err, name)
			}
			require.EqualValues(t, 2+looks[name], counted.ready.Load(), name)
			require.EqualValues(t, 1, counted.invalidated.Load(), name)

			require.NoError(t, call2(t.Context(), notes), name)
			require.EqualValues(t, 3+looks[name], counted.ready.Load(), "%s: warm again", name)
		}
	})
}

// call2 is any call that must succeed on an empty table.
func call2(ctx context.Context, n *nodes.Node[note, int64]) error {
	_, err := n.Count(ctx, nodes.Query{})
	return err
}

func TestDroppedUnderLoad(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		notes := open[note, int64](t, d)
		require.NoError(t, notes.Create(t.Context(), &note{Title: "first"}))
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range 10 {
					if err := notes.Create(t.Context(), &note{Title: "load"}); err != nil {
						t.Errorf("create: %v", err)
					}
				}
			})
		}
		dropTable(t, d, notes.Table())
		wg.Wait()
	})
}

func TestSecondFailureIsReturned(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		table, err := schema.TableOf[note]()
		require.NoError(t, err)
		counted := &counting{Gate: trusting(table)}
		notes, err := nodes.New[note, int64](d, table, counted)
		require.NoError(t, err)
		err = notes.Create(t.Context(), &note{Title: "canary"})
		require.ErrorIs(t, err, schema.ErrMissing)
		require.ErrorContains(t, err, "create notes")
		require.EqualValues(t, 3, counted.ready.Load(), "after the second failure nothing was found to have changed")
		seen := 0
		for _, err := range notes.All(t.Context(), nodes.Query{}) {
			require.ErrorIs(t, err, schema.ErrMissing)
			seen++
		}
		require.Equal(t, 1, seen)
	})
}

func TestDroppedColumnIsAMismatch(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		people := open[person, uuid.UUID](t, d)
		p := newPerson("canary", nil)
		require.NoError(t, people.Create(t.Context(), &p))
		_, err := d.Writer().Exec(t.Context(), "ALTER TABLE people DROP COLUMN name")
		require.NoError(t, err)

		next := newPerson("canary", nil)
		before := next
		for _, err := range []error{people.Create(t.Context(), &next), people.Update(t.Context(), &p)} {
			require.ErrorIs(t, err, schema.ErrSchemaMismatch)
			var ensure *schema.EnsureError
			require.ErrorAs(t, err, &ensure)
			require.ErrorContains(t, err, "name")
			require.NotContains(t, err.Error(), "canary")
		}
		require.Equal(t, before, next)
	})
}

func TestClosedGate(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		sys := nodetest.System(t, d)
		people := add[person, uuid.UUID](t, d, sys)
		require.NoError(t, sys.Close(t.Context()))
		_, err := people.Get(t.Context(), uuid.New())
		require.ErrorIs(t, err, schema.ErrClosed)
		require.ErrorContains(t, err, "get people")
	})
}

// A column that has got another type is found by the statement that it refuses.
func TestRetypedColumnIsAMismatch(t *testing.T) {
	retype := map[string]string{
		"sqlite":   "", // takes any value in any column
		"postgres": "ALTER TABLE notes ALTER COLUMN title TYPE bigint USING 0",
		"mysql":    "ALTER TABLE notes MODIFY COLUMN title bigint NOT NULL",
	}
	each(t, func(t *testing.T, d dialect.Dialect) {
		if retype[d.Name()] == "" {
			return
		}
		notes := open[note, int64](t, d)
		require.NoError(t, notes.Create(t.Context(), &note{Title: "0"}))
		_, err := d.Writer().Exec(t.Context(), retype[d.Name()])
		require.NoError(t, err)
		err = notes.Create(t.Context(), &note{Title: "canary"})
		require.ErrorIs(t, err, schema.ErrSchemaMismatch)
		require.NotContains(t, err.Error(), "canary")
	})
}

// MariaDB asks for a statement to be prepared again where its table has changed beneath it; once is enough.
func TestStatementThatMustBePreparedAgainIsRunAgain(t *testing.T) {
	d := nodetest.MySQL(t)
	notes := open[note, int64](t, d)
	require.NoError(t, notes.Create(t.Context(), &note{Title: "first"}))
	for _, sql := range []string{
		"CREATE TABLE asked (n int) ENGINE=Aria TRANSACTIONAL=0", // what is written there stays when the statement fails
		"INSERT INTO asked VALUES (0)",
		`CREATE TRIGGER again BEFORE INSERT ON notes FOR EACH ROW BEGIN
			UPDATE asked SET n = n + 1;
			IF (SELECT n FROM asked) = 1 THEN
				SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1615, MESSAGE_TEXT = 'Prepared statement needs to be re-prepared';
			END IF;
		END`,
	} {
		_, err := d.Writer().Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	require.NoError(t, notes.Create(t.Context(), &note{Title: "second"}))
	var asked, stored int64
	_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT n, (SELECT count(*) FROM notes) FROM asked", nil, &asked, &stored)
	require.NoError(t, err)
	require.EqualValues(t, 2, asked)
	require.EqualValues(t, 2, stored)
}
