package coordinator_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Depot is what a Load may point to.
type Depot struct {
	ID int64 `db:"id" schema:"pk"`
}

// Load is the first version of the table "loads".
type Load struct {
	ID       int64   `db:"id"       schema:"pk"`
	DepotID  int64   `db:"depot_id"`
	Quantity string  `db:"quantity"`
	Unit     *string `db:"unit"`
	Label    string  `db:"label"    schema:"size=20"`
}

// LoadStrict is the second version: an index, a unique one, a foreign key, a check, a NOT NULL and another type, none of
// which is to be done in one transaction on a table that others use.
type LoadStrict struct {
	ID       int64  `db:"id"       schema:"pk"`
	DepotID  int64  `db:"depot_id" schema:"references=depots.id,index"`
	Quantity int64  `db:"quantity" schema:"check=quantity > 0"`
	Unit     string `db:"unit"     schema:"backfill='kg'"`
	Label    string `db:"label"    schema:"size=40,unique"`
}

func alterLoads(ctx context.Context, c *coordinator.Coordinator) error {
	if _, err := coordinator.Register[Depot, int64](c, schema.Named("depots")); err != nil {
		return err
	}
	if _, err := coordinator.Register[LoadStrict, int64](c, schema.Named("loads")); err != nil {
		return err
	}
	return c.EnsureAll(ctx)
}

const (
	loadRows = 4_000

	// loadSum tells each row from what it was made as. What a writer has touched has the quantity 777.
	loadSum = `SELECT count(*) || ' rows, as made ' || count(*) FILTER (WHERE label IN ('load ' || id, 'touched ' || id)
			AND quantity::text = CASE WHEN label LIKE 'touched%' THEN '777' ELSE id::text END
			AND (unit = 'unit ' || id OR id % 3 = 0 AND coalesce(unit, 'kg') = 'kg') AND depot_id = id % 10)
		|| '; touched ' || count(*) FILTER (WHERE label LIKE 'touched%') FROM loads`
)

// requireNothingLeft holds a table to having none of what only an unfinished migration has.
func requireNothingLeft(t testing.TB, d dialect.Dialect, table string) {
	require.Empty(t, texts(t, d, strings.ReplaceAll(`
		SELECT 'index ' || indexrelid::regclass FROM pg_index WHERE NOT indisvalid OR NOT indisready
		UNION ALL SELECT 'index ' || indexrelid::regclass FROM pg_index
			WHERE indrelid = 'TABLE'::regclass AND indexrelid::regclass::text LIKE 'schemactor%'
		UNION ALL SELECT 'constraint ' || conname FROM pg_constraint
			WHERE NOT convalidated OR conrelid = 'TABLE'::regclass AND conname LIKE 'schemactor%'
		UNION ALL SELECT 'column ' || attname FROM pg_attribute WHERE attrelid = 'TABLE'::regclass AND attname LIKE 'schemactor%'
		UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
		UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE 'schemactor%'
		UNION ALL SELECT 'table ' || relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'schemactor%'
			AND relname NOT IN ('schemactor_tables', 'schemactor_revisions')`, "TABLE", table)))
}

// filledLoads makes the first version.
func filledLoads(t testing.TB, d dialect.Dialect) {
	c, err := coordinator.New(d, nil)
	require.NoError(t, err)
	register[Depot, int64](t, c, schema.Named("depots"))
	register[Load, int64](t, c, schema.Named("loads"))
	require.NoError(t, c.EnsureAll(t.Context()))
	require.NoError(t, c.Close(t.Context()))
	exec(t, d, "INSERT INTO depots SELECT generate_series(0, 9)")
	exec(t, d, fmt.Sprintf(`INSERT INTO loads (id, depot_id, quantity, unit, label)
		SELECT i, i %% 10, i::text, CASE WHEN i %% 3 <> 0 THEN 'unit ' || i END, 'load ' || i FROM generate_series(1, %d) i`, loadRows))
	exec(t, d, "ANALYZE loads")
}

// writers go on with a table while it changes. Their statements are such that both versions of it take them.
type writers struct {
	group             errgroup.Group
	stop              func()
	stopped           chan struct{}
	inserted, touched atomic.Int64
}

// writersPace leaves the machine to others.
const writersPace = 3 * time.Millisecond

func startWriters(t testing.TB, address string) *writers {
	w := &writers{stopped: make(chan struct{})}
	w.stop = sync.OnceFunc(func() { close(w.stopped) })
	t.Cleanup(w.stop)
	for i := range 2 {
		conn, err := pgx.Connect(t.Context(), address)
		require.NoError(t, err)
		w.group.Go(func() error {
			defer conn.Close(context.Background())
			pace := time.NewTicker(writersPace)
			defer pace.Stop()
			for n := i; ; n += 2 {
				select {
				case <-w.stopped:
					return nil
				case <-pace.C:
				}
				if err := w.write(conn, n); err != nil {
					return fmt.Errorf("writer: %w", err)
				}
			}
		})
	}
	return w
}

func (w *writers) write(conn *pgx.Conn, n int) error {
	id := loadRows + 1 + n
	if _, err := conn.Exec(context.Background(), fmt.Sprintf(`INSERT INTO loads (id, depot_id, quantity, unit, label)
		VALUES (%d, %d, '%[1]d', 'unit %[1]d', 'load %[1]d')`, id, id%10)); err != nil {
		return err
	}
	w.inserted.Add(1)
	if n >= loadRows {
		return nil
	}
	_, err := conn.Exec(context.Background(), fmt.Sprintf("UPDATE loads SET quantity = '777', label = 'touched %d' WHERE id = %[1]d", n+1))
	if err == nil {
		w.touched.Add(1)
	}
	return err
}

// end stops the writers and gives what loadSum must say after them.
func (w *writers) end(t testing.TB) string {
	w.stop()
	require.NoError(t, w.group.Wait())
	all := loadRows + w.inserted.Load()
	return fmt.Sprintf("%d rows, as made %[1]d; touched %d", all, w.touched.Load())
}

// A program is killed after each statement, and after each batch, of a migration that goes step by step, while others
// write: the next program finishes what it finds.
func TestKilledBetweenSteps(t *testing.T) {
	whole := postgresDatabase(t)
	filledLoads(t, whole.open(t))
	events := undisturbed(t, partStepwise, whole.address)
	require.Greater(t, events, 10, "a plan of many steps")
	for n := 1; n <= events; n++ {
		t.Run(fmt.Sprintf("after event %d", n), func(t *testing.T) {
			t.Parallel()
			db := postgresDatabase(t)
			d := db.open(t)
			filledLoads(t, d)
			w := startWriters(t, db.address)
			killedAt(t, partStepwise, db.address, n)
			announced := last(t, d, "loads")
			require.Equal(t, schema.RevisionApplying, announced.State)
			require.NotEmpty(t, announced.Statements)
			require.Equal(t, 1, applied(t, d, "loads"))
			finishLoads(t, d)
			require.Equal(t, []string{w.end(t)}, texts(t, d, loadSum))
		})
	}
}

// finishLoads migrates to the end.
func finishLoads(t testing.TB, d dialect.Dialect) {
	c, err := coordinator.New(d, &coordinator.Config{Policy: anything()})
	require.NoError(t, err)
	require.NoError(t, alterLoads(t.Context(), c))
	settled(t, c, "loads")
	require.NoError(t, c.Close(t.Context()))
	requireStrictLoads(t, d)
}

// requireStrictLoads holds the table to its second version, with nothing left on the way to it, and the history to
// having it so.
func requireStrictLoads(t testing.TB, d dialect.Dialect) {
	requireNothingLeft(t, d, "loads")
	require.Equal(t, "bigint", texts(t, d, "SELECT data_type FROM information_schema.columns WHERE column_name = 'quantity'")[0])
	require.Equal(t, 5, count(t, d, `SELECT count(*) FROM information_schema.columns
		WHERE table_name = 'loads' AND is_nullable = 'NO'`))
	require.Equal(t, 1, count(t, d, "SELECT count(*) FROM pg_constraint WHERE conrelid = 'loads'::regclass AND contype = 'f'"))
	require.Equal(t, 1, count(t, d, "SELECT count(*) FROM pg_constraint WHERE conrelid = 'loads'::regclass AND contype = 'c'"))
	require.Equal(t, 3, count(t, d, "SELECT count(*) FROM pg_index WHERE indrelid = 'loads'::regclass"))
	final := last(t, d, "loads")
	// Where the program died after the last step, nothing but the history was left to be written.
	if final.State == schema.RevisionAdopted {
		require.Empty(t, final.Statements)
	} else {
		require.Equal(t, schema.RevisionApplied, final.State)
		require.Equal(t, 2, applied(t, d, "loads"))
	}
	for _, r := range historyOf(t, d, "loads") {
		require.NotEqual(t, schema.RevisionFailed, r.State, r.Failure)
	}
}

// indexLoads adds nothing but an index.
func indexLoads(ctx context.Context, c *coordinator.Coordinator) error {
	if _, err := coordinator.Register[Load, int64](c, schema.Named("loads"), schema.WithIndex("depot_id")); err != nil {
		return err
	}
	return c.EnsureAll(ctx)
}

// A program is killed in the middle of CREATE INDEX CONCURRENTLY, which waits for somebody's transaction. Its server
// process goes on or is cut off, too; either way the next program makes a valid index.
func TestKilledInsideAConcurrentIndex(t *testing.T) {
	const building = "pid <> pg_backend_pid() AND wait_event_type = 'Lock' AND query LIKE 'CREATE%INDEX CONCURRENTLY%'"
	for _, cut := range []bool{false, true} {
		t.Run(fmt.Sprintf("cut off %v", cut), func(t *testing.T) {
			db := postgresDatabase(t)
			d := db.open(t)
			filledLoads(t, d)
			// An index waits for whoever has written to the table before.
			tx, err := d.Begin(t.Context())
			require.NoError(t, err)
			release := func() { require.NoError(t, tx.Rollback(context.Background())) }
			defer release()
			_, err = tx.Exec(t.Context(), "UPDATE loads SET label = label WHERE id = 1")
			require.NoError(t, err)

			p := launchHalfway(t, partIndex, db.address, never)
			waitFor(t, func() bool { return count(t, d, "SELECT count(*) FROM pg_stat_activity WHERE "+building) > 0 })
			p.kill(t)
			if cut {
				count(t, d, "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE "+building)
			}
			require.Equal(t, 1, count(t, d, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"))
			require.Equal(t, schema.RevisionApplying, last(t, d, "loads").State)

			// The next program comes while the first one's server process may still be at it.
			c := start(t, d, &coordinator.Config{Policy: anything()})
			finished := make(chan error, 1)
			go func() { finished <- indexLoads(t.Context(), c) }()
			waitFor(t, func() bool { return len(historyOf(t, d, "loads")) > 2 })
			release()
			require.NoError(t, <-finished)
			settled(t, c, "loads")
			requireNothingLeft(t, d, "loads")
			require.Equal(t, 2, count(t, d, "SELECT count(*) FROM pg_index WHERE indrelid = 'loads'::regclass"))
			// The dead program's server process may have finished the index, which is then found as it should be.
			require.Contains(t, []schema.RevisionState{schema.RevisionApplied, schema.RevisionAdopted}, last(t, d, "loads").State)
			require.Equal(t, []string{fmt.Sprintf("%d rows, as made %[1]d; touched 0", loadRows)}, texts(t, d, loadSum))
		})
	}
}
