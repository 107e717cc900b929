package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// flusher does the writes of one batch.
type flusher struct {
	db     *DB
	conn   *sql.Conn
	within querier
	tries  int  // how often a statement of many rows may still fail, or the transaction end
	lost   bool // the connection is
	done   []*dialect.Write
}

// flush does parts, and gives the one for which the transaction has ended, if it has.
func (f *flusher) flush(ctx context.Context, parts []part) (ended *part) {
	for _, p := range parts {
		for writes := p.writes; len(writes) > 0; {
			n := atOnce(writes, p.many)
			if ended := f.some(ctx, p.of(writes[:n])); ended != nil {
				return ended
			}
			writes = writes[n:]
		}
	}
	return nil
}

// some does writes by one statement, and by smaller ones where it fails for one of them.
func (f *flusher) some(ctx context.Context, p part) (ended *part) {
	err := f.run(ctx, p)
	if err == nil {
		return nil
	}
	if f.over(ctx, err) {
		return &p
	}
	if len(p.writes) == 1 {
		if !errors.Is(f.db.Classify(err), schema.ErrLockTimeout) {
			p.writes[0].Settle(err)
		}
		return nil
	}
	f.tries--
	if !p.lenient && errors.Is(f.db.Classify(err), schema.ErrDuplicate) && f.db.wary.learn(ctx, f.conn, p.many) {
		p.lenient = true
		return f.some(ctx, p)
	}
	half := len(p.writes) / 2
	if f.tries <= 0 {
		p.many, half = nil, 1
	}
	for writes := p.writes; len(writes) > 0; {
		n := half
		if len(writes) < 2*half {
			n = len(writes)
		}
		if ended := f.some(ctx, p.of(writes[:n])); ended != nil {
			return ended
		}
		writes = writes[n:]
	}
	return nil
}

// over reports whether an error has ended the transaction, or may have, and notes that the connection is lost. A timeout ends it on
// servers that are told so.
func (f *flusher) over(ctx context.Context, err error) bool {
	if _, told := errors.AsType[*mysql.MySQLError](err); !told {
		var open bool
		f.lost = ctx.Err() != nil || f.conn.Raw(func(c any) error { open = c.(driver.Validator).IsValid(); return nil }) != nil || !open
		return f.lost
	}
	switch kind := f.db.Classify(err); {
	case errors.Is(kind, schema.ErrUnavailable):
		f.lost = true
		return true
	case errors.Is(kind, schema.ErrSerialization), is(err, noNumber):
		return true
	case errors.Is(kind, schema.ErrLockTimeout) && len(f.done) > 0:
		var open bool
		f.lost = f.conn.QueryRowContext(ctx, "SELECT @@in_transaction").Scan(&open) != nil
		return !open
	}
	return false
}

// run does writes by one statement.
func (f *flusher) run(ctx context.Context, p part) (err error) {
	if len(p.writes) == 1 {
		w := p.writes[0]
		if err = w.Guard(func() error { return w.Run(ctx, f.within) }); err == nil {
			f.done = append(f.done, w)
		}
		return err
	}
	args := make([]any, 0, len(p.writes)*len(p.writes[0].Args))
	for _, w := range p.writes {
		args = append(args, w.Args...)
	}
	text := p.many.Rows(len(p.writes), p.lenient)
	if p.many.Back(p.lenient) {
		return f.rows(ctx, p, text, args)
	}
	n, err := f.within.Exec(ctx, text, args...)
	if err != nil {
		return err
	}
	for _, w := range p.writes {
		w.Found = n > 0
	}
	f.done = append(f.done, p.writes...)
	return nil
}

// rows does writes by a statement whose rows come back. What these are read into may panic, and belongs to a caller. A row that cannot
// be read is stored all the same.
func (f *flusher) rows(ctx context.Context, p part, text string, args []any) error {
	from, err := f.within.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	var done []*dialect.Write
	failed := p.writes[0].Guard(func() (err error) {
		done, err = p.many.Receive(p.writes, from, p.lenient)
		return err
	})
	closed := from.Close()
	if err := errors.Join(from.Err(), closed); err != nil {
		return err
	}
	if failed != nil {
		for _, w := range p.writes {
			w.Settle(failed)
		}
		return nil
	}
	f.done = append(f.done, done...)
	return nil
}

// commit ends the transaction and settles the writes that are done. A connection that was found broken before it was asked has
// taken all back; one that breaks then leaves nobody who knows.
func (f *flusher) commit(ctx context.Context) error {
	_, err := f.conn.ExecContext(ctx, "COMMIT")
	switch {
	case err == nil:
	case errors.Is(err, driver.ErrBadConn), errors.Is(f.db.Classify(err), schema.ErrSerialization):
		return err
	default:
		err = &schema.Error{Kind: schema.ErrOutcomeUnknown, Cause: told(ctx, err)}
	}
	for _, w := range f.done {
		w.Settle(err)
	}
	return err
}
