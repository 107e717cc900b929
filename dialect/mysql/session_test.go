package mysql_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

// After a deadlock the server has no transaction any more: what follows in it would be committed by itself.
func TestADeadlockEndsTheTransaction(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	exec(t, d, d.Create(tableOf[account](t)).Statements[0].SQL, "INSERT INTO accounts VALUES (1, 0), (2, 0)")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	begin := func() dialect.Tx {
		tx, err := d.Begin(ctx)
		require.NoError(t, err)
		return tx
	}
	touch := func(tx dialect.Tx, id int) error {
		_, err := tx.Exec(ctx, "UPDATE accounts SET n = n + 1 WHERE id = ?", id)
		return err
	}
	one, other := begin(), begin()
	require.NoError(t, touch(one, 1))
	require.NoError(t, touch(other, 2))
	crossed := make(chan error, 1)
	go func() { crossed <- touch(one, 2) }()
	victims := map[dialect.Tx]error{other: touch(other, 1)}
	victims[one] = <-crossed
	ended := 0
	for tx, err := range victims {
		if err == nil {
			require.NoError(t, tx.Commit(ctx))
			continue
		}
		ended++
		require.ErrorIs(t, d.Classify(err), schema.ErrSerialization)
		require.ErrorIs(t, d.Classify(touch(tx, 1)), schema.ErrSerialization)
		require.ErrorIs(t, d.Classify(tx.Commit(ctx)), schema.ErrSerialization)
	}
	require.Equal(t, 1, ended)
	var sum int64
	_, err := dialect.QueryRow(ctx, d.Reader(), "SELECT sum(n) FROM accounts", nil, &sum)
	require.NoError(t, err)
	require.EqualValues(t, 2, sum)
}

// A lock ends with its connection, however that ends; the connections of others have nothing left of it.
func TestALockEndsWithItsConnection(t *testing.T) {
	address := mysqltest.Open(t)
	d, other := open(t, address), open(t, address)
	refs := []schema.Ref{{Name: "a"}}
	err := d.Locked(t.Context(), refs, func(ctx context.Context, tx dialect.Tx) error {
		var id int64
		if _, err := dialect.QueryRow(ctx, tx, "SELECT connection_id()", nil, &id); err != nil {
			return err
		}
		require.ErrorIs(t, other.Locked(ctx, refs, nothing), schema.ErrLockTimeout)
		_, err := other.Writer().Exec(ctx, "KILL ?", id)
		require.NoError(t, err)
		_, err = tx.Exec(ctx, "SELECT 1")
		return d.Classify(err)
	})
	require.ErrorIs(t, err, schema.ErrUnavailable)
	require.Eventually(t, func() bool { return other.Locked(t.Context(), refs, nothing) == nil }, time.Minute, time.Millisecond)
	for range 20 {
		require.NoError(t, d.Locked(t.Context(), refs, nothing))
	}
}

// A server may be told that a transaction ends with a lock that was waited for in vain: what follows in it would be committed by itself.
func TestATimeoutMayEndTheTransaction(t *testing.T) {
	for ends, server := range map[bool]*mysqltest.Server{
		true:  mysqltest.NewServer(t, "--innodb-lock-wait-timeout=1", "--innodb-rollback-on-timeout=1"),
		false: mysqltest.NewServer(t, "--innodb-lock-wait-timeout=1"),
	} {
		d, ctx := open(t, server.Open(t)), t.Context()
		exec(t, d, d.Create(tableOf[account](t)).Statements[0].SQL, "INSERT INTO accounts VALUES (1, 0)")
		holder, err := d.Begin(ctx)
		require.NoError(t, err)
		_, err = holder.Exec(ctx, "UPDATE accounts SET n = 1 WHERE id = 1")
		require.NoError(t, err)
		tx, err := d.Begin(ctx)
		require.NoError(t, err)
		_, err = tx.Exec(ctx, "INSERT INTO accounts VALUES (2, 0)")
		require.NoError(t, err)
		_, err = tx.Exec(ctx, "UPDATE accounts SET n = 2 WHERE id = 1")
		require.ErrorIs(t, d.Classify(err), schema.ErrLockTimeout)
		var want error
		if ends {
			want = schema.ErrSerialization
		}
		_, err = tx.Exec(ctx, "INSERT INTO accounts VALUES (3, 0)")
		require.ErrorIs(t, err, want)
		require.ErrorIs(t, tx.Commit(ctx), want)
		require.NoError(t, holder.Rollback(ctx))
		var n int64
		_, err = dialect.QueryRow(ctx, d.Reader(), "SELECT count(*) FROM accounts", nil, &n)
		require.NoError(t, err)
		require.EqualValues(t, map[bool]int{true: 1, false: 3}[ends], n)
		requireNoNumber(t, d)
	}
}

// requireNoNumber has somebody hold a counter: its statement has stored a row, and waits for the next. A transaction that waits in vain
// for a number is not committed, for the server may have ended it; and a batch leaves the row that wants one to its caller.
func requireNoNumber(t *testing.T, d *mysql.DB) {
	exec(t, d, "CREATE TABLE numbers (n bigint PRIMARY KEY, twice bigint AS (2 * n) STORED)",
		"CREATE TABLE counted (id bigint AUTO_INCREMENT PRIMARY KEY, n bigint)", "INSERT INTO accounts VALUES (11, 0), (12, 0)")
	blocker, err := d.Begin(t.Context())
	require.NoError(t, err)
	_, err = blocker.Exec(t.Context(), "UPDATE accounts SET n = 1 WHERE id = 12")
	require.NoError(t, err)
	held := make(chan error)
	go func() {
		_, err := d.Writer().Exec(t.Context(), "INSERT INTO counted (n) SELECT id FROM accounts WHERE id > 10 FOR UPDATE WAIT 60")
		held <- err
	}()
	require.Eventually(t, func() bool {
		return one(t, d, "SELECT CAST(variable_value AS SIGNED) FROM information_schema.global_status WHERE variable_name = 'Innodb_row_lock_current_waits'") > 0
	}, time.Minute, time.Millisecond)

	writes := newNumberWrites(newNumbers(), 0, 100)
	wanting := newNumberWrites(nil, 100, 101)[0]
	wanting.SQL = "INSERT INTO counted (n) VALUES (?1) RETURNING n, 2 * n"
	batch(t.Context(), d, append(writes, wanting))
	require.False(t, wanting.Done())
	requireStored(t, d, writes)

	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SET SESSION innodb_lock_wait_timeout = 0")
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "INSERT INTO numbers (n) VALUES (100)")
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "INSERT INTO counted (n) VALUES (100)")
	require.Error(t, err)
	require.ErrorIs(t, tx.Commit(t.Context()), schema.ErrSerialization)
	require.EqualValues(t, 100, one(t, d, "SELECT count(*) FROM numbers"))

	require.NoError(t, blocker.Rollback(t.Context()))
	require.NoError(t, <-held)
}

func nothing(context.Context, dialect.Tx) error { return nil }

// Two databases of a server have tables of the same name.
func TestLocksAreOfOneDatabase(t *testing.T) {
	one, other := open(t, mysqltest.Open(t)), open(t, mysqltest.Open(t))
	refs := []schema.Ref{{Name: "a"}}
	require.NoError(t, one.Locked(t.Context(), refs, func(ctx context.Context, _ dialect.Tx) error {
		return other.Locked(ctx, refs, nothing)
	}))
}

// The lock's name is the same for every program and every version of the library: the database and the table, hashed, for a name
// has no more than 64 characters. It is held by the connection on which the table is changed, and by it alone.
func TestTheLockIsOnTheConnectionThatMakesTheTable(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	model := tableOf[account](t)
	var database string
	_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT database()", nil, &database)
	require.NoError(t, err)
	name := fmt.Sprintf("schemactor %x", sha256.Sum256([]byte(database+"\x00accounts")))[:59]
	holder := func(ctx context.Context, q dialect.Querier) *int64 {
		var id *int64
		_, err := dialect.QueryRow(ctx, q, "SELECT IS_USED_LOCK(?)", []any{name}, &id)
		require.NoError(t, err)
		return id
	}
	require.NoError(t, d.Locked(t.Context(), []schema.Ref{model.Ref()}, func(ctx context.Context, tx dialect.Tx) error {
		if _, err := tx.Exec(ctx, d.Create(model).Statements[0].SQL); err != nil {
			return err
		}
		var own int64
		_, err := dialect.QueryRow(ctx, tx, "SELECT connection_id()", nil, &own)
		require.Equal(t, &own, holder(ctx, d.Reader()), "also after the table was made, which commits")
		return err
	}))
	require.Nil(t, holder(t.Context(), d.Reader()))
}

// What runs under the lock of one database may take a step in another one.
func TestAStepIsTakenInItsOwnDatabase(t *testing.T) {
	one, other := open(t, mysqltest.Open(t)), open(t, mysqltest.Open(t))
	model := tableOf[account](t)
	require.NoError(t, one.Locked(t.Context(), []schema.Ref{model.Ref()}, func(ctx context.Context, _ dialect.Tx) error {
		return other.Step(ctx, other.Create(model).Statements, nil)
	}))
	for _, d := range []dialect.Dialect{one, other} {
		lives, err := d.Inspect(t.Context(), d.Reader(), model.Ref())
		require.NoError(t, err)
		require.Equal(t, d == other, lives[0] != nil)
	}
}

// Who wants several locks of which somebody has one gets none, and leaves none behind.
func TestLocksAreTakenTogether(t *testing.T) {
	address := mysqltest.Open(t)
	d, other := open(t, address), open(t, address)
	a, b := schema.Ref{Name: "a"}, schema.Ref{Name: "b"}
	for _, held := range []schema.Ref{a, b} {
		require.NoError(t, d.Locked(t.Context(), []schema.Ref{held}, func(ctx context.Context, _ dialect.Tx) error {
			require.ErrorIs(t, other.Locked(ctx, []schema.Ref{a, b}, nothing), schema.ErrLockTimeout)
			return nil
		}))
		require.NoError(t, d.Locked(t.Context(), []schema.Ref{b, a}, nothing))
	}
}

// A change that the catalogue alone can say gives way to who uses the table, and keeps those who come later waiting no longer
// than a moment; it is carried out once the table is free.
func TestAnInstantChangeGivesWay(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	exec(t, d, d.Create(tableOf[account](t)).Statements[0].SQL)
	user, err := d.Begin(t.Context())
	require.NoError(t, err)
	_, err = user.Exec(t.Context(), "INSERT INTO accounts VALUES (1, 0)")
	require.NoError(t, err)
	step := []schema.Statement{{SQL: `ALTER TABLE accounts ADD COLUMN note longtext, ALGORITHM=INSTANT`, Mode: schema.ModeAlone}}
	given := func() (n int64) {
		_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT CAST(variable_value AS INTEGER) FROM information_schema.global_status"+
			" WHERE variable_name = 'Max_statement_time_exceeded'", nil, &n)
		require.NoError(t, err)
		return n
	}
	before := given()
	require.ErrorIs(t, d.Step(t.Context(), step, nil), schema.ErrLockTimeout)
	require.Greater(t, given(), before, "it has given way before the second that locks are waited for")
	require.NoError(t, user.Commit(t.Context()))
	require.NoError(t, d.Step(t.Context(), step, nil))
}

// Aside refuses to write, and its connection writes again afterwards.
func TestAsideWritesNothing(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	exec(t, d, d.Create(tableOf[account](t)).Statements[0].SQL)
	for range 20 {
		require.ErrorIs(t, d.Aside(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO accounts VALUES (1, 1)")
			return d.Classify(err)
		}), schema.ErrPermission)
	}
	for id := range 20 {
		_, err := d.Writer().Exec(t.Context(), "INSERT INTO accounts VALUES (?, 1)", id)
		require.NoError(t, err)
	}
}

// A batch waits for no lock, which its own caller may hold; the write is left to be run by itself.
func TestABatchWaitsForNoLock(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	exec(t, d, d.Create(tableOf[account](t)).Statements[0].SQL, "INSERT INTO accounts VALUES (1, 0), (2, 0)")
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "UPDATE accounts SET n = 1 WHERE id = 1")
	require.NoError(t, err)
	writes := make([]*dialect.Write, 3)
	for i, id := range []int64{2, 1, 3} {
		writes[i] = &dialect.Write{SQL: "INSERT INTO accounts VALUES (?1, 7) ON DUPLICATE KEY UPDATE n = VALUES(n)", Args: []any{id}}
	}
	d.Batch(t.Context(), func() []*dialect.Write { return writes })
	for i, want := range []bool{true, false, true} {
		done, err := writes[i].Settled()
		require.NoError(t, err)
		require.Equal(t, want, done)
	}
	require.NoError(t, tx.Commit(t.Context()))
	var sum int64
	_, err = dialect.QueryRow(t.Context(), d.Reader(), "SELECT sum(n) FROM accounts", nil, &sum)
	require.NoError(t, err)
	require.EqualValues(t, 15, sum)
}

// A statement that is too long to be kept prepared is told of as the others are.
func TestALongStatementThatIsLeftTellsTheTruth(t *testing.T) {
	const rows = 9000
	d := open(t, mysqltest.Open(t))
	exec(t, d, d.Create(tableOf[account](t)).Statements[0].SQL)
	text := "INSERT INTO accounts VALUES (?, 0)" + strings.Repeat(", (?, 0)", rows-1)
	undone := make(map[int64]error)
	for round := range int64(30) {
		args := make([]any, rows)
		for i := range args {
			args[i] = round*rows + int64(i)
		}
		ctx, cancel := context.WithCancel(t.Context())
		leave := time.AfterFunc(rand.N(50*time.Millisecond), cancel)
		_, err := d.Writer().Exec(ctx, text, args...)
		leave.Stop()
		cancel()
		if err != nil && !errors.Is(d.Classify(err), schema.ErrOutcomeUnknown) {
			require.ErrorIs(t, err, context.Canceled)
			undone[round*rows] = err
		}
	}
	for id, err := range undone {
		found, failed := dialect.QueryRow(t.Context(), d.Reader(), "SELECT id FROM accounts WHERE id = ?", []any{id}, &id)
		require.NoError(t, failed)
		require.False(t, found, "it was done all the same: %v", err)
	}
}
