package checker_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m))) }

// Parcel is the model of the tests.
type Parcel struct {
	ID     int64  `db:"id"     schema:"pk"`
	Label  string `db:"label"  schema:"unique"`
	Weight int64  `db:"weight" schema:"index,check=weight > 0"`
}

const parcels = 20

// world is a database whose table "parcels" was made in order and holds some rows.
type world struct {
	dialect.Dialect
	t       *testing.T
	address string
	model   *schema.Table
}

func openAt(t *testing.T, name, address string) dialect.Dialect {
	var d dialect.Dialect
	var err error
	switch name {
	case "postgres":
		d, err = postgres.Open(t.Context(), address, nil)
	case "mysql":
		d, err = mysql.Open(t.Context(), address, nil)
	default:
		d, err = sqlite.Open(t.Context(), address, nil)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// newWorld makes a world of its own.
func newWorld(t *testing.T, database string) *world {
	return makeWorld(t, database, freshAddress(t, database))
}

func freshAddress(t *testing.T, database string) string {
	switch database {
	case "postgres":
		return postgrestest.Open(t)
	case "mysql":
		return mysqltest.Open(t)
	}
	return filepath.Join(t.TempDir(), "test.db")
}

// makeWorld makes a world in an empty database.
func makeWorld(t *testing.T, database, address string) *world {
	w := &world{t: t, address: address, Dialect: openAt(t, database, address)}
	c, err := coordinator.New(w.Dialect, nil)
	require.NoError(t, err)
	node, err := coordinator.Register[Parcel, int64](c, schema.Named("parcels"))
	require.NoError(t, err)
	for id := range int64(parcels) {
		require.NoError(t, node.Create(t.Context(), &Parcel{ID: id, Label: "parcel " + string(rune('a'+id)), Weight: 1 + id}))
	}
	w.model = node.Table()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	require.NoError(t, c.Close(ctx))
	return w
}

// run executes statements.
func (w *world) run(statements ...string) {
	for _, sql := range statements {
		_, err := w.Writer().Exec(w.t.Context(), sql)
		require.NoError(w.t, err, sql)
	}
}

// wanted is what the table must be.
func (w *world) wanted() checker.Table {
	keys := make([]int64, parcels)
	for i := range keys {
		keys[i] = int64(i)
	}
	return checker.Table{Model: w.model, Applied: 1, Keys: keys}
}

func (w *world) check(table checker.Table, rules ...checker.Rule) *checker.Verdict {
	verdict, err := checker.Check(w.t.Context(), w, []checker.Table{table}, rules...)
	require.NoError(w.t, err)
	return verdict
}

// names gives the failed checks, each once.
func names(v *checker.Verdict) []string {
	var out []string
	for _, f := range v.Failed() {
		if len(out) == 0 || out[len(out)-1] != f.Check {
			out = append(out, f.Check)
		}
	}
	return out
}
