package mysql_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

// numbers is the Many of a table of numbers, of which none may come twice. The server fills in the double of each.
type numbers struct{ columns []*schema.Column }

func newNumbers() *numbers { return &numbers{[]*schema.Column{{Name: "n", Kind: schema.KindInt64}}} }

const insertNumber = "INSERT INTO numbers (n) VALUES (?1) RETURNING n, twice"

func (*numbers) Table() string                                     { return `"numbers"` }
func (*numbers) SQL(bool) string                                   { return "" }
func (m *numbers) Columns() []*schema.Column                       { return m.columns }
func (*numbers) Back(bool) bool                                    { return true }
func (*numbers) Distinct(writes []*dialect.Write) []*dialect.Write { return writes }

func (*numbers) Rows(n int, lenient bool) string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf("(?%d)", i+1)
	}
	insert := "INSERT INTO numbers (n) VALUES " + strings.Join(values, ", ")
	if lenient {
		return mysql.Grammar{}.InsertNew(insert, "n", "n, twice")
	}
	return insert + " RETURNING n, twice"
}

// Receive wants the rows in the order in which they were sent.
func (*numbers) Receive(writes []*dialect.Write, rows dialect.Rows, lenient bool) (done []*dialect.Write, err error) {
	for _, w := range writes {
		if !rows.Next() {
			return nil, rows.Err()
		}
		row, stored := w.Row.(*numberRow), true
		if lenient {
			err = rows.Scan(&row.n, &row.twice, &stored)
		} else {
			err = row.Receive(rows)
		}
		if err = errors.Join(err, row.check()); err != nil {
			return nil, err
		}
		if w.Found = stored; stored {
			done = append(done, w)
		}
	}
	return done, nil
}

// numberRow is what a write's row is read into.
type numberRow struct{ sent, n, twice int64 }

func (r *numberRow) Receive(rows dialect.Rows) error {
	if err := rows.Scan(&r.n, &r.twice); err != nil {
		return err
	}
	return r.check()
}

func (r *numberRow) check() error {
	if r.n != r.sent || r.twice != 2*r.n {
		return fmt.Errorf("%d came back for %d, and twice is %d", r.n, r.sent, r.twice)
	}
	return nil
}

// newNumberWrites gives writes that are done together.
func newNumberWrites(many dialect.Many, from, to int) (out []*dialect.Write) {
	for n := from; n < to; n++ {
		out = append(out, &dialect.Write{
			SQL: insertNumber, Args: []any{int64(n)}, Back: true, Row: &numberRow{sent: int64(n)}, Many: many,
		})
	}
	return out
}

// onNumbers gives a database with an empty table of numbers.
func onNumbers(t *testing.T, address string) *mysql.DB {
	d := open(t, address)
	exec(t, d, "CREATE TABLE numbers (n bigint PRIMARY KEY, twice bigint AS (2 * n) STORED)")
	return d
}

func one(t *testing.T, d *mysql.DB, text string) (n int64) {
	t.Helper()
	_, err := dialect.QueryRow(t.Context(), d.Reader(), text, nil, &n)
	require.NoError(t, err)
	return n
}

func batch(ctx context.Context, d *mysql.DB, writes []*dialect.Write) {
	d.Batch(ctx, func() []*dialect.Write { return writes })
}

// requireStored asks the writes and the table.
func requireStored(t *testing.T, d *mysql.DB, writes []*dialect.Write) {
	t.Helper()
	for _, w := range writes {
		ok, err := w.Settled()
		require.NoError(t, err)
		require.True(t, ok)
		require.True(t, w.Found)
		require.EqualValues(t, 2*w.Args[0].(int64), w.Row.(*numberRow).twice)
	}
	require.EqualValues(t, len(writes), one(t, d, "SELECT count(*) FROM numbers"))
}

// TestBatchOnAPoolOfTheCallers leaves its connections as they were.
func TestBatchOnAPoolOfTheCallers(t *testing.T) {
	address := mysqltest.Open(t)
	onNumbers(t, address)
	connector, err := mysql.Connector(address)
	require.NoError(t, err)
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(2)
	pool.SetMaxIdleConns(1)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	d, err := mysql.New(t.Context(), pool, nil)
	require.NoError(t, err)
	writes := newNumberWrites(newNumbers(), 0, 100)
	batch(t.Context(), d, writes)
	requireStored(t, d, writes)
	require.EqualValues(t, 1, one(t, d, "SELECT @@autocommit"))
	require.Positive(t, one(t, d, "SELECT @@innodb_lock_wait_timeout"))
}

// TestBatchIsFewStatements counts them on the server.
func TestBatchIsFewStatements(t *testing.T) {
	d := onNumbers(t, mysqltest.Open(t))
	const sum = "SELECT CAST(sum(variable_value) AS SIGNED) FROM information_schema.global_status WHERE variable_name = "
	inserts, commits := one(t, d, sum+"'Com_insert'"), one(t, d, sum+"'Com_commit'")
	writes := newNumberWrites(newNumbers(), 0, 1100)
	batch(t.Context(), d, writes)
	require.EqualValues(t, 3, one(t, d, sum+"'Com_insert'")-inserts, "1,024 rows, 64 and 12")
	require.EqualValues(t, 1, one(t, d, sum+"'Com_commit'")-commits)
	requireStored(t, d, writes)
}

// TestBatchWaitsForNoLock: who holds it may be the caller of a write of the same batch.
func TestBatchWaitsForNoLock(t *testing.T) {
	d := onNumbers(t, mysqltest.Open(t))
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "INSERT INTO numbers (n) VALUES (70)")
	require.NoError(t, err)
	writes := newNumberWrites(newNumbers(), 0, 100)
	batch(t.Context(), d, writes)
	require.False(t, writes[70].Done())
	require.NoError(t, tx.Rollback(t.Context()))
	requireStored(t, d, append(writes[:70:70], writes[71:]...))
}

// TestBatchGoesOnWithoutADeadlock: what the server has ended the transaction for is left to its caller, and all else is stored once.
func TestBatchGoesOnWithoutADeadlock(t *testing.T) {
	d := onNumbers(t, mysqltest.Open(t))
	exec(t, d, `CREATE TRIGGER deadlock BEFORE INSERT ON numbers FOR EACH ROW BEGIN
		IF NEW.n = 70 THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END IF; END`)
	writes := newNumberWrites(newNumbers(), 0, 100)
	single := newNumberWrites(nil, 100, 103)
	batch(t.Context(), d, append(single, writes...))
	require.False(t, writes[70].Done())
	requireStored(t, d, append(append(writes[:70:70], writes[71:]...), single...))
}

// TestBatchWhoseTimeHasEnded leaves nothing behind.
func TestBatchWhoseTimeHasEnded(t *testing.T) {
	d := onNumbers(t, mysqltest.Open(t))
	ctx, cancel := context.WithCancel(t.Context())
	writes := newNumberWrites(newNumbers(), 0, 100)
	d.Batch(ctx, func() []*dialect.Write { cancel(); return writes })
	for _, w := range writes {
		require.False(t, w.Done())
	}
	batch(t.Context(), d, writes)
	requireStored(t, d, writes)
}

// TestBatchWhoseCommitIsLost: the connection is cut when the commit is on its way.
func TestBatchWhoseCommitIsLost(t *testing.T) {
	address := mysqltest.Open(t)
	direct := onNumbers(t, address)
	cut := newCutter(t, address, "COMMIT")
	d := open(t, cut.address)
	writes := newNumberWrites(newNumbers(), 0, 100)
	batch(t.Context(), d, writes)
	for _, w := range writes {
		ok, err := w.Settled()
		require.True(t, ok)
		require.ErrorIs(t, err, schema.ErrOutcomeUnknown)
	}
	again := newNumberWrites(newNumbers(), 100, 200)
	batch(t.Context(), d, again) // on another connection
	for _, w := range again {
		ok, err := w.Settled()
		require.True(t, ok)
		require.NoError(t, err)
	}
	require.EqualValues(t, 100, one(t, direct, "SELECT count(*) FROM numbers WHERE n >= 100"))
}

// TestRowsThatGoBeyondAPacket stores 20 MB by one statement where the server takes 16 at once.
func TestRowsThatGoBeyondAPacket(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	exec(t, d, "CREATE TABLE numbers (n bigint PRIMARY KEY, twice bigint AS (2 * n) STORED, body longblob)")
	values, args := make([]string, 40), make([]any, 0, 80)
	for i := range values {
		values[i] = fmt.Sprintf("(?%d, ?%d)", 2*i+1, 2*i+2)
		args = append(args, i, bytes.Repeat([]byte{'a'}, 500_000))
	}
	n, err := d.Writer().Exec(t.Context(), "INSERT INTO numbers (n, body) VALUES "+strings.Join(values, ", "), args...)
	require.NoError(t, err)
	require.EqualValues(t, 40, n)
	require.EqualValues(t, 20_000_000, one(t, d, "SELECT CAST(sum(length(body)) AS SIGNED) FROM numbers"))
}

// TestAnInsertWhoseAnswerIsLost is one of which nobody knows whether it was done.
func TestAnInsertWhoseAnswerIsLost(t *testing.T) {
	address := mysqltest.Open(t)
	onNumbers(t, address)
	cut := newCutter(t, address, "lost for good")
	d := open(t, cut.address)
	var n int64
	_, err := dialect.QueryRow(t.Context(), d.Writer(), "INSERT INTO numbers (n) VALUES (length(?1)) RETURNING n", []any{"lost for good"}, &n)
	require.ErrorIs(t, err, schema.ErrOutcomeUnknown)
}

// TestAWriteThatNeverGotAConnection was not done, and its caller hears no more than that its time has ended.
func TestAWriteThatNeverGotAConnection(t *testing.T) {
	d, err := mysql.Open(t.Context(), mysqltest.Open(t), &mysql.Config{MaxConns: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = d.Writer().Exec(ctx, "DO ?1", 1)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, schema.ErrOutcomeUnknown)
	require.NoError(t, tx.Rollback(t.Context()))
}

// TestStatementsStayPrepared counts them on the server, and has it forget them.
func TestStatementsStayPrepared(t *testing.T) {
	d := onNumbers(t, mysqltest.Open(t))
	const sum = "SELECT CAST(sum(variable_value) AS SIGNED) FROM information_schema.global_status WHERE variable_name = 'Com_stmt_prepare'"
	before := one(t, d, sum)
	for n := range 10 {
		_, err := d.Writer().Exec(t.Context(), "INSERT INTO numbers (n) VALUES (?1)", n)
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, one(t, d, sum)-before)
	for n := range 300 { // more texts than a connection keeps
		_, err := d.Writer().Exec(t.Context(), fmt.Sprintf("DELETE FROM numbers WHERE n = ?1 AND n <> -%d", n+1), n)
		require.NoError(t, err)
	}
	require.Zero(t, one(t, d, "SELECT count(*) FROM numbers"))
	const kept = "SELECT CAST(sum(variable_value) AS SIGNED) FROM information_schema.global_status WHERE variable_name = 'Prepared_stmt_count'"
	require.LessOrEqual(t, one(t, d, kept), int64(200))
}

// cutter is a way to a server that ends, the first time that a text goes over it, before the answer.
type cutter struct {
	address string
	text    []byte
	once    sync.Once
}

func newCutter(t *testing.T, address, text string) *cutter {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &cutter{text: []byte(text)}
	var lines sync.WaitGroup
	server := u.Host
	lines.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", server)
			if err != nil {
				_ = from.Close()
				continue
			}
			lines.Go(func() { c.relay(from, to) })
		}
	})
	u.Host = listener.Addr().String()
	c.address = u.String()
	t.Cleanup(func() {
		_ = listener.Close()
		lines.Wait()
	})
	return c
}

// relay carries both ways until either ends.
func (c *cutter) relay(from, to net.Conn) {
	end := func() { _, _ = from.Close(), to.Close() }
	var back sync.WaitGroup
	back.Go(func() {
		defer end()
		_, _ = io.Copy(from, to)
	})
	defer back.Wait()
	defer end()
	part := make([]byte, 64<<10)
	for {
		n, err := from.Read(part)
		cut := false
		if bytes.Contains(part[:n], c.text) {
			c.once.Do(func() { cut = true })
		}
		if cut {
			_ = from.Close()
		}
		if _, failed := to.Write(part[:n]); failed != nil || err != nil || cut {
			return
		}
	}
}
