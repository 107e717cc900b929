package mysql

import (
	"context"
	"database/sql"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/schemactor/schemactor/dialect"
)

var _ dialect.Batcher = (*DB)(nil)

const (
	// abreast is how many writes are as well off by themselves: the server puts the commits of a few into one by itself.
	abreast = 2
	// laneSettings are those of the connection that does batches. It waits for no lock: the caller of a write may be the one who
	// holds it, in a transaction, and a write that meets one is left to wait by itself.
	laneSettings = ", SESSION autocommit = 0, SESSION innodb_lock_wait_timeout = 0"
	// laneIdle is after how long without a batch its connection is closed.
	laneIdle = time.Minute
	// smallRows and largeRows are the numbers of rows that one statement stores: up to the first all of them, and then the multiples
	// of it. So few texts do for all numbers, and stay prepared.
	smallRows, largeRows = 32, 1024
	// mostBytes is how much one statement of many rows holds, so that it stays well below what a server takes at once.
	mostBytes = 512 << 10
	// leavingOut is how many values a statement of many rows binds that are none of the rows'.
	leavingOut = 2
)

// openLane gives the pool of the connection that does batches.
func openLane(connector connecting) *sql.DB {
	connector.more = laneSettings
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(1)
	pool.SetConnMaxIdleTime(laneIdle)
	return pool
}

// laneConn gives the connection of a batch, and what gives it back. Of a pool that is the caller's it is one that is set so for the
// time.
func (d *DB) laneConn(ctx context.Context) (conn *sql.Conn, done func(broken bool), err error) {
	if d.lane != nil {
		conn, err = d.lane.Conn(ctx)
		return conn, func(broken bool) { giveBack(conn, broken) }, err
	}
	if conn, err = d.pool.Conn(ctx); err != nil {
		return nil, nil, err
	}
	done = func(broken bool) { giveBack(conn, broken || leave(ctx, conn) != nil) }
	if _, err = conn.ExecContext(ctx, "SET "+strings.TrimPrefix(laneSettings, ", ")); err != nil {
		done(true)
		return nil, nil, err
	}
	return conn, done, nil
}

// Abreast implements dialect.Batcher.
func (*DB) Abreast() int { return abreast }

// Batch implements dialect.Batcher. New rows of a table are put into one statement. A statement that fails is undone by itself, and
// the transaction goes on: one of many rows leaves out those that a unique key refuses, where it can, and is divided otherwise
// until the row is found, as often as is worth while. A write that was left out or met somebody's lock is left to its caller.
// Where the server ends the transaction, as for a deadlock, it is begun again without
// what it has failed for.
func (d *DB) Batch(ctx context.Context, take func() []*dialect.Write) {
	conn, done, err := d.laneConn(ctx)
	if err != nil {
		return
	}
	broken := true
	defer func() { done(broken) }()
	parts, n := d.partsOf(ctx, conn, take())
	f := &flusher{db: d, conn: conn, within: querier{conn, &d.programs}, tries: 2 + 2*bits.Len(uint(n))}
	for len(parts) > 0 && f.tries > 0 {
		ended := f.flush(ctx, parts)
		if ended == nil {
			broken = f.commit(ctx) != nil
			return
		}
		if f.lost {
			return
		}
		if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
			return
		}
		parts = f.again(parts, ended)
	}
	broken = false
}

// part is what is done by one statement, if all goes well.
type part struct {
	many    dialect.Many // nil for a single write
	lenient bool         // many's
	writes  []*dialect.Write
}

// partsOf puts writes together that one statement can do, and gives their number. Their order does not matter: who calls at the same
// moment cannot expect any.
func (d *DB) partsOf(ctx context.Context, conn *sql.Conn, writes []*dialect.Write) (out []part, n int) {
	at := make(map[dialect.Many]int)
	for _, w := range writes {
		if i, ok := at[w.Many]; ok && w.Many != nil {
			out[i].writes = append(out[i].writes, w)
			continue
		}
		at[w.Many] = len(out)
		out = append(out, part{w.Many, d.wary.of(ctx, conn, w.Many), []*dialect.Write{w}})
	}
	return out, len(writes)
}

// of is the same for other writes.
func (p part) of(writes []*dialect.Write) part { return part{p.many, p.lenient, writes} }

// again gives what is done after the transaction has ended for a part: this by two statements, and not at all where it is a single
// write.
func (f *flusher) again(parts []part, ended *part) (out []part) {
	f.done = nil
	f.tries--
	gone := make(map[*dialect.Write]bool, len(ended.writes))
	for _, w := range ended.writes {
		gone[w] = true
	}
	for _, p := range parts {
		p.writes = slices.DeleteFunc(slices.Clone(p.writes), func(w *dialect.Write) bool { return gone[w] || w.Done() })
		out = append(out, p)
	}
	if half := len(ended.writes) / 2; half > 0 {
		out = append(out, ended.of(ended.writes[:half]), ended.of(ended.writes[half:]))
	}
	return slices.DeleteFunc(out, func(p part) bool { return len(p.writes) == 0 })
}

// atOnce is how many writes the next statement does.
func atOnce(writes []*dialect.Write, many dialect.Many) int {
	if many == nil {
		return 1
	}
	most := min(len(writes), largeRows, max(1, (maxParameters-leavingOut)/max(1, len(many.Columns()))))
	bytes := 0
	for i, w := range writes[:most] {
		if bytes += size(w.Args); bytes > mostBytes {
			most = max(1, i)
			break
		}
	}
	if most < smallRows {
		return most
	}
	return most - most%smallRows
}

// size is about how many bytes values take.
func size(args []any) (bytes int) {
	for _, value := range args {
		switch v := value.(type) {
		case string:
			bytes += len(v)
		case []byte:
			bytes += len(v)
		}
		bytes += 9
	}
	return bytes
}
