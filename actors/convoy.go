package actors

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// convoy is where attempts meet that have a missing table to make and nothing else. Whoever gets a place to lead takes
// those along who wait by then, and makes their tables in one transaction; nobody waits for others to come. Each attempt
// stays its table's only one, and has an outcome of its own.
type convoy struct {
	most   int           // tables in one transaction
	places chan struct{} // tokens of those who lead

	mu      sync.Mutex
	waiting []*rider
}

// rider is an attempt in the convoy. From when it was taken along until done is closed it belongs to who leads.
type rider struct {
	*attempt
	done     chan struct{}
	snapshot *schema.Snapshot // readable then
	err      error
}

const (
	// aloneAfterLocks and aloneAfterSpoiled are after how many transactions that others kept from succeeding a table is made
	// alone: so that what is in one table's way holds up no others for long.
	aloneAfterLocks   = 2
	aloneAfterSpoiled = 3
)

// errSpoiled ends a transaction for many tables that failed for one of them. Each is tried again, that one by itself.
var errSpoiled = errors.New("a table that was made together with this one could not be made")

func (v *convoy) init(c dialect.Capability) {
	v.most = max(1, c.TablesAtOnce)
	v.places = make(chan struct{}, max(1, c.BatchesAtOnce))
}

// missing reports whether there is nothing to do but to make the table, as far as was seen.
func (a *attempt) missing() bool {
	return !a.alone && a.plan == nil && len(a.members) == 1 && a.table.former.Name == "" && a.seen.CatalogHash == "" &&
		(a.seen.Entry == nil || !wentAway(a.seen.Entry)) && a.tries.locks < aloneAfterLocks
}

// ride makes the table together with others that are missing as well.
func (a *attempt) ride(ctx context.Context) (*schema.Snapshot, error) {
	v := &a.system.convoy
	a.enter(schema.PhaseLock, "")
	rung := a.rung
	if a.tries.rung >= raceLimit {
		rung = nil
	}
	r := &rider{attempt: a, done: make(chan struct{})}
	v.join(r)
	err := errRung
	select {
	case <-r.done:
		return r.snapshot, r.err
	case v.places <- struct{}{}:
		a.lead(ctx, v.take(r))
		return r.outcome()
	case <-rung:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if v.leave(r) {
		return nil, err
	}
	return r.outcome()
}

// outcome waits for what whoever leads has achieved.
func (r *rider) outcome() (*schema.Snapshot, error) {
	<-r.done
	return r.snapshot, r.err
}

func (v *convoy) join(r *rider) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.waiting = append(v.waiting, r)
}

// leave reports whether a rider could still be taken out.
func (v *convoy) leave(r *rider) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	at := slices.Index(v.waiting, r)
	if at < 0 {
		return false
	}
	v.waiting = slices.Delete(v.waiting, at, at+1)
	return true
}

// take gives those who go with a rider, itself first; none where it was taken along by another one meanwhile.
func (v *convoy) take(first *rider) []*rider {
	if !v.leave(first) {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	n := min(len(v.waiting), v.most-1)
	riders := append([]*rider{first}, v.waiting[:n]...)
	v.waiting = slices.Delete(v.waiting, 0, n)
	return riders
}

// lead makes the tables of all riders, answers them, and gives its place back.
func (a *attempt) lead(ctx context.Context, riders []*rider) {
	defer func() {
		<-a.system.convoy.places
		for _, r := range riders {
			if r.snapshot == nil && r.err == nil { // a panic comes by here
				r.err, r.alone = errSpoiled, true
			}
			close(r.done)
		}
	}()
	if len(riders) == 0 {
		return
	}
	if len(riders) == 1 {
		riders[0].snapshot, riders[0].err = a.locked(ctx)
		return
	}
	b := &batch{system: a.system, riders: riders}
	b.settle(ctx, b.run(ctx))
}
