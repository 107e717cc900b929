package actors

import (
	"context"
	"errors"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// Pauses between two tries for a lock that somebody else holds. No connection is held meanwhile.
	lockPauseMin = 25 * time.Millisecond
	lockPauseMax = time.Second
	// raceLimit is how often an attempt begins again because others changed the schema at the same moment.
	raceLimit = 5
)

// attempt is one walk through the cold path for one table. It belongs to one goroutine.
type attempt struct {
	system *System
	table  *Table
	byHand bool
	// doubt is why the last memory was given up. With it, a table that looks untouched is not enough: what went
	// missing may be a table that this one's foreign keys point to.
	doubt error
	// plan is one that people have seen and want carried out as it is; nil to make one.
	plan   *schema.Plan
	policy schema.Policy
	// unless is what was seen when the last attempt was refused, with refused as its error: as long as nothing has
	// changed, it would be refused again.
	unless  *dialect.Sighting
	refused *schema.EnsureError
	seen    dialect.Sighting

	ledger     bool            // while looking: there is one
	looking    bool            // for people: nothing is done, and nobody is told
	rung       <-chan struct{} // closed when somebody else has changed the table since the round began
	began      time.Time
	at         position
	statements int                        // how many ran in the last round
	announced  map[*Table]schema.Revision // what the history was told of, to be done
	members    []*Table
	alone      bool // the table is not made together with others: something is wrong with it, or in its way
	tries      struct{ locks, rung, races, ledgers, unknown, spoiled int }
}

// position is where an attempt stands.
type position struct {
	phase     schema.Phase
	statement string // the one that runs
}

// enter notes where the attempt stands, and tells the Listener. A statement is about to be run.
func (a *attempt) enter(phase schema.Phase, statement string) {
	a.at = position{phase: phase, statement: statement}
	if !a.looking {
		a.table.tell(a.system.listener().Entered, schema.Event{Phase: phase, SQL: statement, Duration: time.Since(a.began)})
	}
}

// run makes the table ready, or says why not. It never panics, and always gives an outcome.
func (a *attempt) run(parent context.Context) (outcome *finished) {
	t, s := a.table, a.system
	a.began = time.Now()
	outcome = &finished{}
	defer func() {
		if value := recover(); value != nil {
			outcome.failed = a.fail(s.caught("phase "+string(a.at.phase), t.model.String(), value))
		}
		outcome.statements, outcome.duration = a.statements, time.Since(a.began)
	}()
	ctx, cancel := context.WithTimeout(parent, s.config.EnsureTimeout)
	defer cancel()
	t.tell(s.listener().Ensuring, schema.Event{})
	snapshot, err := a.ensure(ctx)
	outcome.seen = a.seen
	if errors.Is(err, errUnchanged) {
		outcome.failed = a.refused
		return outcome
	}
	if err != nil {
		outcome.failed = a.fail(err)
		return outcome
	}
	outcome.snapshot = snapshot
	return outcome
}

// errUnchanged ends an attempt that would be refused as the last one was.
var errUnchanged = errors.New("nothing has changed since the last attempt")

// errRung ends a round in which others have changed the table before it had the lock: they have probably made it, and to
// look is cheaper than to lock.
var errRung = errors.New("others have changed the table meanwhile")

// ensure walks the cold path: what was seen already, the tables this one needs, and then rounds of ledger and lock
// until one of them succeeds, fails for good, or time is up.
func (a *attempt) ensure(ctx context.Context) (*schema.Snapshot, error) {
	if err := a.system.precondition(ctx); err != nil {
		return nil, err
	}
	switch a.system.config.Mode {
	case ModeTrust:
		return a.snapshot(&schema.Entry{}), nil
	case ModeVerify:
		return a.verified(ctx)
	}
	if a.doubt == nil && a.plan == nil {
		if snapshot, err := a.recall(ctx); snapshot != nil || err != nil {
			return snapshot, err
		}
	}
	if err := a.dependencies(ctx); err != nil {
		return nil, err
	}
	if a.doubt != nil && a.plan == nil && len(a.members) == 1 {
		if snapshot, err := a.recall(ctx); snapshot != nil || err != nil {
			return snapshot, err
		}
	}
	if a.plan == nil {
		if snapshot, err := a.serving(ctx, schema.StandingBehind); snapshot != nil || err != nil {
			return snapshot, err
		}
	}
	for {
		a.rung = a.table.bell.next()
		snapshot, err := a.round(ctx)
		if err == nil {
			return snapshot, nil
		}
		if !a.again(ctx, err) {
			return nil, ended(ctx, err)
		}
		if a.plan != nil && !errors.Is(err, schema.ErrUnavailable) {
			continue
		}
		// Whoever stood in the way has probably made the table.
		stood := a.at
		snapshot, recallErr := a.recall(ctx)
		switch {
		case snapshot != nil:
			return snapshot, nil
		case ctx.Err() != nil:
			a.at = stood
			return nil, err
		case recallErr != nil:
			return nil, recallErr
		}
		if !errors.Is(err, schema.ErrLockTimeout) {
			continue
		}
		if snapshot, err = a.serving(ctx, schema.StandingBehind, schema.StandingCurrent); snapshot != nil || err != nil {
			return snapshot, err
		}
	}
}

// ended is why the last round was the last one.
func ended(ctx context.Context, err error) error {
	if errors.Is(err, errRung) || errors.Is(err, errSpoiled) {
		return context.Cause(ctx)
	}
	return err
}

// precondition looks at what must hold before anything is done, until it was seen to.
func (s *System) precondition(ctx context.Context) error {
	if s.config.Precondition == nil || s.held.Load() {
		return nil
	}
	if err := s.config.Precondition(ctx); err != nil {
		return s.classify(err)
	}
	s.held.Store(true)
	return nil
}

// recall is the way without a lock: the boot read shows the table as the ledger left it, for this very model.
func (a *attempt) recall(ctx context.Context) (*schema.Snapshot, error) {
	a.enter(schema.PhaseSurvey, "")
	a.statements = 0
	seen, err := a.system.sight(ctx, a.table)
	if err != nil {
		return nil, err
	}
	a.seen = seen
	if a.unless != nil && same(*a.unless, seen) {
		return nil, errUnchanged
	}
	a.unless = nil
	e := seen.Entry
	if e == nil || e.Tampered || e.CatalogHash == "" || e.CatalogHash != seen.CatalogHash || e.Fingerprint != a.table.model.Fingerprint() {
		return nil, nil
	}
	return a.snapshot(e), nil
}

// dependencies makes the tables ready that the group's foreign keys point to.
func (a *attempt) dependencies(ctx context.Context) error {
	a.enter(schema.PhaseDependencies, "")
	if a.plan != nil && a.plan.Base != "" {
		a.members = []*Table{a.table} // it is there, and so is what it points to
		return nil
	}
	members, before := a.system.group(a.table)
	a.members = members
	for _, other := range before {
		if a.doubt != nil {
			other.Invalidate(other.Peek(), a.doubt)
		}
		var err error
		if a.byHand {
			err = other.Ensure(ctx)
		} else {
			_, err = other.Ready(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// round makes the ledger where it is missing, and runs what needs the locks.
func (a *attempt) round(ctx context.Context) (*schema.Snapshot, error) {
	a.enter(schema.PhaseLedger, "")
	a.statements = 0
	err := a.makeLedger(ctx)
	if err != nil {
		return nil, a.system.classify(err)
	}
	carry := a.locked
	if a.missing() {
		carry = a.ride
	}
	snapshot, err := carry(ctx)
	var steps *stepwiseError
	if errors.As(err, &steps) {
		a.statements = 0
		snapshot, err = a.stepwise(ctx, steps.change)
	}
	return snapshot, a.system.classify(err)
}

// again reports whether another round may end better than the last one. It waits first where that helps, and holds no
// connection meanwhile.
func (a *attempt) again(ctx context.Context, err error) bool {
	switch {
	case ctx.Err() != nil:
		return false
	case errors.Is(err, errRung):
		// This program is busy with other tables meanwhile, of which there may be news as well: one read serves them all.
		a.tries.rung++
		return pause(ctx, backoff(1, lockPauseMin, lockPauseMax), nil)
	case errors.Is(err, errSpoiled):
		return true
	case errors.Is(err, schema.ErrLockTimeout):
		a.tries.locks++
		a.table.tell(a.system.listener().LockWaiting, schema.Event{Phase: a.at.phase, Duration: time.Since(a.began)})
		return pause(ctx, backoff(a.tries.locks, lockPauseMin, lockPauseMax), a.rung)
	case errors.Is(err, schema.ErrUnavailable) && a.at.phase != schema.PhaseLock:
		// There was a connection, and it was lost. What became of the change is read, and never done again before.
		a.tries.unknown++
		return a.tries.unknown < raceLimit && pause(ctx, backoff(a.tries.unknown, lockPauseMin, lockPauseMax), nil)
	case errors.Is(err, schema.ErrMissing) && a.at.phase == schema.PhaseLedger:
		// Somebody dropped the ledger after it was seen. The next read takes note of that.
		a.tries.ledgers++
		return a.tries.ledgers == 1
	case errors.Is(err, schema.ErrMissing) && a.unheld():
		// Somebody who asks for no lock dropped the table.
		a.tries.races++
		return a.tries.races < raceLimit
	case a.plan == nil && errors.Is(err, schema.ErrStalePlan):
		// Somebody changed the table between planning and the first step.
		a.tries.races++
		return a.tries.races < raceLimit
	case errors.Is(err, schema.ErrRaced), errors.Is(err, schema.ErrSerialization):
		a.tries.races++
		return a.tries.races < raceLimit && pause(ctx, backoff(a.tries.races, lockPauseMin, lockPauseMax), nil)
	}
	return false
}

// unheld reports whether no transaction keeps others from dropping the table at this point: none does while it is looked at, and
// where changes commit at once none does while it is changed.
func (a *attempt) unheld() bool {
	return a.at.phase == schema.PhaseInspect || a.at.phase == schema.PhaseApply && a.system.dialect.Capability().ShapesCommit
}

// locked runs the part of the attempt that changes the database, with the locks of the whole group.
func (a *attempt) locked(ctx context.Context) (*schema.Snapshot, error) {
	var w *work
	err := a.lockedTurn(ctx, func(ctx context.Context, tx dialect.Tx) error {
		w = &work{attempt: a, tx: tx, began: time.Now()}
		return w.guarded(ctx)
	})
	if err != nil {
		return nil, err
	}
	a.enter(schema.PhasePublish, "")
	w.committed()
	return w.snapshot, nil
}

// lockedTurn runs fn with the group's locks, as one of the few of this System that hold a transaction.
func (a *attempt) lockedTurn(ctx context.Context, fn func(ctx context.Context, tx dialect.Tx) error) error {
	s := a.system
	var refs []schema.Ref
	for _, m := range a.members {
		refs = append(refs, m.ref)
		if m.former.Name != "" {
			refs = append(refs, m.former)
		}
	}
	a.enter(schema.PhaseLock, "")
	rung := a.rung
	if a.plan != nil || a.tries.rung >= raceLimit {
		rung = nil
	}
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-rung:
		return errRung
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-rung:
		return errRung
	default:
		return s.dialect.Locked(ctx, refs, fn)
	}
}

func (a *attempt) snapshot(e *schema.Entry) *schema.Snapshot {
	return &schema.Snapshot{
		Table: a.table.model, Generation: e.Generation, CatalogHash: e.CatalogHash, SeenAt: a.system.now().UTC(),
	}
}

// fail turns what stopped the attempt into the error that callers get. A dependency's failure is always tried again
// after a pause: that costs the database nothing as long as the other table remembers its own.
func (a *attempt) fail(err error) *schema.EnsureError {
	failed := &schema.EnsureError{
		Table: a.table.model.Ref(), Phase: a.at.phase, Statement: a.at.statement, Cause: a.system.classify(err),
	}
	var (
		below    *schema.EnsureError
		mismatch *mismatchError
		policy   *schema.PolicyError
		old      *staleModelError
	)
	switch {
	case errors.As(err, &mismatch):
		failed.Cause, failed.Changes, failed.Plan = mismatch.cause(), mismatch.changes, mismatch.plan
	case errors.As(err, &policy):
		failed.Changes, failed.Plan = policy.Plan.Blocking(), policy.Plan
	case errors.As(err, &old):
		failed.Cause, failed.Changes, failed.Plan = schema.ErrStaleModel, old.changes, old.plan
	}
	failed.Retryable = schema.Transient(failed.Cause) || errors.As(err, &below)
	return failed
}

// classify puts a driver's error into the library's words and leaves all others as they are.
func (s *System) classify(err error) error {
	var (
		below    *schema.EnsureError
		mismatch *mismatchError
		panicked *panicError
		known    *schema.Error
		policy   *schema.PolicyError
		old      *staleModelError
		steps    *stepwiseError
	)
	if err == nil || errors.As(err, &policy) || errors.As(err, &old) || errors.As(err, &steps) || errors.Is(err, errUnchanged) || errors.Is(err, errRung) || errors.Is(err, errSpoiled) ||
		errors.As(err, &below) || errors.As(err, &mismatch) || errors.As(err, &panicked) || errors.As(err, &known) {
		return err
	}
	return s.dialect.Classify(err)
}
