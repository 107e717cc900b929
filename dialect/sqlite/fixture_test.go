package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// fresh opens a new file.
func fresh(t testing.TB) *DB { return open(t, filepath.Join(t.TempDir(), "a.db"), nil) }

// open opens a path and closes it with the test.
func open(t testing.TB, path string, cfg *Config) *DB {
	t.Helper()
	d, err := Open(t.Context(), path, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// run runs statements on the writer.
func run(t testing.TB, d *DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		_, err := d.Writer().Exec(t.Context(), s)
		require.NoError(t, err, s)
	}
}

// one reads one value.
func one[T any](t testing.TB, q dialect.Querier, text string, args ...any) T {
	t.Helper()
	var out T
	found, err := dialect.QueryRow(t.Context(), q, text, args, &out)
	require.NoError(t, err, text)
	require.True(t, found, text)
	return out
}

func nothing(context.Context, dialect.Tx) error { return nil }

// model makes a table of T.
func model[T any](t testing.TB, opts ...schema.TableOption) *schema.Table {
	t.Helper()
	m, err := schema.TableOf[T](opts...)
	require.NoError(t, err)
	return m
}

func errorIsAny(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}
