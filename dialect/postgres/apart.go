package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// apart does what a lenient statement has left out: each write by itself, as a transaction of its own, so that it fails in the
// server's own words, and all of them in one round trip.
func (f *flusher) apart(ctx context.Context, p *part) {
	var left []*dialect.Write
	for _, w := range p.writes {
		if !w.Done() {
			left = append(left, w)
		}
	}
	if len(left) == 0 || !f.prepares() {
		return
	}
	wait, err := f.conn.Prepare(ctx, boundedWait, boundedWait)
	if err != nil {
		return
	}
	// They name the same Many, and so are by the same statement.
	sd, err := f.conn.Prepare(ctx, left[0].SQL, left[0].SQL)
	if err != nil {
		return
	}
	pipeline := f.conn.PgConn().StartPipeline(ctx)
	builders := make([]pgx.ExtendedQueryBuilder, len(left)) // what is sent stays theirs until it was
	for i, w := range left {
		if err := builders[i].Build(f.conn.TypeMap(), sd, w.Args); err != nil {
			left = left[:i]
			break
		}
		pipeline.SendQueryStatement(wait, nil, nil, nil)
		pipeline.SendQueryStatement(sd, builders[i].ParamValues, builders[i].ParamFormats, builders[i].ResultFormats)
		pipeline.SendPipelineSync()
	}
	if err = pipeline.Flush(); err == nil {
		for len(left) > 0 && err == nil {
			err = f.own(pipeline, left[0])
			left = left[1:]
		}
	}
	if err = errors.Join(err, pipeline.Close()); err != nil {
		f.db.noticed(f.conn, err)
		settle([]part{{writes: left}}, sent(err))
	}
}

// own reads what became of a write that stands by itself. Its error is that of the connection.
func (f *flusher) own(pipeline *pgconn.Pipeline, w *dialect.Write) error {
	_, err := f.result(pipeline, nil)
	if err == nil {
		_, err = f.result(pipeline, &part{writes: []*dialect.Write{w}})
	}
	refused, told := errors.AsType[*pgconn.PgError](err)
	if err != nil && !told {
		w.Settle(sent(err))
		return err
	}
	if told {
		f.db.noticed(f.conn, refused)
	}
	for { // to the end of its transaction
		next, syncErr := pipeline.GetResults()
		if refusedToo, ok := errors.AsType[*pgconn.PgError](syncErr); ok {
			err, refused = refusedToo, refusedToo
			continue
		}
		if syncErr != nil {
			w.Settle(sent(syncErr))
			return syncErr
		}
		if _, ended := next.(*pgconn.PipelineSync); ended {
			break
		}
		if next == nil {
			w.Settle(&schema.Error{Kind: schema.ErrOutcomeUnknown})
			return errors.New("a transaction has no end")
		}
	}
	switch {
	case w.Done(): // its row could not be read
	case err == nil:
		w.Settle(nil)
	case ofRow(refused):
		w.Settle(err)
	}
	return nil
}
