package sqlite

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const long = "INSERT INTO t SELECT i FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n LIMIT 50000000)"

func TestZZTxAutoRollback(t *testing.T) {
	for _, returning := range []bool{false, true} {
		d := fresh(t)
		run(t, d, "CREATE TABLE t (a)")
		tx, err := d.Begin(t.Context())
		if err != nil { t.Fatal(err) }
		_, err = tx.Exec(t.Context(), "INSERT INTO t VALUES (1)")
		t.Log("first", err)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		if returning {
			var n int
			_, err = dialect.QueryRow(ctx, tx, long+" RETURNING a", nil, &n)
		} else {
			_, err = tx.Exec(ctx, long)
		}
		cancel()
		t.Log("long", err)
		_, err = tx.Exec(t.Context(), "INSERT INTO t VALUES (2)")
		t.Log("after", err)
		t.Log("visible to readers:", one[int](t, d.Reader(), "SELECT count(*) FROM t"))
		t.Log("commit", tx.Commit(t.Context()))
		t.Log("stored:", one[int](t, d.Reader(), "SELECT count(*) FROM t"))
	}
}

func TestZZCancelBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	a, b := open(t, path, nil), open(t, path, nil)
	run(t, a, "CREATE TABLE t (a)")
	tx, _ := a.Begin(t.Context())
	defer tx.Rollback(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s := time.Now()
	_, err := b.Writer().Exec(ctx, "INSERT INTO t VALUES (1)")
	t.Log("exec", time.Since(s), b.Classify(err), err)
	ctx, cancel2 := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel2()
	s = time.Now()
	_, err = b.Begin(ctx)
	t.Log("begin", time.Since(s), err)
	_ = schema.ErrCheck
}
