package mysql_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

// member has two keys by which a row can be in the way.
type member struct {
	ID   int64  `db:"id"   schema:"pk"`
	Code string `db:"code" schema:"unique,size=9"`
	N    int64  `db:"n"`
}

// ON DUPLICATE KEY UPDATE heeds every key; an upsert only the one that it names.
func TestUpsertHeedsTheKeyThatItNames(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	model := tableOf[member](t)
	exec(t, d, d.Create(model).Statements[0].SQL)
	byCode := dialect.NewStatements(d, model).Upsert(dialect.Conflict{Target: []int{1}, Set: []int{2}}, false)
	require.True(t, byCode.Told)
	upsert := func(q dialect.Querier, id int64, code string, n int64) (got member, fresh bool, err error) {
		_, err = dialect.QueryRow(t.Context(), q, byCode.SQL, []any{id, code, n}, &got.ID, &got.Code, &got.N, &fresh)
		if err != nil {
			err = d.Classify(err)
		}
		return got, fresh, err
	}
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
	for _, q := range []dialect.Querier{d.Writer(), tx} {
		exec(t, d, "DELETE FROM members")
		for _, c := range []struct {
			id    int64
			code  string
			n     int64
			want  member
			fresh bool
		}{
			{1, "a", 1, member{1, "a", 1}, true},
			{2, "b", 1, member{2, "b", 1}, true},
			{3, "a", 7, member{1, "a", 7}, false}, // its key is kept
			{3, "a", 7, member{1, "a", 7}, false}, // nothing changes, and it is there all the same
			{2, "a", 8, member{1, "a", 8}, false}, // the key of another row is no reason to change that one
			{1, "b", 9, member{2, "b", 9}, false},
		} {
			got, fresh, err := upsert(q, c.id, c.code, c.n)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.fresh, fresh)
		}
		_, _, err := upsert(q, 1, "c", 1)
		require.ErrorIs(t, err, schema.ErrDuplicate)
		e := d.Classify(err)
		require.Equal(t, "PRIMARY", e.Constraint)
		if q != dialect.Querier(tx) {
			continue
		}
		require.NoError(t, tx.Rollback(t.Context()))
	}
}

// ON DUPLICATE KEY says nothing of an index that is gone, and would insert a second row.
func TestUpsertNoticesThatItsIndexIsGone(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	model := tableOf[member](t)
	exec(t, d, d.Create(model).Statements[0].SQL)
	upsert := func(target, set int, id int64, code string) (fresh bool, err error) {
		var got member
		st := dialect.NewStatements(d, model).Upsert(dialect.Conflict{Target: []int{target}, Set: []int{set, 2}}, false)
		_, err = dialect.QueryRow(t.Context(), d.Writer(), st.SQL, []any{id, code, 1}, &got.ID, &got.Code, &got.N, &fresh)
		return fresh, err
	}
	byCode := func(id int64, code string) (bool, error) { return upsert(1, 2, id, code) }
	_, err := byCode(1, "a")
	require.NoError(t, err)

	index := d.Quote(schema.IndexName(model.Ref(), model.Indexes()[0]))
	exec(t, d, "ALTER TABLE members RENAME KEY "+index+` TO "another ""name"")"`)
	for range 2 {
		fresh, err := byCode(2, "a")
		require.NoError(t, err)
		require.False(t, fresh)
	}
	exec(t, d, `ALTER TABLE members DROP KEY "another ""name"")"`)
	_, err = byCode(2, "a")
	require.ErrorIs(t, d.Classify(err), schema.ErrMissing)
	exec(t, d, "ALTER TABLE members ADD UNIQUE KEY "+index+" (code)") // as healing does
	fresh, err := byCode(2, "b")
	require.NoError(t, err)
	require.True(t, fresh)

	exec(t, d, "ALTER TABLE members DROP PRIMARY KEY")
	_, err = upsert(0, 1, 1, "c")
	require.ErrorIs(t, d.Classify(err), schema.ErrMissing)
	var n int64
	_, err = dialect.QueryRow(t.Context(), d.Reader(), "SELECT count(*) FROM members", nil, &n)
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
}

// Whenever the caller of an upsert leaves: what was not done and may not be done later is the context's own error, and all else is
// an outcome that nobody knows.
func TestUpsertThatIsLeftTellsTheTruth(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	model := tableOf[account](t)
	exec(t, d, d.Create(model).Statements[0].SQL)
	upsert := dialect.NewStatements(d, model).Upsert(dialect.Conflict{Target: []int{0}, Set: []int{1}}, false)
	undone := make(map[int64]error)
	for id := range int64(600) {
		ctx, cancel := context.WithCancel(t.Context())
		leave := time.AfterFunc(rand.N(time.Millisecond), cancel)
		var got account
		var fresh bool
		_, err := dialect.QueryRow(ctx, d.Writer(), upsert.SQL, []any{id, 1}, &got.ID, &got.N, &fresh)
		leave.Stop()
		cancel()
		if err != nil && !errors.Is(d.Classify(err), schema.ErrOutcomeUnknown) {
			require.ErrorIs(t, err, context.Canceled)
			undone[id] = err
		}
	}
	rows, err := d.Reader().Query(t.Context(), "SELECT id FROM accounts")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var id int64
		require.NoError(t, rows.Scan(&id))
		require.NoError(t, undone[id], "it was done all the same")
	}
	require.NoError(t, rows.Err())
}

// What says that a row was updated is of a connection, which another database of the program may have used before.
func TestUpsertTellsTheTruthOnAPoolOfTwo(t *testing.T) {
	pool := poolOf(t, mysqltest.Open(t), 2)
	one, err := mysql.New(t.Context(), pool, nil)
	require.NoError(t, err)
	other, err := mysql.New(t.Context(), pool, nil)
	require.NoError(t, err)
	model := tableOf[account](t)
	exec(t, one, one.Create(model).Statements[0].SQL, "INSERT INTO accounts VALUES (0, 0)")
	upsert := dialect.NewStatements(one, model).Upsert(dialect.Conflict{Target: []int{0}, Set: []int{1}}, false)
	store := func(d dialect.Dialect, id int) (fresh bool) {
		var got account
		_, err := dialect.QueryRow(t.Context(), d.Writer(), upsert.SQL, []any{id, 1}, &got.ID, &got.N, &fresh)
		require.NoError(t, err)
		return fresh
	}
	for id := range 5 {
		require.False(t, store(one, 0))
		require.True(t, store(other, 2*id+1))
		require.True(t, store(other, 2*id+2))
	}
}
