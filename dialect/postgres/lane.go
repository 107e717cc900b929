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
	f.flush(ctx, f.parts(writes))
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
func (f *flusher) parts(writes []*dialect.Write) []part {
	var out []part
	at := make(map[dialect.Many]int)
	for _, w := range writes {
		if i, ok := at[w.Many]; ok && w.Many != nil {
			out[i].writes = append(out[i].writes, w)
			continue
		}
		at[w.Many] = len(out)
		p := part{many: w.Many, writes: []*dialect.Write{w}}
		p.lenient = w.Many != nil && f.db.wary.of(w.Many)
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
	done, at, err := f.send(ctx, parts)
	if err == nil {
		for _, w := range done {
			w.Settle(nil)
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
	if len(parts) == 1 && !parts[0].single() && f.conn.Config().DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
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
		did, err := parts[at].read(results)
		if err != nil {
			_ = results.Close() // it says the same again
			return nil, at, err
		}
		done = append(done, did...)
	}
	return done, len(parts), results.Close()
}

// sendMany is send for what is most common, by statements that were prepared and arrays in their binary form.
func (f *flusher) sendMany(ctx context.Context, p *part) (done []*dialect.Write, at int, err error) {
	wait, err := f.conn.Prepare(ctx, boundedWait, boundedWait)
	if err != nil {
		return nil, 1, err
	}
	sql := p.many.SQL(p.lenient)
	insert, err := f.conn.Prepare(ctx, sql, sql)
	if err != nil {
		return nil, 1, err
	}
	values, formats := manyArgs(p.many, p.writes)
	pipeline := f.conn.PgConn().StartPipeline(ctx)
	pipeline.SendQueryStatement(wait, nil, nil, nil)
	pipeline.SendQueryStatement(insert, values, formats, resultFormats(f.conn, insert))
	if err := pipeline.Sync(); err != nil {
		return nil, 1, errors.Join(err, pipeline.Close())
	}
	if _, err := f.result(pipeline, nil); err != nil {
		_ = pipeline.Close()
		return nil, 1, err
	}
	done, err = f.result(pipeline, p)
	if err != nil {
		_ = pipeline.Close()
		return nil, 0, err
	}
	if _, err := pipeline.GetResults(); err != nil { // the commit
		_ = pipeline.Close()
		return nil, 1, err
	}
	return done, 1, pipeline.Close()
}

// result reads the next result of a pipeline for a part, or past it.
func (f *flusher) result(pipeline *pgconn.Pipeline, p *part) ([]*dialect.Write, error) {
	next, err := pipeline.GetResults()
	if err != nil {
		return nil, err
	}
	reader, ok := next.(*pgconn.ResultReader)
	if !ok {
		return nil, errors.New("a statement gave no result")
	}
	if p == nil || !p.many.Back(p.lenient) {
		_, err := reader.Close()
		if p == nil || err != nil {
			return nil, err
		}
		return p.writes, nil
	}
	return p.take(pgx.RowsFromResultReader(f.conn.TypeMap(), reader))
}

// resultFormats asks for the binary form of what comes back, as pgx does.
func resultFormats(conn *pgx.Conn, sd *pgconn.StatementDescription) []int16 {
	formats := make([]int16, len(sd.Fields))
	for i := range sd.Fields {
		formats[i] = conn.TypeMap().FormatCodeForOID(sd.Fields[i].DataTypeOID)
	}
	return formats
}

func (p *part) single() bool { return len(p.writes) == 1 }

func (p *part) statement() (sql string, args []any) {
	if p.single() {
		return p.writes[0].SQL, p.writes[0].Args
	}
	return p.many.SQL(p.lenient), manyTexts(p.many, p.writes)
}

// read reads what has come back for the part.
func (p *part) read(results pgx.BatchResults) ([]*dialect.Write, error) {
	back := p.single() && p.writes[0].Back || !p.single() && p.many.Back(p.lenient)
	if !back {
		tag, err := results.Exec()
		for _, w := range p.writes {
			w.Found = tag.RowsAffected() > 0
		}
		return p.writes, err
	}
	from, err := results.Query()
	if err != nil {
		return nil, err
	}
	return p.take(from)
}

// take takes in the rows that have come back.
func (p *part) take(from pgx.Rows) ([]*dialect.Write, error) {
	come := &rows{Rows: from}
	done := p.writes
	// What the rows are read into may panic, and belongs to a caller. A row that cannot be read is stored all the same.
	failed := p.writes[0].Guard(func() (err error) {
		if !p.single() {
			done, err = p.many.Receive(p.writes, come, p.lenient)
			return err
		}
		if p.writes[0].Found = come.Next(); p.writes[0].Found {
			err = p.writes[0].Row.Receive(come)
		}
		return err
	})
	from.Close()
	if failed != nil {
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
