package mysql

import (
	"context"
	"database/sql"
	"errors"

	"github.com/schemactor/schemactor/dialect"
)

// rows are those of one statement; their error tells that the context has ended, where that is why.
type rows struct {
	*sql.Rows
	ctx    context.Context
	writes bool // what the statement has written is final: where the connection breaks nobody knows of it
}

// Err implements dialect.Rows.
func (r *rows) Err() error {
	err := told(r.ctx, r.Rows.Err())
	if r.writes {
		err = lost(err)
	}
	return err
}

// peeked are rows of which the first has been asked for.
type peeked struct {
	rows
	had bool // and not yet given
}

// Next implements dialect.Rows.
func (p *peeked) Next() bool {
	if p.had {
		p.had = false
		return true
	}
	return p.rows.Next()
}

// lastRows are rows of a transaction that ends with them.
type lastRows struct {
	dialect.Rows
	ctx context.Context
	tx  *sql.Tx // nil once it has ended
	err error   // of the reading or the commit
}

// Next implements dialect.Rows. After the last row the transaction is committed.
func (r *lastRows) Next() bool {
	if r.tx != nil && r.Rows.Next() {
		return true
	}
	r.end()
	return false
}

// Err implements dialect.Rows. What the rows say by themselves once the transaction has ended means nothing.
func (r *lastRows) Err() error {
	if r.tx == nil {
		return r.err
	}
	return r.Rows.Err()
}

// Close implements dialect.Rows: what the caller does not read was written all the same.
func (r *lastRows) Close() error {
	r.end()
	return r.err
}

// end commits, unless the reading has failed.
func (r *lastRows) end() {
	if r.tx == nil {
		return
	}
	tx := r.tx
	r.tx = nil
	if failed := errors.Join(r.Rows.Close(), r.Rows.Err()); failed != nil {
		r.err = errors.Join(failed, tx.Rollback())
		return
	}
	r.err = lost(told(r.ctx, tx.Commit()))
}

// noRows is the result of an update that has found no row.
type noRows struct{}

func (noRows) Next() bool        { return false }
func (noRows) Scan(...any) error { return errors.New("there is no row") }
func (noRows) Err() error        { return nil }
func (noRows) Close() error      { return nil }
