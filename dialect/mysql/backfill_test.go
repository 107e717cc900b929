package mysql_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

type entry struct {
	Book   string    `db:"book"   schema:"pk,size=20"`
	Amount string    `db:"amount" schema:"pk,type=decimal,precision=20,scale=2"`
	At     time.Time `db:"at"     schema:"pk"`
	Old    *int64    `db:"old"`
}

type entryWithMore struct {
	Book   string    `db:"book"   schema:"pk,size=20"`
	Amount string    `db:"amount" schema:"pk,type=decimal,precision=20,scale=2"`
	At     time.Time `db:"at"     schema:"pk"`
	Old    *int64    `db:"old"`
	Twice  *int64    `db:"twice"  schema:"backfill=old * 2,default=7,comment=two of old"`
	Made   time.Time `db:"made"   schema:"default=now"`
	Day    time.Time `db:"day"    schema:"type=date,default=now"`
	Needed int64     `db:"needed" schema:"backfill=old * 3,default=8"`
	Length *int64    `db:"length" schema:"default=(char_length('abc') + old)"`
}

// many is how many rows the table of entries gets: three batches.
const many = 2500

func entries(t *testing.T, d *mysql.DB) {
	t.Helper()
	exec(t, d, d.Create(tableOf[entry](t)).Statements[0].SQL,
		fmt.Sprintf(`INSERT INTO entries SELECT concat('a"', seq %% 7), 123456789012345678 + (seq DIV 2) / 100, '2026-01-02 03:04:05.000001' + INTERVAL seq %% 2 MICROSECOND, seq
		FROM seq_1_to_%d`, many))
}

func number(t *testing.T, d *mysql.DB, query string) (n int64) {
	t.Helper()
	_, err := dialect.QueryRow(t.Context(), d.Reader(), query, nil, &n)
	require.NoError(t, err)
	return n
}

// Columns that may be NULL, and the time, come to a large table without its being written anew: there is no hazard.
func TestColumnsAreFilledInBatches(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	entries(t, d)
	model := tableOf[entryWithMore](t, schema.Named("entries"))
	plan := planned(t, d, model, many)
	require.Empty(t, plan.Hazards(), plan.String())
	var told []int64
	batched := 0
	for i, step := range plan.Steps() {
		require.NoError(t, d.Step(t.Context(), step, func(rows int64) { told = append(told, rows) }), step[0].SQL)
		if step[0].Mode == schema.ModeBatches {
			batched++
		}
		if rest := planned(t, d, model, many); i < len(plan.Steps())-1 {
			// Whatever interrupts it, the rest is known, and no more of a hazard.
			require.NotEmpty(t, rest.Statements, step[0].SQL)
			require.Empty(t, rest.Hazards(), rest.String())
		} else {
			require.True(t, rest.Empty(), rest.String())
		}
	}
	require.Equal(t, 3, batched, plan.String())
	require.Equal(t, []int64{1000, 2000, 2500, 1000, 2000, 2500, 1000, 2000, 2500}, told)
	require.EqualValues(t, many, number(t, d, "SELECT count(*) FROM entries WHERE twice = 2 * old AND needed = 3 * old AND length = old + 3 AND day = cast(made AS date) "+
		"AND made BETWEEN utc_timestamp() - INTERVAL 1 HOUR AND utc_timestamp() + INTERVAL 1 HOUR"))
	exec(t, d, "INSERT INTO entries (book, amount, at, old) VALUES ('new', 1, '2026-01-01', 5)")
	require.EqualValues(t, 1, number(t, d, "SELECT count(*) FROM entries WHERE book = 'new' AND twice = 7 AND needed = 8 AND length = 8"))
}

// Nothing tells of an interrupted plan once there is nothing left to fill, either.
func TestAnInterruptedFillEndsWithoutRows(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	entries(t, d)
	model := tableOf[entryWithMore](t, schema.Named("entries"))
	require.NoError(t, d.Step(t.Context(), planned(t, d, model, many).Steps()[0], nil))
	exec(t, d, "TRUNCATE TABLE entries")
	rest := planned(t, d, model, 0)
	require.Empty(t, rest.Hazards(), rest.String())
	for _, s := range rest.Statements {
		exec(t, d, s.SQL)
	}
	require.True(t, planned(t, d, model, 0).Empty(), planned(t, d, model, 0).String())
	born, err := d.Born(t.Context(), nil, model)
	require.NoError(t, err)
	lives, err := d.Inspect(t.Context(), d.Reader(), model.Ref())
	require.NoError(t, err)
	require.Empty(t, schema.Diff(born, lives[0]))
}

// A batch waits for who is at work on its rows, and each is final by itself.
func TestABatchIsATransaction(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	entries(t, d)
	exec(t, d, "UPDATE entries SET old = NULL")
	type filled struct {
		Book   string    `db:"book"   schema:"pk,size=20"`
		Amount string    `db:"amount" schema:"pk,type=decimal,precision=20,scale=2"`
		At     time.Time `db:"at"     schema:"pk"`
		Old    int64     `db:"old"    schema:"backfill=9"`
	}
	model := tableOf[filled](t, schema.Named("entries"))
	plan := planned(t, d, model, many)
	at := 0
	for plan.Statements[at].Mode != schema.ModeBatches {
		at++
	}
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "UPDATE entries SET old = 1 ORDER BY book DESC, amount DESC, at DESC LIMIT 1")
	require.NoError(t, err)
	var seen []int64
	require.NoError(t, d.Step(t.Context(), plan.Statements[at:at+1], func(rows int64) {
		if seen = append(seen, rows); rows == 2000 {
			// The last batch finds its last row locked.
			require.EqualValues(t, 2000, number(t, d, "SELECT count(*) FROM entries WHERE old = 9"))
			require.NoError(t, tx.Commit(t.Context()))
		}
	}))
	require.Equal(t, []int64{1000, 2000, 2500}, seen)
	require.EqualValues(t, many-1, number(t, d, "SELECT count(*) FROM entries WHERE old = 9"))
	carry(t, d, model, planned(t, d, model, many))
}

// The server finds the rows of a batch by the key, wherever they are.
func TestABatchReadsItsRowsOnly(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	entries(t, d)
	plan := planned(t, d, tableOf[entryWithMore](t, schema.Named("entries")), many)
	exec(t, d, "ALTER TABLE entries ADD COLUMN twice bigint, ADD COLUMN length bigint, ADD COLUMN needed bigint")
	at := []any{`a"3`, "123456789012345680.01", "2026-01-02 03:04:05.000001"}
	seen := 0
	for _, s := range plan.Statements {
		if s.Mode != schema.ModeBatches {
			continue
		}
		page, update, _ := strings.Cut(s.Next, "/* schemactor: and these rows */")
		for text, args := range map[string][]any{page: at, update: append(at, `a"4`, "123456789012345679.01", at[2])} {
			var how string
			_, err := dialect.QueryRow(t.Context(), d.Reader(), "EXPLAIN FORMAT=JSON "+text, args, &how)
			require.NoError(t, err)
			require.Contains(t, how, `"access_type": "range"`, how)
			seen++
		}
	}
	require.Equal(t, 6, seen)
}
