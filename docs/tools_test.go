package docs_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

type gormUser struct {
	ID        int64      `db:"id"         schema:"pk,auto"`
	CreatedAt time.Time  `db:"created_at" schema:"created"`
	UpdatedAt time.Time  `db:"updated_at" schema:"updated"`
	DeletedAt *time.Time `db:"deleted_at" schema:"deleted,index"`
	Email     string     `db:"email"      schema:"size=320,unique"`
	Name      string     `db:"name"       schema:"null"`
	Age       *int64     `db:"age"`
}

type gormOrder struct {
	ID        int64      `db:"id"         schema:"pk,auto"`
	CreatedAt time.Time  `db:"created_at" schema:"created"`
	UpdatedAt time.Time  `db:"updated_at" schema:"updated"`
	DeletedAt *time.Time `db:"deleted_at" schema:"deleted,index"`
	UserID    *int64     `db:"user_id"    schema:"references=users.id"`
	Status    string     `db:"status"     schema:"null,default='open'"`
	Paid      bool       `db:"paid"       schema:"null"`
}

type entUser struct {
	ID        int64     `db:"id"         schema:"pk,auto"`
	Email     string    `db:"email"      schema:"unique"`
	Name      string    `db:"name"`
	Age       *int64    `db:"age"`
	CreatedAt time.Time `db:"created_at" schema:"created"`
}

type entOrder struct {
	ID     int64    `db:"id"          schema:"pk,auto"`
	Status string   `db:"status"      schema:"default='open'"`
	Paid   bool     `db:"paid"        schema:"default=false"`
	Lines  []string `db:"lines"`
	UserID *int64   `db:"user_orders" schema:"references=users.id,ondelete=set null"`
}

type plainUser struct {
	ID        int64     `db:"id"         schema:"pk,auto"`
	Email     string    `db:"email"      schema:"unique"`
	Name      string    `db:"name"       schema:"default=''"`
	CreatedAt time.Time `db:"created_at" schema:"created"`
}

type plainOrder struct {
	ID     int64  `db:"id"      schema:"pk,auto"`
	UserID int64  `db:"user_id" schema:"references=users.id,ondelete=cascade,index"`
	Status string `db:"status"  schema:"enum=open|paid,default='open'"`
}

// respelled is plainUser where times are to be spelled anew on SQLite.
type respelled struct {
	ID        int64     `db:"id"         schema:"pk,auto"`
	Email     string    `db:"email"      schema:"unique"`
	Name      string    `db:"name"       schema:"default=''"`
	CreatedAt time.Time `db:"created_at" schema:"created,backfill=strftime('%Y-%m-%d %H:%M:%f000', created_at)"`
}

func eachDatabase(t *testing.T, test func(t *testing.T, db dialect.Dialect)) {
	t.Run("sqlite", func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "docs.db"), nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		test(t, db)
	})
	t.Run("postgres", func(t *testing.T) {
		db, err := postgres.Open(t.Context(), postgrestest.Open(t), nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		test(t, db)
	})
}

// left makes the tables and rows that a tool and its program have left.
func left(t *testing.T, db dialect.Dialect, tool string) {
	for line := range strings.SplitSeq(read(t, "testdata/"+tool+"."+db.Name()+".sql"), "\n") {
		if line != "" && !strings.HasPrefix(line, "--") {
			_, err := db.Writer().Exec(t.Context(), line)
			require.NoError(t, err, line)
		}
	}
}

func start(t *testing.T, db dialect.Dialect, cfg *coordinator.Config) *coordinator.Coordinator {
	c, err := coordinator.New(db, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
	return c
}

func register[T any](t *testing.T, c *coordinator.Coordinator, table string) *nodes.Node[T, int64] {
	node, err := coordinator.Register[T, int64](c, schema.Named(table))
	require.NoError(t, err)
	return node
}

// ask runs a query of one number.
func ask(t *testing.T, db dialect.Dialect, query string) (n int64) {
	rows, err := db.Reader().Query(t.Context(), query)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	require.True(t, rows.Next())
	require.NoError(t, rows.Scan(&n))
	return n
}

// moveOver registers two models on a tool's tables and holds what the plans need allowed against what the page says. Then it
// migrates, and looks whether rows are as they were and new ones go in.
func moveOver[U, O any](t *testing.T, db dialect.Dialect, tool string, needed []string) (*nodes.Node[U, int64], *nodes.Node[O, int64]) {
	left(t, db, tool)
	c := start(t, db, nil)
	users, orders := register[U](t, c, "users"), register[O](t, c, "orders")
	plans, err := c.Plan(t.Context())
	require.NoError(t, err)
	var hazards []string
	var allow []schema.Allowance
	for _, plan := range plans {
		require.Empty(t, plan.Faults)
		for _, h := range plan.Refused(schema.Policy{}) {
			hazards = append(hazards, plan.Table.Name+" "+h.String())
			allow = append(allow, schema.Allowance{Hazard: h.Kind, Table: plan.Table.Name, Column: h.Columns[0], Reason: "coming from " + tool})
		}
	}
	require.Equal(t, needed, hazards)
	page := read(t, "howto/from-"+tool+".md")
	for _, line := range needed {
		require.Contains(t, page, "`"+line+"`")
	}
	if len(needed) > 0 {
		require.ErrorIs(t, c.EnsureAll(t.Context()), schema.ErrDestructive, "nothing happens before somebody has agreed")
	}
	require.NoError(t, adopt(t.Context(), c, allow...))
	require.NoError(t, c.EnsureAll(t.Context()))
	requireServed(t, c)

	_, err = users.Get(t.Context(), 1)
	require.NoError(t, err)
	_, err = orders.Get(t.Context(), 1)
	require.NoError(t, err)
	return users, orders
}

// requireServed holds that what still differs is harmless.
func requireServed(t *testing.T, c *coordinator.Coordinator) {
	plans, err := c.Plan(t.Context())
	require.NoError(t, err)
	for _, plan := range plans {
		require.Empty(t, plan.Blocking(), "%s", plan)
	}
}

func TestFromGORM(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db dialect.Dialect) {
		needed := []string{
			"users set-not-null(created_at)", "users set-not-null(updated_at)",
			"orders set-not-null(created_at)", "orders set-not-null(updated_at)",
		}
		if db.Name() == "sqlite" {
			needed = []string{
				"users retype-column(created_at)", "users set-not-null(created_at)", "users retype-column(updated_at)",
				"users set-not-null(updated_at)", "users retype-column(deleted_at)", "users add-check(email)",
				"orders retype-column(created_at)", "orders set-not-null(created_at)", "orders retype-column(updated_at)",
				"orders set-not-null(updated_at)", "orders retype-column(deleted_at)", "orders change-default(status)",
				"orders retype-column(paid)",
			}
		}
		users, orders := moveOver[gormUser, gormOrder](t, db, "gorm", needed)
		ada := gormUser{Email: "eve@example.org", Name: "Eve"}
		require.NoError(t, users.Create(t.Context(), &ada))
		require.Equal(t, int64(2), ada.ID, "the sequence goes on")
		require.NoError(t, orders.Delete(t.Context(), 1))
		require.Equal(t, int64(1), ask(t, db, "SELECT count(*) FROM orders WHERE deleted_at IS NOT NULL"), "marked, as GORM does it")
	})
}

func TestFromEnt(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db dialect.Dialect) {
		var needed []string
		if db.Name() == "sqlite" {
			needed = []string{"users retype-column(created_at)", "orders retype-column(paid)", "orders retype-column(lines)"}
		}
		_, orders := moveOver[entUser, entOrder](t, db, "ent", needed)
		order, err := orders.Get(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, []string{"tea"}, order.Lines)
		require.True(t, order.Paid)
	})
}

func TestFromGoose(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db dialect.Dialect) {
		moveOver[plainUser, plainOrder](t, db, "goose", plainNeeds(db))
		require.Equal(t, int64(2), ask(t, db, "SELECT count(*) FROM goose_db_version"), "left alone")
	})
}

func TestFromGolangMigrate(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db dialect.Dialect) {
		moveOver[plainUser, plainOrder](t, db, "golang-migrate", plainNeeds(db))
		require.Equal(t, int64(1), ask(t, db, "SELECT count(*) FROM schema_migrations"), "left alone")
	})
}

func plainNeeds(db dialect.Dialect) []string {
	if db.Name() == "sqlite" {
		return []string{"users retype-column(created_at)"}
	}
	return nil
}

// TestTimesOnSQLite is what existing-database.md says of times in other spellings.
func TestTimesOnSQLite(t *testing.T) {
	db := open(t)
	left(t, db, "goose")
	c := start(t, db, nil)
	users := register[respelled](t, c, "users")
	before, err := time.Parse(time.DateTime, time.Now().UTC().Format(time.DateTime))
	require.NoError(t, err)
	require.NoError(t, adopt(t.Context(), c, schema.Allowance{Hazard: schema.AnyHazard, Reason: "times are spelled anew"}))
	require.NoError(t, users.Create(t.Context(), &respelled{Email: "eve@example.org"}))
	rows, err := users.List(t.Context(), nodes.Query{OrderBy: []nodes.Order{nodes.Asc("created_at")}})
	require.NoError(t, err)
	require.WithinDuration(t, before, rows[0].CreatedAt, time.Hour)
	require.True(t, slices.IsSortedFunc(rows, func(a, b respelled) int { return a.CreatedAt.Compare(b.CreatedAt) }))
	require.Equal(t, int64(2), ask(t, db, "SELECT count(*) FROM users WHERE created_at LIKE '____-__-__ __:__:__.______'"), "one spelling")
	requireServed(t, c)
}
