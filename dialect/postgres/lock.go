package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// lockSpace keeps the library's advisory locks apart from other programs' in the same database.
	lockSpace = 0x5c4ac702

	// beginBounded also bounds the statements of the transaction, so that no other session queues behind one of ours.
	beginBounded = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = '300ms'; " +
		"SET LOCAL idle_in_transaction_session_timeout = 0"

	// onePlan has the look at the catalogue planned once for each connection rather than for each of the first tables:
	// planning takes longer than looking.
	onePlan = "; SET LOCAL plan_cache_mode = force_generic_plan"

	beginLocked = beginBounded + onePlan

	// beginAside leaves it to the session whether it may write: a standby takes no transaction that asks for it.
	beginAside = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '300ms'" + onePlan

	// lockWait is the same for a place among those who hold locks.
	lockWait = 300 * time.Millisecond

	// deadTries is how many dead connections in a row Locked takes from the pool before it gives up.
	deadTries = 5

	// rollbackTimeout bounds the clean-up after a failure.
	rollbackTimeout = 5 * time.Second
)

// Locked implements dialect.Locker with transaction-level advisory locks, which are not waited for: one that somebody else
// has is ErrLockTimeout at once. No more than half of the pool's connections are in Locked at the same time; a place among
// them that is not had in 300 ms is ErrLockTimeout as well. It waits up to a minute for a connection of the pool, which is
// ErrUnavailable. A commit whose answer was lost is ErrOutcomeUnknown: the ledger tells it.
func (d *DB) Locked(
	ctx context.Context, refs []schema.Ref, fn func(ctx context.Context, tx dialect.Tx) error,
) error {
	if err := d.place(ctx); err != nil {
		return err
	}
	defer func() { <-d.locking }()
	for tries := 1; ; tries++ {
		locked := false
		err := d.within(ctx, beginLocked, func(ctx context.Context, tx transaction) error {
			if err := lock(ctx, tx, refs); err != nil {
				return named("lock", err)
			}
			locked = true
			if err := fn(ctx, tx); err != nil {
				return err
			}
			return committed(tx.Commit(ctx))
		})
		var known *schema.Error
		if locked || tries == deadTries || !errors.As(err, &known) || known.Op != "lock" || !errors.Is(known, schema.ErrUnavailable) {
			return err
		}
		// The pool had a connection that was dead. Nothing was done on it.
	}
}

// place waits for one of the places of those who hold locks.
func (d *DB) place(ctx context.Context) error {
	timer := time.NewTimer(lockWait)
	defer timer.Stop()
	select {
	case d.locking <- struct{}{}:
		return nil
	case <-timer.C:
		return &schema.Error{Op: "lock", Kind: schema.ErrLockTimeout}
	case <-ctx.Done():
		return named("lock", context.Cause(ctx))
	}
}

// Aside implements dialect.Locker. It waits for a connection as Locked does.
func (d *DB) Aside(ctx context.Context, fn func(ctx context.Context, tx dialect.Tx) error) error {
	return d.within(ctx, beginAside, func(ctx context.Context, tx transaction) error { return fn(ctx, observing{tx}) })
}

// observing is a transaction that ends with Aside, and changes nothing.
type observing struct{ transaction }

// Commit fails: what is done in Aside is rolled back.
func (observing) Commit(context.Context) error {
	return errors.New("the transaction is rolled back by Aside")
}

// Rollback does nothing: Aside rolls back.
func (observing) Rollback(context.Context) error { return nil }

// within runs fn in a transaction whose statements wait for locks for a short time only, and rolls back what fn did not
// commit.
func (d *DB) within(ctx context.Context, begin string, fn func(ctx context.Context, tx transaction) error) error {
	conn, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	pgxTx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: begin})
	if err != nil {
		return named("lock", err)
	}
	tx := transaction{db: d, tx: pgxTx}
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = tx.Rollback(clean)
	}()
	return fn(ctx, tx)
}

// lock takes the locks of all refs in the order of their keys, which is the same for everyone, however the namespace is
// spelled. It stops at the first one that somebody else has: of several who want some of the same locks, one gets all.
func lock(ctx context.Context, tx transaction, refs []schema.Ref) error {
	namespaces, names := split(refs)
	key := "hashtext(" + Grammar{}.NamespaceExpr("r.namespace") + " || '.' || r.name)"
	var all bool
	_, err := dialect.QueryRow(ctx, tx, "WITH RECURSIVE keys AS (SELECT key, row_number() OVER (ORDER BY key) AS n FROM (SELECT DISTINCT "+
		key+" AS key FROM unnest($2::text[], $3::text[]) AS r(namespace, name)) AS k),"+
		" taken AS (SELECT 0::bigint AS n, true AS had UNION ALL SELECT k.n, pg_try_advisory_xact_lock($1::int, k.key)"+
		" FROM taken AS t JOIN keys AS k ON k.n = t.n + 1 WHERE t.had) SELECT bool_and(had) FROM taken",
		[]any{int32(lockSpace), namespaces, names}, &all)
	if err == nil && !all {
		return &schema.Error{Kind: schema.ErrLockTimeout}
	}
	return err
}

// committed gives the error of a commit.
func committed(err error) error {
	if err == nil {
		return nil
	}
	return named("commit", err)
}

// named classifies an error and says at what it happened.
func named(op string, err error) *schema.Error {
	e := *Classify(err)
	if e.Op == "" {
		e.Op = op
	}
	return &e
}
