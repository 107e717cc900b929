package checker_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/schema"
)

// postgresFaults need what only PostgreSQL lets happen.
var postgresFaults = []fault{
	{
		name: "key there twice", checks: []string{"catalogue", "memory", "keys", "rows"}, words: "key 5 there twice",
		statements: []string{
			"ALTER TABLE parcels DROP CONSTRAINT parcels_pkey", "INSERT INTO parcels VALUES (5, 'twice', 6)",
		},
	},
	{
		name: "invalid index", checks: []string{"catalogue", "memory", "unfinished indexes"}, words: "have parcels__weight_ix",
		statements: []string{"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'parcels__weight_ix'::regclass"},
	},
	{
		name: "index not ready", checks: []string{"unfinished indexes"}, words: "have ix_other",
		statements: []string{
			"CREATE TABLE other (id int)", "CREATE INDEX ix_other ON other (id)",
			"UPDATE pg_index SET indisready = false WHERE indexrelid = 'ix_other'::regclass",
		},
	},
	{
		name: "constraint not validated", checks: []string{"unfinished constraints"}, words: "positive of other",
		statements: []string{
			"CREATE TABLE other (id int)", "ALTER TABLE other ADD CONSTRAINT positive CHECK (id > 0) NOT VALID",
		},
	},
	{
		name: "constraint of the library's left", checks: []string{"catalogue", "memory", "names"}, words: "constraint schemactor_nn_id of parcels",
		statements: []string{"ALTER TABLE parcels ADD CONSTRAINT schemactor_nn_id CHECK (id IS NOT NULL)"},
	},
	{
		name: "trigger and function of the library's left", checks: []string{"names"}, words: "function schemactor_sync_x, trigger schemactor_sync of parcels",
		statements: []string{
			"CREATE FUNCTION schemactor_sync_x() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
			"CREATE TRIGGER schemactor_sync BEFORE INSERT ON parcels FOR EACH ROW EXECUTE FUNCTION schemactor_sync_x()",
		},
	},
	{
		name: "namespace of the library's left", checks: []string{"names"}, words: "namespace schemactor_scratch",
		statements: []string{"CREATE SCHEMA schemactor_scratch"},
	},
}

func connect(t *testing.T, w *world) *pgx.Conn {
	conn, err := pgx.Connect(t.Context(), w.address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	return conn
}

func TestPostgresSessionsAreFound(t *testing.T) {
	for name, statement := range map[string]string{
		"sessions": "BEGIN", "temporary tables": "CREATE TEMPORARY TABLE scratch (id int)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "postgres")
			_, err := connect(t, w).Exec(t.Context(), statement)
			require.NoError(t, err)
			require.Equal(t, []string{name}, names(w.check(w.wanted())))
		})
	}
}

// The lock is the library's own, which the checker knows only by its number.
func TestPostgresLockIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "postgres")
	other := openAt(t, "postgres", w.address)
	verdict := make(chan *checker.Verdict, 1)
	err := other.Locked(t.Context(), []schema.Ref{{Name: "elsewhere"}}, func(context.Context, dialect.Tx) error {
		verdict <- w.check(w.wanted())
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"locks", "sessions"}, names(<-verdict))
}

// What a server still does for a program that is gone is waited for.
func TestPostgresLockMaySettle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "postgres")
	conn := connect(t, w)
	_, err := conn.Exec(t.Context(), "SELECT pg_advisory_lock(1548404482, 1)")
	require.NoError(t, err)
	asked := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		<-asked
		_, err := conn.Exec(context.Background(), "SELECT pg_advisory_unlock(1548404482, 1)")
		require.NoError(t, err)
	})
	verdict, err := checker.Check(t.Context(), asking{w, sync.OnceFunc(func() { close(asked) })}, []checker.Table{w.wanted()})
	require.NoError(t, err)
	require.NoError(t, verdict.Err())
	group.Wait()
}

// asking tells when somebody has looked for locks.
type asking struct {
	*world
	tell func()
}

func (a asking) Reader() dialect.Querier { return askingReader{a.world.Reader(), a.tell} }

type askingReader struct {
	dialect.Querier
	tell func()
}

func (r askingReader) Query(ctx context.Context, sql string, args ...any) (dialect.Rows, error) {
	rows, err := r.Querier.Query(ctx, sql, args...)
	if err == nil && strings.Contains(sql, "pg_locks") {
		r.tell()
	}
	return rows, err
}
