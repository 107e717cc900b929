package dialect

import (
	"context"
	"errors"
	"time"
)

// savepointTimeout bounds the way back to a savepoint when the caller is gone already.
const savepointTimeout = 5 * time.Second

// Nested runs fn in a savepoint of tx: when fn returns an error or panics, what it did is undone and the transaction
// can go on, on every database. The error comes back as it is, joined by that of the way back where even that failed;
// then the transaction is of no use any more. The name is put into SQL as it is and must differ from those of the
// savepoints around it.
func Nested(ctx context.Context, tx Querier, name string, fn func(ctx context.Context) error) error {
	if _, err := tx.Exec(ctx, "SAVEPOINT "+name); err != nil {
		return err
	}
	done := false
	undo := func() error {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), savepointTimeout)
		defer cancel()
		if _, err := tx.Exec(after, "ROLLBACK TO SAVEPOINT "+name); err != nil {
			return err
		}
		_, err := tx.Exec(after, "RELEASE SAVEPOINT "+name)
		return err
	}
	defer func() {
		if !done { // a panic, or the end of the goroutine
			_ = undo()
		}
	}()
	err := fn(ctx)
	if err == nil {
		_, err = tx.Exec(ctx, "RELEASE SAVEPOINT "+name)
	}
	done = true
	if err == nil {
		return nil
	}
	if lost := undo(); lost != nil {
		return errors.Join(err, lost)
	}
	return err
}
