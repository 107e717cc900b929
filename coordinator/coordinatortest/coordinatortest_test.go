package coordinatortest_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/coordinatortest"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/internal/shop"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/mysqltest"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/postgrestest"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/sqlitetest"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/schema"
)

var (
	files   = sqlitetest.New(shop.Register, nil)
	servers = postgrestest.New(shop.Register, nil)
	marias  = mysqltest.New(shop.Register, nil)
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m, servers), marias))
}

// laterOrder is the next version's: a column more, and one that may be NULL no longer.
type laterOrder struct {
	ID     int64   `schema:"pk,auto"`
	UserID int64   `schema:"references=users.id,index"`
	Status string  `schema:"enum=open|paid,default='open'"`
	Note   *string `schema:"size=2000"`
}

// strictOrder wants what rows that are there cannot have.
type strictOrder struct {
	ID     int64  `schema:"pk,auto"`
	UserID int64  `schema:"references=users.id,index"`
	Status string `schema:"enum=open|paid,default='open'"`
	Note   string `schema:"unique"`
}

// next is the next version of the program, on a database that the present one has made.
func next[T any](t *testing.T, d dialect.Dialect) *coordinator.Coordinator {
	c, err := coordinator.New(d, &coordinator.Config{News: coordinator.NewsOff})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
	_, err = coordinator.Register[shop.User, int64](c)
	require.NoError(t, err)
	_, err = coordinator.Register[T, int64](c, schema.Named("orders"))
	require.NoError(t, err)
	return c
}

// eachDatabase runs a test on a copy of each database.
func eachDatabase(t *testing.T, test func(t *testing.T, d dialect.Dialect, c *coordinator.Coordinator, s *shop.Shop)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		db := files.Open(t)
		test(t, db.Dialect, db.Coordinator, db.Nodes)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := servers.Open(t)
		test(t, db.Dialect, db.Coordinator, db.Nodes)
	})
	t.Run("mysql", func(t *testing.T) {
		t.Parallel()
		db := marias.Open(t)
		test(t, db.Dialect, db.Coordinator, db.Nodes)
	})
}

func TestPlanIsThatOfTheGoldenFile(t *testing.T) {
	eachDatabase(t, func(t *testing.T, d dialect.Dialect, _ *coordinator.Coordinator, _ *shop.Shop) {
		coordinatortest.Plan(t, next[laterOrder](t, d), filepath.Join("testdata", "later."+d.Name()+".golden"))
	})
}

func TestPlanOfAnEmptyDatabaseIsTheSchema(t *testing.T) {
	db, err := sqlite.Open(t.Context(), ":memory:", nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	coordinatortest.Plan(t, next[laterOrder](t, db), filepath.Join("testdata", "schema.sqlite.golden"))
}

func TestPlanTellsTheDifference(t *testing.T) {
	db := files.Open(t)
	c := next[laterOrder](t, db.Dialect)
	golden := filepath.Join(t.TempDir(), "new", "plan.golden")

	text := shop.Failure(t, func(tb testing.TB) { coordinatortest.Plan(tb, c, golden) })
	require.Contains(t, text, "there is no "+golden)
	require.Contains(t, text, "ADD COLUMN")

	t.Setenv("SCHEMACTOR_UPDATE", "1")
	coordinatortest.Plan(t, c, golden)
	t.Setenv("SCHEMACTOR_UPDATE", "")
	coordinatortest.Plan(t, c, golden)

	plan, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(golden, append(plan, "orders: something else\n"...), 0o600))
	text = shop.Failure(t, func(tb testing.TB) { coordinatortest.Plan(tb, c, golden) })
	require.Contains(t, text, "\n-orders: something else\n")
	require.NotContains(t, text, "\n-users", "only what differs is marked")
}

func TestRequirements(t *testing.T) {
	eachDatabase(t, func(t *testing.T, d dialect.Dialect, c *coordinator.Coordinator, s *shop.Shop) {
		coordinatortest.RequireMatch(t, c)
		coordinatortest.RequireNoDrift(t, c)
		user := shop.User{Email: "ada@example.org", Name: "Ada"}
		require.NoError(t, s.Users.Create(t.Context(), &user))
		require.NoError(t, s.Orders.Create(t.Context(), &shop.Order{UserID: user.ID}))

		later := next[laterOrder](t, d)
		coordinatortest.RequireAdditive(t, later)
		text := shop.Failure(t, func(tb testing.TB) { coordinatortest.RequireMatch(tb, later) })
		require.Contains(t, text, "missing column note")
		text = shop.Failure(t, func(tb testing.TB) { coordinatortest.RequireAdditive(tb, next[strictOrder](t, d)) })
		require.Contains(t, text, "hazard: add-unique(note)")

		_, err := d.Writer().Exec(t.Context(), "ALTER TABLE users ADD COLUMN age integer")
		require.NoError(t, err)
		text = shop.Failure(t, func(tb testing.TB) { coordinatortest.RequireNoDrift(tb, c) })
		require.Contains(t, text, "since the ledger: extra column age")
	})
}

// A test that forgot to register is one that cannot fail.
func TestNothingRegisteredIsNoSuccess(t *testing.T) {
	c, err := coordinator.New(files.Open(t).Dialect, &coordinator.Config{News: coordinator.NewsOff})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(t.Context())) }()
	for name, check := range map[string]func(testing.TB, *coordinator.Coordinator){
		"additive": coordinatortest.RequireAdditive, "match": coordinatortest.RequireMatch, "drift": coordinatortest.RequireNoDrift,
		"plan": func(tb testing.TB, c *coordinator.Coordinator) {
			coordinatortest.Plan(tb, c, filepath.Join("testdata", "later.sqlite.golden"))
		},
	} {
		text := shop.Failure(t, func(tb testing.TB) { check(tb, c) })
		require.Contains(t, text, "no table is registered", name)
	}
}
