package mysql

import (
	"context"
	"database/sql"
	"errors"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// runner is what a connection and a transaction of database/sql have in common.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// querier runs statements on something of database/sql that is one connection: an update and the query behind it meet the
// same transaction, if there is one.
type querier struct {
	runner
	programs *programs
}

// Exec implements dialect.Querier. Of an update with a query behind it only the update is run.
func (q querier) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	return q.run(ctx, &q.programs.of(text).first, args)
}

func (q querier) run(ctx context.Context, p *piece, args []any) (int64, error) {
	bound, err := p.bind(args, 0)
	if err != nil {
		return 0, err
	}
	result, err := q.ExecContext(ctx, p.sql, bound...)
	if err != nil {
		return 0, told(ctx, err)
	}
	return result.RowsAffected()
}

// Query implements dialect.Querier.
func (q querier) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	return q.carry(ctx, q.programs.of(text), args)
}

// carry runs a program.
func (q querier) carry(ctx context.Context, made *program, args []any) (dialect.Rows, error) {
	p := &made.first
	switch {
	case made.instead != nil:
		return q.upsert(ctx, made, args)
	case made.then != nil:
		found, err := q.run(ctx, p, args)
		if err != nil {
			return nil, err
		}
		if found == 0 {
			return noRows{}, nil
		}
		p = made.then
	}
	from, err := q.rows(ctx, p, args)
	if err != nil {
		return nil, err
	}
	return &rows{Rows: from, ctx: ctx}, nil
}

// upsert runs an upsert.
func (q querier) upsert(ctx context.Context, made *program, args []any) (dialect.Rows, error) {
	first, err := q.attempt(ctx, made, args)
	if is(err, subqueryRows) {
		return q.instead(ctx, made, args)
	}
	return first, err
}

// attempt runs an upsert as far as its first row, for only there the server says that another row is in the way: by an error under
// which nothing was done.
func (q querier) attempt(ctx context.Context, made *program, args []any) (dialect.Rows, error) {
	p := made.renamed.Load()
	if p == nil {
		p = &made.first
	}
	first, err := q.peek(ctx, p, args)
	if is(err, noSuchIndex) {
		other, lookup := q.renamed(ctx, made)
		if lookup != nil {
			return nil, lookup
		}
		if other != nil {
			first, err = q.peek(ctx, other, args)
		}
	}
	if err == nil {
		return first, nil
	}
	return noRows{}, told(ctx, err)
}

// instead does what is done where another row is in the way.
func (q querier) instead(ctx context.Context, made *program, args []any) (dialect.Rows, error) {
	found, err := q.carry(ctx, made.instead, args)
	if err != nil {
		return nil, err
	}
	if _, none := found.(noRows); !none {
		return found, nil
	}
	if _, err := q.run(ctx, made.last, args); err != nil {
		return nil, err
	}
	// It was in the way a moment ago.
	return nil, &schema.Error{Kind: schema.ErrSerialization, Detail: "a row that stood in the way has gone meanwhile"}
}

// peek runs a statement as far as its first row.
func (q querier) peek(ctx context.Context, p *piece, args []any) (dialect.Rows, error) {
	from, err := q.rows(ctx, p, args)
	if err != nil {
		return nil, err
	}
	first := &peeked{rows: rows{Rows: from, ctx: ctx}}
	if first.had = from.Next(); first.had {
		return first, nil
	}
	// By now the server has begun with it.
	return noRows{}, afterSending(errors.Join(first.rows.Err(), from.Close()))
}

// subqueryRows is the error of a subquery that gives more than one row.
const subqueryRows = 1242

func (q querier) rows(ctx context.Context, p *piece, args []any) (*sql.Rows, error) {
	bound, err := p.bind(args, q.programs.runs.Add(1))
	if err != nil {
		return nil, err
	}
	from, err := q.QueryContext(ctx, p.sql, bound...)
	if err != nil {
		return nil, told(ctx, err)
	}
	return from, nil
}

// told adds to an error that the context has ended meanwhile: the driver hangs up then, and mostly says no more than that.
func told(ctx context.Context, err error) error {
	if reason := ctx.Err(); err != nil && reason != nil && !errors.Is(err, reason) {
		if errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, sql.ErrTxDone) || errors.Is(err, sql.ErrConnDone) {
			return errors.Join(err, reason)
		}
	}
	return err
}

// pooled runs each statement on a connection of the pool that is free.
type pooled struct {
	db     *DB
	writes bool
}

// Exec implements dialect.Querier. Where the connection breaks under a statement nobody knows what came of it.
func (p pooled) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n, err := querier{p.db.pool, &p.db.programs}.Exec(ctx, text, args...)
	return n, lostStatement(err)
}

// Query implements dialect.Querier. An update with a query behind it is a transaction, whose rows are read before it ends.
func (p pooled) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	made := p.db.programs.of(text)
	if made.then == nil && made.instead == nil {
		from, err := querier{p.db.pool, &p.db.programs}.rows(ctx, &made.first, args)
		if err != nil && p.writes {
			err = lostStatement(err)
		}
		if err != nil {
			return nil, err
		}
		return &rows{from, ctx, p.writes}, nil
	}
	run := querier.carry
	if made.instead != nil { // in most cases it is one statement, which takes no transaction
		first, err := querier{p.db.pool, &p.db.programs}.attempt(ctx, made, args)
		if !is(err, subqueryRows) {
			if row, ok := first.(*peeked); ok {
				row.writes = true
			}
			return first, lostStatement(err)
		}
		run = querier.instead
	}
	tx, err := p.db.pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, told(ctx, err)
	}
	from, err := run(querier{tx, &p.db.programs}, ctx, made, args)
	if err != nil {
		_ = tx.Rollback() // it takes back what there is; the error is the statement's
		return nil, err
	}
	return &lastRows{Rows: from, ctx: ctx, tx: tx}, nil
}

// lostStatement is lost for a statement by itself: one whose caller has left while it waited for a connection was not done.
func lostStatement(err error) error {
	if _, sent := errors.AsType[unanswered](err); sent || errors.Is(err, mysql.ErrInvalidConn) {
		return lost(err)
	}
	return err
}

// lost gives an error of a statement that may have changed something: where the connection broke under it, or the caller's
// context ended, nobody knows. A connection that was found broken before is another error, and is tried again by database/sql.
func lost(err error) error {
	if err == nil {
		return nil
	}
	broken := errors.Is(err, mysql.ErrInvalidConn)
	ended := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if !broken && !ended {
		return err
	}
	return &schema.Error{Kind: schema.ErrOutcomeUnknown, Cause: err}
}
