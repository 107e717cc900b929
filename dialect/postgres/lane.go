package postgres

import (
	"context"
	"errors"
	"math/bits"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

var _ dialect.Batcher = (*DB)(nil)

// abreast is how many connections write as fast as one that writes for all: the server commits them together.
const abreast = 4

// boundedWait keeps a batch from waiting for a lock that somebody's transaction holds, which may itself wait for a write of
// the same batch. It holds to the end of the batch's transaction.
const boundedWait = "SELECT set_config('lock_timeout', '50ms', true)"

// Abreast implements dialect.Batcher.
func (*DB) Abreast() int { return abreast }

// Batch implements dialect.Batcher. The statements go to the server together and are one transaction, which needs no BEGIN: one
// round trip. Where one of them fails all are undone; the part that is at fault is then divided until the row is found, as
// often as is worth while, and what remains is left unsettled. So is a batch that met somebody's lock, for its callers to
// wait each by itself.
func (d *DB) Batch(ctx context.Context, take func() []*dialect.Write) {
	conn, err := d.connect(ctx)
	if err != nil {
		return
	}
	defer conn.Release()
	writes := take()
	if len(writes) == 0 {
		return
	}
	f := &flusher{db: d, conn: conn.Conn(), tries: 2 + 2*bits.Len(uint(len(writes)))}
	f.flush(ctx, f.parts(ctx, writes))
}

// flusher does the writes of one batch.
type flusher struct {
	db    *DB
	conn  *pgx.Conn
	tries int // how often something may still be sent
}

// part is what one statement does.
type part struct {
	many    dialect.Many // nil for a single write
	lenient bool         // many's
	writes  []*dialect.Write
}

// parts puts writes together that one statement can do. Their order does not matter: who calls at the same moment cannot
// expect any.
func (f *flusher) parts(ctx context.Context, writes []*dialect.Write) []part {
	var out []part
	at := make(map[dialect.Many]int)
	for _, w := range writes {
		many := w.Many
		if many != nil && f.db.wary.apart(ctx, f.conn, many) {
			many = nil
		}
		if i, ok := at[many]; ok && many != nil {
			out[i].writes = append(out[i].writes, w)
			continue
		}
		at[many] = len(out)
		p := part{many: many, writes: []*dialect.Write{w}}
		p.lenient = many != nil && f.db.wary.of(many)
		out = append(out, p)
	}
	return out
}

// flush sends parts as one transaction and settles what came of it.
func (f *flusher) flush(ctx context.Context, parts []part) {
	if f.tries == 0 {
		return
	}
	f.tries--
	returned := false
	defer func() {
		if !returned { // what a row is read into has ended the goroutine, and nobody has heard of the commit
			settle(parts, &schema.Error{Kind: schema.ErrOutcomeUnknown})
		}
	}()
	done, at, err := f.send(ctx, parts)
	returned = true
	if err == nil {
		for _, w := range done {
			w.Settle(nil)
		}
		for i := range parts {
			if parts[i].lenient && !parts[i].single() {
				f.apart(ctx, &parts[i])
			}
		}
		return
	}
	f.db.noticed(f.conn, err)
	if unprepared(err) {
		_ = f.conn.DeallocateAll(ctx) // somebody else has done so, and pgx does not know
	}
	if unknown := lost(err); errors.Is(unknown, schema.ErrOutcomeUnknown) {
		settle(parts, unknown)
	}
	switch {
	case at == len(parts) || !ofRow(err):
		f.tries = 0
	case len(parts) == 1:
		f.divide(ctx, parts[0], err)
	default:
		f.flush(ctx, slices.Delete(slices.Clone(parts), at, at+1))
		f.flush(ctx, parts[at:at+1])
	}
}

// divide does a part that failed for one of its rows in smaller ones, unless it can leave that row out.
func (f *flusher) divide(ctx context.Context, p part, err error) {
	half := len(p.writes) / 2
	switch {
	case half == 0:
		settle([]part{p}, err)
	case !p.lenient && duplicate(err) && f.db.wary.learn(ctx, f.conn, p.many):
		p.lenient = true
		f.flush(ctx, []part{p})
	default:
		f.flush(ctx, []part{{p.many, p.lenient, p.writes[:half]}})
		f.flush(ctx, []part{{p.many, p.lenient, p.writes[half:]}})
	}
}

func settle(parts []part, err error) {
	for _, p := range parts {
		for _, w := range p.writes {
			w.Settle(err)
		}
	}
}

// send runs the parts' statements in one transaction. It gives the writes that are done, or the part that failed; one part too
// many is the commit.
func (f *flusher) send(ctx context.Context, parts []part) (done []*dialect.Write, at int, err error) {
	if len(parts) == 1 && !parts[0].single() && f.prepares() {
		return f.sendMany(ctx, &parts[0])
	}
	b := &pgx.Batch{}
	b.Queue(boundedWait)
	for i := range parts {
		sql, args := parts[i].statement()
		b.Queue(sql, args...)
	}
	results := f.conn.SendBatch(ctx, b)
	if _, err = results.Exec(); err != nil {
		return nil, len(parts), errors.Join(err, results.Close())
	}
	for at = range parts {
		did, err := f.read(&parts[at], results)
		if err != nil {
			_ = results.Close() // it says the same again
			return nil, at, sent(err)
		}
		done = append(done, did...)
	}
	return done, len(parts), sent(results.Close())
}

// sent gives an error that came after the statements had gone to the server. One that is not the server's says nothing of
// what was done there.
func sent(err error) error {
	if err == nil {
		return nil
	}
	if _, told := errors.AsType[*pgconn.PgError](err); told {
		return err
	}
	return &schema.Error{Kind: schema.ErrOutcomeUnknown, Cause: err}
}

func (p *part) single() bool { return len(p.writes) == 1 }

// sent gives the writes that the statement is given.
func (p *part) sent() []*dialect.Write {
	if p.lenient {
		return p.many.Distinct(p.writes)
	}
	return p.writes
}

func (p *part) statement() (sql string, args []any) {
	if p.single() {
		return p.writes[0].SQL, p.writes[0].Args
	}
	return p.many.SQL(p.lenient), manyTexts(p.many, p.sent())
}

// back reports whether rows come back.
func (p *part) back() bool {
	return p.single() && p.writes[0].Back || !p.single() && p.many.Back(p.lenient)
}

// counted takes in how many rows were touched, where none comes back.
func (p *part) counted(tag pgconn.CommandTag) []*dialect.Write {
	for _, w := range p.writes {
		w.Found = tag.RowsAffected() > 0
	}
	return p.writes
}

// prepares reports whether statements are prepared on the connection. Behind some poolers they are not.
func (f *flusher) prepares() bool {
	return f.conn.Config().DefaultQueryExecMode == pgx.QueryExecModeCacheStatement
}

// read reads what has come back for a part.
func (f *flusher) read(p *part, results pgx.BatchResults) ([]*dialect.Write, error) {
	if !p.back() {
		tag, err := results.Exec()
		return p.counted(tag), err
	}
	from, err := results.Query()
	if err != nil {
		return nil, err
	}
	return f.take(p, from)
}

// take takes in the rows that have come back for a part.
func (f *flusher) take(p *part, from pgx.Rows) ([]*dialect.Write, error) {
	come := &rows{Rows: from, lasting: p.single()} // the batch goes on
	done := p.writes
	// What the rows are read into may panic, and belongs to a caller. A row that cannot be read is stored all the same.
	failed := p.writes[0].Guard(func() (err error) {
		if !p.single() {
			done, err = p.many.Receive(p.writes, come, p.lenient)
			return err
		}
		if p.writes[0].Found = from.Next(); p.writes[0].Found {
			err = p.writes[0].Row.Receive(come)
		}
		return err
	})
	from.Close()
	if failed != nil {
		if p.many != nil && errors.Is(failed, schema.ErrOutcomeUnknown) {
			f.db.wary.forget(p.many)
		}
		settle([]part{*p}, failed)
		return nil, nil
	}
	return done, from.Err()
}

// ofRow reports whether an error is about the values of a row, and no other one is to suffer for it.
func ofRow(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || len(refused.Code) < 2 {
		return false
	}
	switch refused.Code[:2] {
	case "22", "23", "P0", "54": // data exceptions, integrity constraints, what triggers raise, values too long for an index
		return true
	}
	return false
}

// unprepared reports whether the server does not know a statement that was prepared.
func unprepared(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && refused.Code == "26000"
}

func duplicate(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && refused.Code == "23505"
}
