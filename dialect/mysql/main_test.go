package mysql_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/dialecttest"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(mysqltest.Main(m)) }

// open gives the dialect on a database, closed with the test.
func open(t *testing.T, url string) *mysql.DB {
	t.Helper()
	d, err := mysql.Open(t.Context(), url, nil)
	require.NoError(t, err, "%v", errors.Unwrap(err))
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func TestExercise(t *testing.T) {
	dialecttest.Exercise(t, func(t *testing.T) dialect.Dialect { return open(t, mysqltest.Open(t)) })
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
