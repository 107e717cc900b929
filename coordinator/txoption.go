package coordinator

import (
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
)

// TxOption tunes one call of InTx. It is no type of its own, so that others can ask for an InTx without this package.
type TxOption = func(*nodes.Transaction)

// Isolation asks for a level of isolation; without it the database's default counts. See dialect.Isolation.
func Isolation(level dialect.Isolation) TxOption {
	return func(t *nodes.Transaction) { t.Options.Isolation = level }
}

// ReadOnly refuses all writes: each is schema.ErrPermission. On SQLite such a transaction does not wait for the writer, nor
// the writer for it. Tables that are not ready are made so all the same, before.
func ReadOnly() TxOption {
	return func(t *nodes.Transaction) { t.Options.ReadOnly = true }
}

// RetryFor sets how long, after its first failure, a transaction that the database refuses is run again; without it 5
// seconds, with 0 it never is.
func RetryFor(budget time.Duration) TxOption {
	return func(t *nodes.Transaction) { t.RetryFor = budget }
}
