package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// batchRows is how many rows a batch looks at. Their writers wait for it, which it keeps to some ten milliseconds.
	batchRows = 1000

	// batchTries is how often one batch is begun before its step gives up.
	batchTries = 30

	// The pauses between them grow from one to the other.
	pauseMin, pauseMax = 10 * time.Millisecond, 500 * time.Millisecond

	// beginBatch makes the key's index be used whatever the statistics say, for a plan that reads the whole table would be
	// run for every batch, and makes values read as text come back as the same values.
	beginBatch = beginBounded + "; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off" +
		"; SET LOCAL jit = off; SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1"
)

// filledColumn finds the column in a statement of Grammar.fill.
var filledColumn = regexp.MustCompile(`(?m)^ *UPDATE .* SET "((?:[^"]|"")+)" = \(`)

// fill sets a column in the rows that meet a condition, where it is NULL if there is none. It goes through the table in the
// order of its key, so that each row is looked at once; what is written meanwhile is for others to care for. The key's
// columns are found under the names that they have after the model's renames. Without a primary key there is no way to
// go step by step.
func (g Grammar) fill(t dialect.Transition, column, expr, where string) schema.Statement {
	table, name := g.QuoteTable(t.Model.Ref()), g.Quote(column)
	if where == "" {
		where = name + " IS NULL"
	}
	update := fmt.Sprintf("UPDATE %s SET %s = (%s) WHERE ", table, name, expr)
	st := schema.Statement{Mode: schema.ModeAlone, Lock: "row exclusive", Scans: true, SQL: update + "(" + where + ")"}
	key := g.keyNow(t)
	if len(key) == 0 {
		return st
	}
	keys := g.list(key)
	var texts, last, after []string
	for i, k := range key {
		texts = append(texts, "l."+g.Quote(k)+"::text")
		last = append(last, g.Quote(k)+" DESC")
		after = append(after, g.Placeholder(i+1))
	}
	batch := func(from string) string {
		return fmt.Sprintf(`WITH schemactor_page AS MATERIALIZED (
  SELECT %[1]s FROM %[2]s%[3]s ORDER BY %[1]s LIMIT %[4]d
), schemactor_filled AS (
  %[5]s(%[1]s) IN (SELECT %[1]s FROM schemactor_page) AND (%[6]s)
)
SELECT n.seen, %[7]s FROM (SELECT count(*) AS seen FROM schemactor_page) AS n
LEFT JOIN (SELECT * FROM schemactor_page ORDER BY %[8]s LIMIT 1) AS l ON true`,
			keys, table, from, batchRows, update, where, strings.Join(texts, ", "), strings.Join(last, ", "))
	}
	st.Mode, st.SQL = schema.ModeBatches, batch("")
	// The parameters' types follow from the columns they are compared with, whatever these have become by then.
	st.Next = batch(" WHERE (" + keys + ") > (" + strings.Join(after, ", ") + ")")
	return st
}

// keyNow gives the live key's columns under their new names. There is none where one of them is to be computed: it is
// dropped before anything else, and the key with it.
func (g Grammar) keyNow(t dialect.Transition) []string {
	key := make([]string, len(t.Live.Key))
	for i, name := range t.Live.Key {
		key[i] = name
		for _, r := range schema.Renames(t.Model, g.FitName) {
			if _, both := t.Live.Column(r.To); r.From == name && !both {
				key[i] = r.To
			}
		}
		if at, ok := t.Model.Column(key[i]); ok && t.Model.Columns()[at].Generated != "" {
			return nil
		}
	}
	return key
}

// inBatches runs a statement of ModeBatches to its end.
func (d *DB) inBatches(ctx context.Context, st schema.Statement, progress func(rows int64)) error {
	conn, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var seen int64
	sql, key := st.SQL, []string(nil)
	for {
		if err := ctx.Err(); err != nil {
			return named("apply", err)
		}
		n, last, err := batchAgain(ctx, conn, sql, key)
		if err != nil {
			return unfit(st, named("apply", err))
		}
		if n == 0 {
			return nil
		}
		seen += n
		if progress != nil {
			progress(seen)
		}
		sql, key = st.Next, last
	}
}

// batchAgain runs a batch until it has not met anybody who stood in its way.
func batchAgain(ctx context.Context, conn *pgxpool.Conn, sql string, key []string) (n int64, last []string, err error) {
	for tries := 1; ; tries++ {
		n, last, err = batch(ctx, conn, sql, key)
		if !errors.Is(err, schema.ErrLockTimeout) && !errors.Is(err, schema.ErrSerialization) || tries == batchTries || !pause(ctx, tries) {
			return n, last, err
		}
	}
}

// batch runs one in a transaction of its own.
func batch(ctx context.Context, conn *pgxpool.Conn, sql string, key []string) (n int64, last []string, err error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: beginBatch})
	if err != nil {
		return 0, nil, named("apply", err)
	}
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = tx.Rollback(clean)
	}()
	args := []any{pgx.QueryExecModeDescribeExec}
	for _, k := range key {
		args = append(args, k)
	}
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return 0, nil, named("apply", err)
	}
	texts := make([]*string, max(0, len(rows.FieldDescriptions())-1))
	dest := []any{&n}
	for i := range texts {
		dest = append(dest, &texts[i])
	}
	if rows.Next() {
		err = rows.Scan(dest...)
	}
	rows.Close()
	if err := errors.Join(rows.Err(), err); err != nil {
		return 0, nil, named("apply", err)
	}
	for _, text := range texts {
		if text != nil {
			last = append(last, *text)
		}
	}
	return n, last, committed(tx.Commit(ctx))
}

// pause waits for a while that grows with the tries and differs from one to the other. It reports whether ctx is still good.
func pause(ctx context.Context, tries int) bool {
	most := min(pauseMin<<min(tries, 10), pauseMax)
	timer := time.NewTimer(pauseMin + rand.N(most))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
