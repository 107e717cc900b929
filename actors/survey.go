package actors

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// sightingAge is how long a sighting that nobody asked for is believed.
const sightingAge = time.Minute

// survey is what boot reads have found. One read serves all registered tables that were never looked at and all that
// want to be looked at now. A table uses a sighting once; from its second look on it believes only reads that began
// after it asked, for it may ask because the world has changed.
type survey struct {
	mu        sync.Mutex
	sightings map[*Table]sighting
	wanted    map[*Table]bool // these wait
	flight    *flight         // the read that runs now, or nil
}

type sighting struct {
	dialect.Sighting
	at time.Time // when the read began
}

// flight is one running boot read.
type flight struct {
	tables []*Table
	began  time.Time
	done   chan struct{} // closed at the end
	err    error         // readable then
}

func (v *survey) init() {
	v.sightings = make(map[*Table]sighting)
	v.wanted = make(map[*Table]bool)
}

// sight gives what a boot read has seen of the table, and reads if there is nothing. Callers at the same moment share
// one read and its error; a failed read is not remembered.
func (s *System) sight(ctx context.Context, t *Table) (dialect.Sighting, error) {
	since := s.now()
	for {
		seen, f := s.look(t, since)
		if f == nil {
			return seen, nil
		}
		select {
		case <-f.done:
			if f.err != nil && f.serves(t) {
				s.survey.leave(t)
				return dialect.Sighting{}, f.err
			}
		case <-ctx.Done():
			s.survey.leave(t)
			return dialect.Sighting{}, context.Cause(ctx)
		}
	}
}

// look takes the table's sighting, or gives the read to wait for.
func (s *System) look(t *Table, since time.Time) (dialect.Sighting, *flight) {
	v := &s.survey
	v.mu.Lock()
	defer v.mu.Unlock()
	if seen, ok := v.sightings[t]; ok {
		v.forget(t)
		if !seen.at.Before(since) || !t.looked && since.Sub(seen.at) < sightingAge {
			t.looked = true
			v.unwant(t)
			return seen.Sighting, nil
		}
	}
	v.wanted[t] = true
	return dialect.Sighting{}, s.aboard()
}

// aboard gives the read that runs, or begins one. The caller holds the survey's lock.
func (s *System) aboard() *flight {
	v := &s.survey
	if v.flight != nil {
		return v.flight
	}
	f := s.depart()
	if f.err == nil {
		v.flight = f
	}
	return f
}

// Missing tells which of the tables are not there, as far as a boot read has seen those that nobody has asked for yet: what
// there is to make together. It reads at most once, and what it has seen serves the tables' first attempts as well. It
// is a hint and no more: where it cannot look it names none.
func (s *System) Missing(ctx context.Context, tables []*Table) map[*Table]bool {
	if s.config.Mode != ModeMigrate || s.precondition(ctx) != nil {
		return nil
	}
	v := &s.survey
	v.mu.Lock()
	var f *flight
	for _, t := range tables {
		if !t.looked && !v.fresh(t, s.now()) {
			f = s.aboard()
			break
		}
	}
	v.mu.Unlock()
	if f != nil {
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	missing := make(map[*Table]bool)
	for _, t := range tables {
		if seen, ok := v.sightings[t]; ok && !t.looked && seen.CatalogHash == "" {
			missing[t] = true
		}
	}
	return missing
}

// fresh reports whether there is a sighting of the table that is still believed. The caller holds the lock.
func (v *survey) fresh(t *Table, now time.Time) bool {
	seen, ok := v.sightings[t]
	return ok && now.Sub(seen.at) < sightingAge
}

// leave takes back what look asked for.
func (v *survey) leave(t *Table) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.unwant(t)
}

// forget and unwant take a table out. A map keeps the room of all that it ever held, so that an empty one is thrown away.
// The caller holds the lock.
func (v *survey) forget(t *Table) {
	if delete(v.sightings, t); len(v.sightings) == 0 {
		v.sightings = make(map[*Table]sighting)
	}
}

func (v *survey) unwant(t *Table) {
	if delete(v.wanted, t); len(v.wanted) == 0 {
		v.wanted = make(map[*Table]bool)
	}
}

// offer leaves a sighting for a table that was made together with another one, unless it has been looked at before.
func (s *System) offer(t *Table, seen dialect.Sighting) {
	v := &s.survey
	v.mu.Lock()
	defer v.mu.Unlock()
	if !t.looked {
		v.sightings[t] = sighting{Sighting: seen, at: s.now()}
	}
}

// depart starts a boot read; one that the System is too closed for has failed at once. The caller holds the survey's
// lock.
func (s *System) depart() *flight {
	v := &s.survey
	f := &flight{began: s.now(), done: make(chan struct{})}
	for _, t := range s.Tables() {
		if v.wanted[t] || !t.looked && !v.fresh(t, f.began) {
			f.tables = append(f.tables, t)
		}
	}
	if !s.launch(func() { s.fly(f) }) {
		f.err = schema.ErrClosed
		close(f.done)
	}
	return f
}

// fly runs a boot read and hands out what it found.
func (s *System) fly(f *flight) {
	var found []dialect.Sighting
	err := error(&panicError{place: "a boot read", kind: "no result"})
	defer func() {
		if value := recover(); value != nil {
			err = s.caught("a boot read", "", value)
		}
		v := &s.survey
		v.mu.Lock()
		defer v.mu.Unlock()
		if err == nil {
			for i, t := range f.tables {
				v.sightings[t] = sighting{Sighting: found[i], at: f.began}
			}
		}
		f.err, v.flight = err, nil
		close(f.done)
	}()
	found, err = s.read(f.tables)
}

// read is the one round trip.
func (s *System) read(tables []*Table) ([]dialect.Sighting, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.config.EnsureTimeout)
	defer cancel()
	refs := make([]schema.Ref, len(tables))
	for i, t := range tables {
		refs[i] = t.ref
	}
	answer, err := s.dialect.Survey(ctx, refs)
	if err != nil {
		return nil, err
	}
	if len(answer.Sightings) != len(refs) {
		return nil, &schema.Error{Op: "survey", Detail: fmt.Sprintf("%d tables gave %d answers", len(refs), len(answer.Sightings))}
	}
	s.hasLedger.Store(answer.HasLedger)
	for i := range answer.Sightings {
		if e := answer.Sightings[i].Entry; e != nil {
			e.Spec = "" // nobody asks a sighting for it, and there is one for each table
		}
	}
	return answer.Sightings, nil
}

func (f *flight) serves(t *Table) bool {
	for _, u := range f.tables {
		if u == t {
			return true
		}
	}
	return false
}
