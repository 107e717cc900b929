package coordinator_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// twoRoles opens one database as its owner, with a pool of 2 whose sessions are named "ddl", and as a role that may do
// nothing but work with the rows of tables that the owner makes.
func twoRoles(t testing.TB) (owner, rows dialect.Dialect, address string) {
	address = postgrestest.Open(t)
	role := postgrestest.Role(t, address)
	name, err := url.Parse(role)
	require.NoError(t, err)
	admin := openPostgres(t, address)
	exec(t, admin, "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "+
		pgx.Identifier{name.User.Username()}.Sanitize())
	d, err := postgres.Open(t.Context(), address+"&application_name=ddl", &postgres.Config{MaxConns: 2})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d, openPostgres(t, role), address
}

// Tables belong to one role, and rows are the work of another that could not make a table if it wanted to.
func TestSeparateRoles(t *testing.T) {
	owner, crud, address := twoRoles(t)
	_, err := crud.Writer().Exec(t.Context(), "CREATE TABLE mine (a integer)")
	require.ErrorIs(t, crud.Classify(err), schema.ErrPermission)

	config := &coordinator.Config{DDL: owner}
	c := start(t, crud, config)
	users := register[User, uuid.UUID](t, c)
	first := register[Item, int64](t, c, schema.Named("items"))
	require.NoError(t, errors.Join(together(50, func(int) error { return users.Create(t.Context(), newUser()) })...))
	require.NoError(t, first.Create(t.Context(), &Item{ID: 1, Name: "first"}))
	require.NoError(t, c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
		return users.In(tx).Create(ctx, newUser())
	}))

	second := start(t, crud, config)
	items := register[ItemMore, int64](t, second, schema.Named("items"))
	require.NoError(t, items.Create(t.Context(), &ItemMore{ID: 2, Name: "second"}))
	exec(t, owner, "DROP TABLE users")
	require.NoError(t, users.Create(t.Context(), newUser()), "healed by the owner")

	d := openPostgres(t, address)
	require.Equal(t, 1, rows(t, d, "users"))
	require.Equal(t, 2, rows(t, d, "items"))
	require.Equal(t, 2, applied(t, d, "users"))
	require.Equal(t, 2, applied(t, d, "items"))
	require.Zero(t, count(t, d, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner <> current_user"))
	history, err := second.History(t.Context(), "items")
	require.NoError(t, err)
	require.Equal(t, schema.RevisionApplied, history[len(history)-1].State)
}

// However many tables are cold at once, and however long somebody else keeps them so, the rows of the others have all of
// their connections.
func TestHerdLeavesConnectionsToRows(t *testing.T) {
	const cold, callers = 20, 400
	owner, crud, address := twoRoles(t)
	d := openPostgres(t, address)
	c := start(t, crud, &coordinator.Config{DDL: owner})
	warm := register[shelf, int64](t, c, schema.Named("warm"))
	require.NoError(t, warm.Create(t.Context(), &shelf{ID: 0}))

	release, released, locked := make(chan struct{}), make(chan error, 1), make(chan struct{})
	refs := make([]schema.Ref, cold)
	for i := range refs {
		refs[i] = schema.Ref{Name: fmt.Sprintf("cold_%02d", i)}
	}
	go func() {
		released <- d.Locked(t.Context(), refs, func(context.Context, dialect.Tx) error {
			close(locked)
			<-release
			return nil
		})
	}()
	<-locked
	nodes := make([]*userNode, cold)
	for i := range nodes {
		nodes[i] = register[User, uuid.UUID](t, c, schema.Named(refs[i].Name))
	}
	waiting := make(chan []error, 1)
	go func() {
		waiting <- together(callers, func(i int) error { return nodes[i%cold].Create(t.Context(), newUser()) })
	}()
	waitFor(t, func() bool {
		waiters := 0
		for _, s := range c.Status() {
			waiters += s.Waiters
		}
		return waiters == callers
	})
	var most atomic.Int64
	for i := range 200 {
		require.NoError(t, warm.Create(t.Context(), &shelf{ID: int64(i + 1)}))
		sessions := int64(count(t, d, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'ddl'"))
		most.Store(max(most.Load(), sessions))
	}
	require.LessOrEqual(t, most.Load(), int64(3), "the pool's two, and the one that listens")
	close(release)
	require.NoError(t, <-released)
	require.NoError(t, errors.Join(<-waiting...))
	require.Equal(t, cold, count(t, d, "SELECT count(*) FROM "+dialect.RevisionsTable+" WHERE table_name LIKE 'cold%' AND state = 'applied'"))
}

// A second way that leads elsewhere is found out before anything is made there.
func TestRolesMustMeet(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		elsewhere := freshLike(t, db).open(t)
		c := start(t, db.open(t), &coordinator.Config{DDL: elsewhere})
		node := register[shelf, int64](t, c, schema.Named("shelves"))
		err := node.Create(t.Context(), &shelf{ID: 1})
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.ErrorContains(t, err, "Config.DDL leads to")
		lives, err := elsewhere.Inspect(t.Context(), elsewhere.Reader(), schema.Ref{Name: "shelves"})
		require.NoError(t, err)
		require.Nil(t, lives[0])

		other := sqliteDatabase(t)
		if db.name == "sqlite" {
			other = postgresDatabase(t)
		}
		_, err = coordinator.New(db.open(t), &coordinator.Config{DDL: other.open(t)})
		require.ErrorIs(t, err, schema.ErrInvalid)
	})
}
