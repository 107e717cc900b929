package dialecttest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// store reads and writes rows of one table through the statements that the library uses, and nothing else of it.
type store[T any] struct {
	d     dialect.Dialect
	table *schema.Table
	sql   *dialect.Statements
	rows  *schema.Accessor[T]
}

// modelOf makes a table.
func modelOf[T any](t *testing.T, opts ...schema.TableOption) *schema.Table {
	t.Helper()
	table, err := schema.TableOf[T](opts...)
	require.NoError(t, err)
	return table
}

// storeOf makes a table in the database and its store.
func storeOf[T any](t *testing.T, d dialect.Dialect, opts ...schema.TableOption) *store[T] {
	t.Helper()
	table := modelOf[T](t, opts...)
	create(t, d, table)
	return attach[T](t, d, table)
}

// attach makes a store for a table that is there.
func attach[T any](t *testing.T, d dialect.Dialect, table *schema.Table) *store[T] {
	t.Helper()
	rows, err := schema.AccessorOf[T](table)
	require.NoError(t, err)
	return &store[T]{d: d, table: table, sql: dialect.NewStatements(d, table), rows: rows}
}

// create makes tables as the library does: under their locks, foreign keys last.
func create(t tester, d dialect.Dialect, tables ...*schema.Table) {
	t.Helper()
	require.NoError(t, d.Locked(t.Context(), refsOf(tables), func(ctx context.Context, tx dialect.Tx) error {
		return apply(ctx, d, tx, tables...)
	}))
}

func apply(ctx context.Context, d dialect.Dialect, tx dialect.Tx, tables ...*schema.Table) error {
	for _, deferred := range []bool{false, true} {
		for _, table := range tables {
			for _, st := range d.Create(table).Statements {
				if st.Deferred != deferred {
					continue
				}
				if _, err := tx.Exec(ctx, st.SQL); err != nil {
					return errors.Join(errors.New(st.SQL), err)
				}
			}
		}
	}
	return nil
}

func refsOf(tables []*schema.Table) []schema.Ref {
	refs := make([]schema.Ref, len(tables))
	for i, table := range tables {
		refs[i] = table.Ref()
	}
	return refs
}

// exec runs SQL of the test's own.
func exec(t tester, d dialect.Dialect, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		_, err := d.Writer().Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
}

// bind gives the values of columns as a driver takes them. Zero fields with a default become nil when inserting.
func (s *store[T]) bind(row *T, columns []int, inserting bool) ([]any, error) {
	args := make([]any, len(columns))
	for i, at := range columns {
		c := &s.table.Columns()[at]
		if inserting && c.Default != "" && s.rows.Zero(row, at) {
			continue
		}
		value, err := s.rows.Value(row, at)
		if err != nil {
			return nil, err
		}
		if encode := s.d.Encoder(c); encode != nil && value != nil {
			value = encode(value)
		}
		args[i] = value
	}
	return args, nil
}

// run runs a statement for a row, scans what comes back into the row, and reports whether a row was touched.
func (s *store[T]) run(ctx context.Context, q dialect.Querier, st dialect.Statement, row *T, inserting bool) (bool, error) {
	args, err := s.bind(row, st.Bind, inserting)
	if err != nil {
		return false, err
	}
	if len(st.Return) == 0 {
		affected, err := q.Exec(ctx, st.SQL, args...)
		return affected == 1, classified(s.d, err)
	}
	scanner := s.rows.Scanner(st.Return)
	found, err := dialect.QueryRow(ctx, q, st.SQL, args, scanner.Dest(row)...)
	if err != nil || !found {
		return false, classified(s.d, err)
	}
	return true, scanner.Done()
}

// classified keeps a nil *schema.Error from becoming an error.
func classified(d dialect.Dialect, err error) error {
	if err == nil {
		return nil
	}
	return d.Classify(err)
}

func (s *store[T]) insertIn(ctx context.Context, q dialect.Querier, row *T) error {
	st := s.sql.Insert
	for i := range s.table.Columns() {
		if s.table.Columns()[i].Auto && s.rows.Zero(row, i) {
			st = s.sql.InsertAuto
		}
	}
	stored, err := s.run(ctx, q, st, row, true)
	if err == nil && !stored {
		err = errors.New("insert stored nothing and said nothing")
	}
	return err
}

func (s *store[T]) insert(ctx context.Context, row *T) error {
	return s.insertIn(ctx, s.d.Writer(), row)
}

func (s *store[T]) mustInsert(t *testing.T, rows ...*T) {
	t.Helper()
	for _, row := range rows {
		require.NoError(t, s.insert(t.Context(), row))
	}
}

// get reads the row with the key that row holds.
func (s *store[T]) get(ctx context.Context, row *T) (*T, error) {
	out := new(T)
	*out = *row
	found, err := s.run(ctx, s.d.Reader(), s.sql.Get, out, false)
	if err != nil || !found {
		return nil, err
	}
	return out, nil
}

func (s *store[T]) mustGet(t *testing.T, key *T) *T {
	t.Helper()
	row, err := s.get(t.Context(), key)
	require.NoError(t, err)
	require.NotNil(t, row, "row is missing")
	return row
}

func (s *store[T]) update(ctx context.Context, row *T) (bool, error) {
	return s.run(ctx, s.d.Writer(), s.sql.Update, row, false)
}

func (s *store[T]) delete(ctx context.Context, row *T) (bool, error) {
	return s.run(ctx, s.d.Writer(), s.sql.Delete, row, false)
}

// list reads all rows that match.
func (s *store[T]) list(ctx context.Context, where dialect.Cond, order []dialect.Order, limit, offset int) ([]T, error) {
	sql, args, err := s.sql.Select("list", where, order, limit, offset)
	if err != nil {
		return nil, err
	}
	return s.query(ctx, s.d.Reader(), sql, args)
}

// query reads rows of all columns.
func (s *store[T]) query(ctx context.Context, q dialect.Querier, sql string, args []any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, classified(s.d, err)
	}
	defer func() { _ = rows.Close() }()
	every := make([]int, len(s.table.Columns()))
	for i := range every {
		every[i] = i
	}
	scanner := s.rows.Scanner(every)
	var out []T
	for rows.Next() {
		var row T
		if err := errors.Join(rows.Scan(scanner.Dest(&row)...), scanner.Done()); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, classified(s.d, errors.Join(rows.Close(), rows.Err()))
}

func (s *store[T]) mustList(t *testing.T, where dialect.Cond, order ...dialect.Order) []T {
	t.Helper()
	rows, err := s.list(t.Context(), where, order, 0, 0)
	require.NoError(t, err)
	return rows
}

func (s *store[T]) count(ctx context.Context, where dialect.Cond) (n int64, err error) {
	sql, args, err := s.sql.Count("count", where)
	if err != nil {
		return 0, err
	}
	_, err = dialect.QueryRow(ctx, s.d.Reader(), sql, args, &n)
	return n, classified(s.d, err)
}

// inspect reads one live table, nil for a missing one.
func inspect(t tester, d dialect.Dialect, ref schema.Ref) *schema.Live {
	t.Helper()
	lives, err := d.Inspect(t.Context(), d.Reader(), ref)
	require.NoError(t, err)
	require.Len(t, lives, 1)
	return lives[0]
}

// born reads a model as the server would have made it.
func born(t tester, d dialect.Dialect, model *schema.Table) *schema.Live {
	t.Helper()
	var out *schema.Live
	require.NoError(t, d.Locked(t.Context(), []schema.Ref{model.Ref()}, func(ctx context.Context, tx dialect.Tx) (err error) {
		out, err = d.Born(ctx, tx, model)
		return err
	}))
	require.NotNil(t, out)
	return out
}

// pointer gives a pointer to a copy.
func pointer[V any](v V) *V { return &v }
