package docs_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/coordinatortest"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/postgrestest"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/sqlitetest"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	server "github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// verify says how the tables that are there differ from the models, and changes nothing.
func verify(ctx context.Context, db dialect.Dialect, register func(*coordinator.Coordinator) error) error {
	c, err := coordinator.New(db, &coordinator.Config{Mode: coordinator.ModeVerify})
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	if err := register(c); err != nil {
		return err
	}
	return c.EnsureAll(ctx) // one *schema.EnsureError for each table that differs, joined
}

// adopt shows what would be done to the tables that are there, and does what has been allowed.
func adopt(ctx context.Context, c *coordinator.Coordinator, allow ...schema.Allowance) error {
	plans, err := c.Plan(ctx)
	if err != nil {
		return err
	}
	for _, plan := range plans {
		fmt.Print(plan)
	}
	return c.Migrate(ctx, plans, schema.Policy{Allow: allow})
}

func TestExistingDatabase(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db dialect.Dialect) {
		ctx := t.Context()
		left(t, db, "goose")
		err := verify(ctx, db, func(c *coordinator.Coordinator) error {
			_, users := coordinator.Register[gormUser, int64](c, schema.Named("users"))
			_, orders := coordinator.Register[plainOrder, int64](c, schema.Named("orders"))
			return errors.Join(users, orders)
		})
		require.ErrorIs(t, err, schema.ErrSchemaMismatch)
		require.ErrorContains(t, err, "missing column updated_at")
		require.ErrorContains(t, err, "missing column deleted_at")
		c := start(t, db, &coordinator.Config{Mode: coordinator.ModeTrust})
		register[plainOrder](t, c, "orders")
		history, err := c.History(ctx, "orders")
		require.NoError(t, err)
		require.Empty(t, history, "nothing was written, the ledger neither")

		// What matches is taken over as it is.
		taking := start(t, db, nil)
		orders := register[plainOrder](t, taking, "orders")
		register[plainUser](t, taking, "users")
		require.NoError(t, adopt(ctx, taking, schema.Allowance{Hazard: schema.HazardRetypeColumn, Table: "users", Column: "created_at", Reason: "SQLite: dates as text"}))
		order, err := orders.Get(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, "open", order.Status)
		history, err = taking.History(ctx, "orders")
		require.NoError(t, err)
		require.Len(t, history, 1)
		require.Equal(t, schema.RevisionAdopted, history[0].State)
		require.Empty(t, history[0].Statements)
	})
}

type shopOfTests struct {
	Users  *nodes.Node[User, uuid.UUID]
	Orders *nodes.Node[Order, int64]
}

func registerShop(c *coordinator.Coordinator) (*shopOfTests, error) {
	users, err := coordinator.Register[User, uuid.UUID](c)
	orders, also := coordinator.Register[Order, int64](c)
	return &shopOfTests{Users: users, Orders: orders}, errors.Join(err, also)
}

var (
	onSQLite   = sqlitetest.New(registerShop, nil)
	onPostgres = postgrestest.New(registerShop, nil)
)

func TestUserIsStored(t *testing.T) {
	t.Parallel()
	db := onSQLite.Open(t)
	ada := User{ID: uuid.New(), Email: "ada@example.org", Name: "Ada"}
	require.NoError(t, db.Nodes.Users.Create(t.Context(), &ada))
}

func TestNextReleaseIsAdditive(t *testing.T) {
	db := onPostgres.Open(t) // as the last release has made it
	ada := User{ID: uuid.New(), Email: "ada@example.org", Name: "Ada"}
	require.NoError(t, db.Nodes.Users.Create(t.Context(), &ada)) // an empty table allows more than one with rows

	next, err := coordinator.New(db.Dialect, nil)
	require.NoError(t, err)
	defer next.Close(context.WithoutCancel(t.Context()))
	_, err = registerNext(next) // the models of this release
	require.NoError(t, err)
	coordinatortest.RequireAdditive(t, next)
	coordinatortest.Plan(t, next, "testdata/next.postgres.golden")
}

type nextUser struct {
	User
	Nickname *string `db:"nickname" schema:"size=80"`
}

func registerNext(c *coordinator.Coordinator) (*nodes.Node[nextUser, uuid.UUID], error) {
	return coordinator.Register[nextUser, uuid.UUID](c, schema.Named("users"))
}

func TestTwoReleasesSideBySide(t *testing.T) {
	db := onPostgres.Open(t)
	next := start(t, db.Dialect, nil)
	users, err := registerNext(next)
	require.NoError(t, err)
	name := "countess"
	require.NoError(t, users.Create(t.Context(), &nextUser{User: User{ID: uuid.New(), Email: "ada@example.org"}, Nickname: &name}))

	// The old release, started after the new one has changed the table.
	old := start(t, db.Dialect, nil)
	accounts, err := coordinator.Register[User, uuid.UUID](old)
	require.NoError(t, err)
	require.NoError(t, accounts.Create(t.Context(), &User{ID: uuid.New(), Email: "eve@example.org", Name: "Eve"}))
	require.True(t, old.Status()[0].Behind)
	history, err := old.History(t.Context(), "users")
	require.NoError(t, err)
	require.Len(t, history, 2, "it has not changed the table back")
}

func TestTwoRoles(t *testing.T) {
	ctx, admin := t.Context(), server.Open(t)
	ownerURL, appURL := server.Role(t, admin), server.Role(t, admin)
	owner, app := role(t, ownerURL), role(t, appURL)
	root, err := postgres.Open(ctx, admin, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, root.Close()) }()
	_, err = root.Writer().Exec(ctx, "GRANT USAGE, CREATE ON SCHEMA public TO "+owner)
	require.NoError(t, err)

	err = twoRoles(ctx, appURL, ownerURL)
	require.ErrorIs(t, err, schema.ErrPermission, "the tables are made, and nobody has let the other role in")
	_, err = root.Writer().Exec(ctx, "DROP TABLE users")
	require.NoError(t, err)
	_, err = root.Writer().Exec(ctx, "ALTER DEFAULT PRIVILEGES FOR ROLE "+owner+" IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "+app)
	require.NoError(t, err)
	require.NoError(t, twoRoles(ctx, appURL, ownerURL))
	_, err = root.Writer().Exec(ctx, "ALTER DEFAULT PRIVILEGES FOR ROLE "+owner+" IN SCHEMA public REVOKE ALL ON TABLES FROM "+app)
	require.NoError(t, err)
}

func role(t *testing.T, address string) string {
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.User.Username()
}

func twoRoles(ctx context.Context, appURL, ownerURL string) error {
	app, err := postgres.Open(ctx, appURL, nil)
	if err != nil {
		return err
	}
	defer app.Close()
	owner, err := postgres.Open(ctx, ownerURL, &postgres.Config{MaxConns: 2})
	if err != nil {
		return err
	}
	defer owner.Close()
	c, err := coordinator.New(app, &coordinator.Config{DDL: owner})
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	users, err := coordinator.Register[User, uuid.UUID](c)
	if err != nil {
		return err
	}
	return users.Create(ctx, &User{ID: uuid.New(), Email: "ada@example.org", Name: "Ada"})
}

func TestBehindPgBouncer(t *testing.T) {
	database := server.Open(t)
	pooled := server.NewPooler(t, database, server.PoolerConfig{})
	require.NoError(t, behindPooler(t.Context(), pooled, database))
}

func behindPooler(ctx context.Context, pooledURL, directURL string) error {
	app, err := postgres.Open(ctx, pooledURL, nil) // …?default_query_exec_mode=exec
	if err != nil {
		return err
	}
	defer app.Close()
	direct, err := postgres.Open(ctx, directURL, &postgres.Config{MaxConns: 2})
	if err != nil {
		return err
	}
	defer direct.Close()
	c, err := coordinator.New(app, &coordinator.Config{DDL: direct})
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	users, err := coordinator.Register[User, uuid.UUID](c)
	if err != nil {
		return err
	}
	return users.Create(ctx, &User{ID: uuid.New(), Email: "ada@example.org", Name: "Ada"})
}
