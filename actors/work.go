package actors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// work is what an attempt does inside the transaction that holds the locks. It belongs to the attempt's goroutine.
//
// The table that was asked for is made, or compared and adopted. Of the others in its group only those that are
// missing are made, with it or not at all; one that exists is left as it is, so that a difference of its own is an
// error of its own handle and of nobody else's.
type work struct {
	*attempt
	tx       dialect.Tx
	began    time.Time
	snapshot *schema.Snapshot // the outcome
	made     []*creation
}

// creation is one table that the work makes.
type creation struct {
	table  *Table
	former *schema.Entry // what the ledger knew of a table that has gone; may be nil
	plan   *schema.Plan
	ran    []string
	live   *schema.Live
	entry  schema.Entry
}

// guarded runs the work and turns a panic into an error while the dialect can still roll back.
func (w *work) guarded(ctx context.Context) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = w.system.caught("phase "+string(w.at.phase), w.table.model.String(), value)
		}
	}()
	if err := w.do(ctx); err != nil {
		return err
	}
	w.at = position{phase: schema.PhaseCommit}
	return nil
}

func (w *work) do(ctx context.Context) error {
	refs := make([]schema.Ref, len(w.members))
	entries := make([]*schema.Entry, len(w.members))
	w.at = position{phase: schema.PhaseLedger}
	for i, m := range w.members {
		entry, err := w.system.ledger.Entry(ctx, w.tx, m.ref)
		if err != nil {
			return err
		}
		refs[i], entries[i] = m.ref, entry
	}
	lives, err := w.inspect(ctx, refs)
	if err != nil {
		return err
	}
	for i, m := range w.members {
		if lives[i] == nil {
			w.made = append(w.made, &creation{table: m, former: entries[i]})
		} else if m == w.table {
			if err := w.compare(ctx, entries[i], lives[i]); err != nil {
				return err
			}
		}
	}
	if len(w.made) == 0 {
		return nil
	}
	return w.create(ctx)
}

func (w *work) inspect(ctx context.Context, refs []schema.Ref) ([]*schema.Live, error) {
	w.at = position{phase: schema.PhaseInspect}
	return w.system.inspect(ctx, w.tx, refs)
}

// compare decides about a table that exists: it is what the ledger says, or it serves the model and is written into
// the ledger as it is, or it is a mismatch.
func (w *work) compare(ctx context.Context, entry *schema.Entry, live *schema.Live) error {
	s, model := w.system, w.table.model
	known := entry != nil && entry.Fingerprint == model.Fingerprint()
	if known && entry.CatalogHash == live.Hash {
		w.snapshot = w.attempt.snapshot(entry)
		return nil
	}
	born, err := s.dialect.Born(ctx, w.tx, model)
	if err != nil {
		return err
	}
	w.at = position{phase: schema.PhasePlan}
	if blocking := s.dialect.Plan(model, born, live).Blocking(); len(blocking) > 0 {
		return &mismatchError{changes: blocking}
	}
	w.at = position{phase: schema.PhaseRecord}
	adopted := &creation{table: w.table, former: entry, live: live}
	if known {
		adopted.entry = *entry
		s.sign(&adopted.entry, live)
		err = s.ledger.Refresh(ctx, w.tx, adopted.entry)
	} else {
		err = w.record(ctx, adopted, schema.RevisionAdopted)
	}
	w.snapshot = w.attempt.snapshot(&adopted.entry)
	return err
}

// create makes the missing tables: first all of them, then what ties them to each other. It believes only what the
// catalogue shows afterwards.
func (w *work) create(ctx context.Context) error {
	s := w.system
	w.at = position{phase: schema.PhasePlan}
	refs := make([]schema.Ref, len(w.made))
	for i, c := range w.made {
		refs[i] = c.table.ref
		c.plan = s.dialect.Plan(c.table.model, nil, nil)
	}
	for _, deferred := range []bool{false, true} {
		for _, c := range w.made {
			if err := w.apply(ctx, c, deferred); err != nil {
				return err
			}
		}
	}
	w.at = position{phase: schema.PhaseVerify}
	lives, err := s.inspect(ctx, w.tx, refs)
	if err != nil {
		return err
	}
	for i, c := range w.made {
		c.live = lives[i]
		if changes := s.verify(c.table.model, c.live); len(changes) > 0 {
			return &mismatchError{changes: changes}
		}
	}
	w.at = position{phase: schema.PhaseRecord}
	for _, c := range w.made {
		if err := w.record(ctx, c, schema.RevisionApplied); err != nil {
			return err
		}
		if c.table == w.table {
			w.snapshot = w.attempt.snapshot(&c.entry)
		}
	}
	return nil
}

// apply runs the statements of one half of a plan.
func (w *work) apply(ctx context.Context, c *creation, deferred bool) error {
	for _, statement := range c.plan.Statements {
		if statement.Deferred != deferred {
			continue
		}
		w.at = position{phase: schema.PhaseApply, statement: statement.SQL}
		began := time.Now()
		if _, err := w.tx.Exec(ctx, statement.SQL); err != nil {
			return err
		}
		c.ran = append(c.ran, statement.SQL)
		w.statements++
		c.table.tell(w.system.config.Listener.Applied, schema.Event{
			Phase: schema.PhaseApply, SQL: statement.SQL, Duration: time.Since(began),
		})
	}
	return nil
}

// record writes one table's entry and revision.
func (w *work) record(ctx context.Context, c *creation, state schema.RevisionState) error {
	s, model := w.system, c.table.model
	spec, err := json.Marshal(model)
	if err != nil {
		return &schema.Error{Op: "record", Table: model.String(), Detail: "the model does not become JSON", Cause: err}
	}
	c.entry = schema.Entry{Ref: c.table.ref, Generation: 1, Fingerprint: model.Fingerprint(), Spec: string(spec)}
	from := ""
	if c.former != nil {
		c.entry.Generation, from = c.former.Generation+1, c.former.Fingerprint
	}
	s.sign(&c.entry, c.live)
	return s.ledger.Record(ctx, w.tx, c.entry, schema.Revision{
		Ref: c.table.ref, Generation: c.entry.Generation, FromFingerprint: from, ToFingerprint: c.entry.Fingerprint,
		Statements: c.ran, Checksum: checksum(c.ran), State: state, Duration: time.Since(w.began),
		Host: s.host, PID: s.pid, Application: s.config.Application, AppliedAt: c.entry.UpdatedAt,
	})
}

// committed tells the other handles what became of their tables.
func (w *work) committed() {
	for _, c := range w.made {
		if c.former != nil {
			// Dropping a table may have taken the foreign keys of others with it.
			for _, child := range w.system.referencing(c.table) {
				child.Invalidate(child.Peek(), schema.ErrMissing)
			}
		}
		if c.table == w.table {
			continue
		}
		// A memory of the table that was there before is void.
		if seen := c.table.Peek(); seen != nil && seen.Generation < c.entry.Generation {
			c.table.Invalidate(seen, schema.ErrMissing)
		}
		w.system.offer(c.table, dialect.Sighting{Entry: &c.entry, CatalogHash: c.entry.CatalogHash})
	}
}

// sign completes an entry with what was seen, when and by whom.
func (s *System) sign(e *schema.Entry, live *schema.Live) {
	e.CatalogHash, e.UpdatedAt = live.Hash, s.now().UTC()
	e.UpdatedBy = fmt.Sprintf("%s@%s:%d", s.config.Application, s.host, s.pid)
}

// checksum is the SHA-256 of the statements, each ended by a zero byte.
func checksum(statements []string) string {
	h := sha256.New()
	for _, statement := range statements {
		h.Write([]byte(statement))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}
