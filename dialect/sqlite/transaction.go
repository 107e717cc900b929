package sqlite

import (
	"context"
	"errors"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Begin opens a transaction that holds the write lock from its start, and ends by itself when ctx does. Where SQLite ends it,
// as after a write whose context ended halfway, all that follows in it, Commit too, is schema.ErrSerialization.
func (d *DB) Begin(ctx context.Context) (dialect.Tx, error) {
	return d.BeginTx(ctx, dialect.TxOptions{})
}

// BeginTx opens a transaction, which is serializable whatever level is asked. One that is read-only runs on a connection of
// the reader, holds no lock that keeps a writer out, and sees the database as it was at its first statement.
func (d *DB) BeginTx(ctx context.Context, options dialect.TxOptions) (dialect.Tx, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	t := &transaction{}
	begin := t.begin
	if options.ReadOnly {
		begin = t.beginReading
	}
	from := d.writer
	if options.ReadOnly {
		from = d.reader
	}
	if err := begin(ctx, from); err != nil {
		return nil, err
	}
	return t, nil
}

// transaction is a session on a connection that was taken for it.
type transaction struct {
	session
	conn connection
	lift bool        // the connection may write again afterwards
	stay func() bool // stops the watch over the context; nil for none
}

// begin opens a transaction that will write.
func (t *transaction) begin(ctx context.Context, from pool) error {
	if err := t.open(ctx, from, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	t.watch(ctx)
	return nil
}

// beginReading opens a transaction that can write nothing until its end, wherever the reader's connections came from.
func (t *transaction) beginReading(ctx context.Context, from pool) error {
	t.readOnly = true
	if err := t.open(ctx, from, "BEGIN"); err != nil {
		return err
	}
	if err := t.forbid(ctx); err != nil {
		return errors.Join(err, t.Rollback(ctx))
	}
	t.watch(ctx)
	return nil
}

// open begins on a connection of its own.
func (t *transaction) open(ctx context.Context, from pool, statement string) (err error) {
	if t.conn, err = from.take(ctx); err != nil {
		return err
	}
	// SQLite heeds no interruption while it waits, so that watching the context would be for nothing.
	if _, err := t.conn.Exec(context.WithoutCancel(ctx), statement); err != nil {
		return errors.Join(told(ctx, err), t.conn.release(false))
	}
	t.session.q = t.conn
	return nil
}

// watch ends the transaction with ctx at the latest, which may be at once.
func (t *transaction) watch(ctx context.Context) {
	if ctx.Done() == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stay = context.AfterFunc(ctx, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		_ = t.finish(ctx.Err())
	})
}

// forbid refuses all writes on the connection, before anybody else can end the transaction and leave it so.
func (t *transaction) forbid(ctx context.Context) error {
	var already bool
	if _, err := dialect.QueryRow(ctx, t, "PRAGMA query_only", nil, &already); err != nil || already {
		return err
	}
	t.lift = true // one that fails because ctx has ended may have been carried out
	_, err := t.Exec(ctx, "PRAGMA query_only = ON")
	return err
}

// Commit ends the transaction. Where ctx has ended nothing is committed; a commit that runs is not interrupted.
func (t *transaction) Commit(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.refusal(ctx)
	if err == nil {
		t.closeRows()
		_, err = t.conn.Exec(context.WithoutCancel(ctx), "COMMIT")
	}
	return errors.Join(err, t.finish(over()))
}

// Rollback ends the transaction unless it has ended.
func (t *transaction) Rollback(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.finish(over())
}

// over is the answer to what is asked of a transaction that was ended.
func over() error { return &schema.Error{Kind: schema.ErrInvalid, Detail: "the transaction has ended"} }

// finish gives the connection back as it was, outside any transaction; why is the answer to all that follows. The caller holds
// the lock.
func (t *transaction) finish(why error) error {
	if t.conn == nil {
		return nil
	}
	if t.stay != nil {
		t.stay()
	}
	t.closeRows()
	conn := t.conn
	t.conn, t.ended = nil, why
	if !t.lift {
		return conn.release(false)
	}
	if !conn.autocommit() { // the setting could be changed, but not by everybody's driver
		_, _ = conn.Exec(context.Background(), "ROLLBACK")
	}
	_, err := conn.Exec(context.Background(), "PRAGMA query_only = OFF")
	return errors.Join(err, conn.release(err != nil))
}
