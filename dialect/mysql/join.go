package mysql

import (
	"context"
	"database/sql"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Join brings a transaction of the caller's own in, as from sql.DB.BeginTx: nodes take part in it by In. It must be one of the
// same database, on a connection whose session is set as Open sets its own (sql_mode, time_zone, the collation of NAMES), and
// stays the caller's, who alone commits it or rolls it back; Commit and Rollback of the result are schema.ErrInvalid. Like the
// transaction it is for one goroutine at a time. Once that has ended, every statement is schema.ErrInvalid.
//
// Tables are never made ready inside of it: one that is not is schema.ErrNotEnsured, which names the call to make before the
// transaction begins. Joining nil gives nil.
func (d *DB) Join(tx *sql.Tx) dialect.Tx {
	if tx == nil {
		return nil
	}
	return joined{&session{q: querier{tx, &d.programs}}}
}

// joined is a transaction that somebody else ends.
type joined struct{ *session }

// Commit refuses.
func (joined) Commit(context.Context) error { return notOurs("commit") }

// Rollback refuses.
func (joined) Rollback(context.Context) error { return notOurs("rollback") }

func notOurs(op string) error {
	return schema.Invalid(op, "", "", "a transaction that was joined is ended by its owner")
}
