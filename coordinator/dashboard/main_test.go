package dashboard_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/dashboard"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m))) }

// patience is how long anything may take that a test waits for.
const patience = time.Minute

// Parcel, ParcelV2 and ParcelV3 are one table as three versions of a program have it: the second adds, the third drops.
type Parcel struct {
	ID     int64  `db:"id"     schema:"pk"`
	Label  string `db:"label"  schema:"unique"`
	Weight int64  `db:"weight" schema:"check=weight > 0"`
}

type ParcelV2 struct {
	ID     int64   `db:"id"     schema:"pk"`
	Label  string  `db:"label"  schema:"unique"`
	Weight int64   `db:"weight" schema:"check=weight > 0"`
	Note   *string `db:"note"   schema:"size=200"`
	Place  string  `db:"place"  schema:"default='depot',index"`
}

type ParcelV3 struct {
	ID    int64   `db:"id"    schema:"pk"`
	Label string  `db:"label" schema:"unique"`
	Note  *string `db:"note"  schema:"size=200"`
	Place string  `db:"place" schema:"default='depot',index"`
}

// database is one fresh database; each open is a program of its own.
type database struct {
	name, address string
}

// eachSort runs a test on a file and on a server: a page in a browser does not depend on more.
func eachSort(t *testing.T, test func(t *testing.T, db database)) {
	t.Run("sqlite", func(t *testing.T) { test(t, onSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, database{name: "postgres", address: postgrestest.Open(t)}) })
}

func eachDatabase(t *testing.T, test func(t *testing.T, db database)) {
	eachSort(t, test)
	t.Run("mysql", func(t *testing.T) { test(t, database{name: "mysql", address: mysqltest.Open(t)}) })
}

func onSQLite(t testing.TB) database {
	return database{name: "sqlite", address: filepath.Join(t.TempDir(), "test.db")}
}

// connect opens the database and a coordinator on it.
func (db database) connect(t testing.TB, cfg *coordinator.Config) (*coordinator.Coordinator, dialect.Dialect) {
	var d dialect.Dialect
	var err error
	switch db.name {
	case "postgres":
		d, err = postgres.Open(t.Context(), db.address, nil)
	case "mysql":
		d, err = mysql.Open(t.Context(), db.address, nil)
	default:
		d, err = sqlite.Open(t.Context(), db.address, nil)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	c, err := coordinator.New(d, cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, c.Close(ctx))
	})
	return c, d
}

func register[T any](t testing.TB, c *coordinator.Coordinator, name string, opts ...schema.TableOption) {
	_, err := coordinator.Register[T, int64](c, append(opts, schema.Named(name))...)
	require.NoError(t, err)
}

// serve mounts a dashboard at its prefix and gives the page's address.
func serve(t testing.TB, source dashboard.Source, cfg *dashboard.Config) (*dashboard.Handler, string) {
	h, err := dashboard.New(source, cfg)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/schema/", h)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, h.Close(ctx))
		server.Close()
	})
	return h, server.URL + "/schema/"
}

// postWith asks for an action in a context of its own.
func postWith(ctx context.Context, address, body string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Badge", "42")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// deafDatabase is a source whose database does not answer.
type deafDatabase struct{ dashboard.Source }

func (deafDatabase) History(ctx context.Context, _ string) ([]schema.Revision, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
