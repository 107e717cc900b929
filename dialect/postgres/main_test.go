package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(postgrestest.Main(m)) }

// open gives the dialect on a database, closed with the test.
func open(t *testing.T, url string) *postgres.DB {
	t.Helper()
	d, err := postgres.Open(t.Context(), url, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// pool gives a pool of its own, after change had its say.
func pool(t *testing.T, url string, change func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	if change != nil {
		change(config)
	}
	p, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func tableOf[T any](t *testing.T, options ...schema.TableOption) *schema.Table {
	t.Helper()
	model, err := schema.TableOf[T](options...)
	require.NoError(t, err)
	return model
}

func exec(t *testing.T, d dialect.Dialect, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		_, err := d.Writer().Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
}

// create makes the tables of models by their plans.
func create(t *testing.T, d dialect.Dialect, models ...*schema.Table) {
	t.Helper()
	for _, deferred := range []bool{false, true} {
		for _, model := range models {
			for _, s := range d.Create(model).Statements {
				if s.Deferred == deferred {
					exec(t, d, s.SQL)
				}
			}
		}
	}
}

// inspect reads one table.
func inspect(t *testing.T, d dialect.Dialect, ref schema.Ref) *schema.Live {
	t.Helper()
	live, err := d.Inspect(t.Context(), d.Reader(), ref)
	require.NoError(t, err)
	return live[0]
}

// born gives the model as the server would make it.
func born(t *testing.T, d dialect.Dialect, model *schema.Table) *schema.Live {
	t.Helper()
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
	live, err := d.Born(t.Context(), tx, model)
	require.NoError(t, err)
	return live
}

// patience bounds what a test waits for; it is never reached where things work.
func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
