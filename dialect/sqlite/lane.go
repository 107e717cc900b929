package sqlite

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
)

var _ dialect.Batcher = (*DB)(nil)

// Abreast implements dialect.Batcher: there is one connection that writes.
func (*DB) Abreast() int { return 1 }

// Batch implements dialect.Batcher. A statement that fails is undone by itself, and the transaction goes on. Where SQLite ends
// it, as for a full disk, what had been done before is left unsettled.
func (d *DB) Batch(ctx context.Context, take func() []*dialect.Write) {
	conn, err := d.writer.take(ctx)
	if err != nil {
		return
	}
	defer func() { _ = conn.release(false) }()
	// From here on nothing is interrupted: that would undo the writes of others.
	ctx = context.WithoutCancel(ctx)
	if _, err := conn.Exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return
	}
	var stored []*dialect.Write
	for _, w := range take() {
		err := w.Guard(func() error { return w.Run(ctx, conn) })
		if err == nil {
			stored = append(stored, w)
			continue
		}
		w.Settle(err)
		if conn.autocommit() {
			return
		}
	}
	_, err = conn.Exec(ctx, "COMMIT")
	if err != nil && !conn.autocommit() {
		return // for one of them, as where a foreign key is only looked at here; all are undone
	}
	for _, w := range stored {
		w.Settle(err)
	}
}
