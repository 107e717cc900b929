package mysql_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

// inserts is how many INSERT statements the server has run.
func inserts(t *testing.T, d *mysql.DB) int64 {
	return one(t, d, "SELECT CAST(sum(variable_value) AS SIGNED) FROM information_schema.global_status WHERE variable_name = 'Com_insert'")
}

// tenths are the writes of the numbers from 0 to 199 of which every tenth is there already, and those that are not.
func tenths(t *testing.T, d *mysql.DB) (all, fresh []*dialect.Write) {
	exec(t, d, "DELETE FROM numbers", "INSERT INTO numbers (n) SELECT seq FROM seq_0_to_199_step_10")
	all = newNumberWrites(newNumbers(), 0, 200)
	for n, w := range all {
		if n%10 != 0 {
			fresh = append(fresh, w)
		}
	}
	return all, fresh
}

// requireTenths asks the writes and the table: all that are fresh are stored, and the others left to their callers or refused.
func requireTenths(t *testing.T, d *mysql.DB, all, fresh []*dialect.Write, refused bool) {
	t.Helper()
	for n, w := range all {
		if n%10 == 0 {
			ok, err := w.Settled()
			require.Equal(t, refused, ok, n)
			require.Equal(t, refused, isDuplicate(d, err), n)
		}
	}
	exec(t, d, "DELETE FROM numbers WHERE n % 10 = 0")
	requireStored(t, d, fresh)
}

func isDuplicate(d *mysql.DB, err error) bool {
	known := d.Classify(err)
	return known != nil && known.Kind == schema.ErrDuplicate
}

// TestBatchLeavesOutWhatAKeyRefuses: after the first time it takes a statement for all of them.
func TestBatchLeavesOutWhatAKeyRefuses(t *testing.T) {
	d := onNumbers(t, mysqltest.Open(t))
	for _, want := range []int64{2, 1, 1} {
		all, fresh := tenths(t, d)
		all, fresh = all[:192], fresh[:172]
		before := inserts(t, d)
		batch(t.Context(), d, all)
		require.Equal(t, want, inserts(t, d)-before)
		requireTenths(t, d, all, fresh, false)
	}
}

// TestBatchLeavesOutTheSecondOfTwo, be it in the same statement.
func TestBatchLeavesOutTheSecondOfTwo(t *testing.T) {
	d := onNumbers(t, mysqltest.Open(t))
	many := newNumbers()
	for range 2 {
		exec(t, d, "DELETE FROM numbers")
		first := newNumberWrites(many, 0, 16)
		second := newNumberWrites(many, 0, 16)
		batch(t.Context(), d, append(append([]*dialect.Write{}, first...), second...))
		requireStored(t, d, first)
		for _, w := range second {
			require.False(t, w.Done())
		}
	}
}

// TestBatchThatFailsWhileItLeavesOut: behind a row that a key refuses comes one that a check refuses. What the failed statement
// has noted of the former tells nothing of the rows of the next one.
func TestBatchThatFailsWhileItLeavesOut(t *testing.T) {
	d := onNumbers(t, mysqltest.Open(t))
	exec(t, d, "ALTER TABLE numbers ADD CHECK (n <> 11 AND n <> 31)")
	for range 3 {
		all, fresh := tenths(t, d)
		batch(t.Context(), d, all)
		for _, n := range []int{11, 31} {
			ok, err := all[n].Settled()
			require.True(t, ok)
			require.ErrorIs(t, d.Classify(err), schema.ErrCheck)
		}
		exec(t, d, "DELETE FROM numbers WHERE n % 10 = 0")
		var stored []*dialect.Write
		for _, w := range fresh {
			if n := w.Args[0].(int64); n != 11 && n != 31 {
				stored = append(stored, w)
			}
		}
		requireStored(t, d, stored)
	}
}

// TestBatchDividesWhereATriggerSeesTheRows: what it did for a row that is refused would stay.
func TestBatchDividesWhereATriggerSeesTheRows(t *testing.T) {
	d := onNumbers(t, mysqltest.Open(t))
	exec(t, d, "CREATE TABLE seen (n bigint)", "CREATE TRIGGER sees BEFORE INSERT ON numbers FOR EACH ROW INSERT INTO seen VALUES (NEW.n)")
	for range 2 {
		all, fresh := tenths(t, d)
		exec(t, d, "DELETE FROM seen")
		batch(t.Context(), d, all)
		requireTenths(t, d, all, fresh, true)
		require.EqualValues(t, len(fresh), one(t, d, "SELECT count(*) FROM seen"))
	}
}

// TestBatchDividesWhereATriggerHasCome: what is known of a table is not old.
func TestBatchDividesWhereATriggerHasCome(t *testing.T) {
	d := onNumbers(t, mysqltest.Open(t))
	exec(t, d, "ALTER TABLE numbers ADD changed bigint NOT NULL DEFAULT 0")
	all, fresh := tenths(t, d)
	batch(t.Context(), d, all)
	requireTenths(t, d, all, fresh, false)
	exec(t, d, "CREATE TRIGGER changes BEFORE UPDATE ON numbers FOR EACH ROW SET NEW.changed = 1")
	for begun := time.Now(); time.Since(begun) <= 100*time.Millisecond; {
		all, fresh = tenths(t, d)
	}
	batch(t.Context(), d, all)
	require.Zero(t, one(t, d, "SELECT count(*) FROM numbers WHERE changed"))
	requireTenths(t, d, all, fresh, true)
}

// TestBatchDividesWhereATableKeepsItsHistory: an update that changes nothing is history all the same, and the time of a change.
func TestBatchDividesWhereATableKeepsItsHistory(t *testing.T) {
	d := onNumbers(t, mysqltest.Open(t))
	exec(t, d, "ALTER TABLE numbers ADD SYSTEM VERSIONING")
	all, fresh := tenths(t, d)
	batch(t.Context(), d, all)
	require.EqualValues(t, 200, one(t, d, "SELECT count(*) FROM numbers FOR SYSTEM_TIME ALL"))
	requireTenths(t, d, all, fresh, true)
}

// TestBatchDividesWhereTriggersAreNotShown, or where nothing may be updated.
func TestBatchDividesWhereTriggersAreNotShown(t *testing.T) {
	for _, rights := range []string{"SELECT, INSERT, UPDATE, DELETE", "SELECT, INSERT, DELETE, TRIGGER"} {
		address := mysqltest.Open(t)
		owner := onNumbers(t, address)
		d := open(t, mysqltest.Account(t, address, rights))
		for range 2 {
			all, fresh := tenths(t, owner)
			batch(t.Context(), d, all)
			requireTenths(t, owner, all, fresh, true)
		}
		held := open(t, mysqltest.Account(t, address, "SELECT, INSERT, UPDATE, DELETE, TRIGGER"))
		all, fresh := tenths(t, owner)
		batch(t.Context(), held, all)
		requireTenths(t, owner, all, fresh, false)
	}
}
