package actors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// tamperedReason is recorded where an entry that somebody edited is replaced.
const tamperedReason = "the ledger's row had been edited; the table was read anew"

// record writes one table's entry and revision.
func (w *work) record(ctx context.Context, q dialect.Querier, c *change, state schema.RevisionState) error {
	record, err := w.account(c, state)
	if err != nil {
		return err
	}
	if err := w.leave(ctx, q, c); err != nil {
		return err
	}
	if err := w.system.ledger.Record(ctx, q, record); err != nil {
		return err
	}
	return w.system.tellOthers(ctx, q, c.entry)
}

// account is what the ledger is to keep of a change. It also is the change's entry from here on.
func (w *work) account(c *change, state schema.RevisionState) (dialect.Record, error) {
	s, model := w.system, c.table.model
	spec, err := json.Marshal(model)
	if err != nil {
		return dialect.Record{}, &schema.Error{Op: "record", Table: model.String(), Detail: "the model does not become JSON", Cause: err}
	}
	catalog, err := json.Marshal(c.live)
	if err != nil {
		return dialect.Record{}, &schema.Error{Op: "record", Table: model.String(), Detail: "the catalogue does not become JSON", Cause: err}
	}
	c.entry = schema.Entry{Ref: c.table.ref, Generation: 1, Fingerprint: model.Fingerprint(), Spec: string(spec)}
	if c.former != nil {
		c.entry.Generation = c.former.Generation + 1
	}
	s.sign(&c.entry, c.live)
	revision := w.revision(c, state)
	revision.Catalog, revision.AppliedAt = string(catalog), c.entry.UpdatedAt
	return dialect.Record{Entry: c.entry, Revision: revision}, nil
}

// revision describes a change as it stands.
func (w *work) revision(c *change, state schema.RevisionState) schema.Revision {
	s := w.system
	r := schema.Revision{
		Ref: c.table.ref, Generation: 1, ToFingerprint: c.table.model.Fingerprint(), Statements: c.ran, State: state,
		Reason: c.plan.Reasons(w.policy), Duration: time.Since(w.began), Host: s.host, PID: s.pid,
		Application: s.config.Application, Version: s.config.Version, AppliedAt: s.now().UTC(),
	}
	if c.former != nil {
		r.Generation, r.FromFingerprint = c.former.Generation+1, c.former.Fingerprint
		if c.former.Tampered && r.Reason == "" {
			r.Reason = tamperedReason
		}
	}
	if known, ok := w.announced[c.table]; ok && known.Generation == r.Generation {
		r.ID = known.ID
	}
	switch {
	case c.begun != nil:
		r.FromFingerprint, r.Reason = c.begun.FromFingerprint, c.begun.Reason
		if s.dialect.Capability().ShapesCommit {
			r.ID = c.begun.ID
		}
	case c.study == nil && c.plan.Base == "":
		r.FromFingerprint = "" // it was not there
	}
	return r
}

// sign completes an entry with what was seen, when and by whom.
func (s *System) sign(e *schema.Entry, live *schema.Live) {
	e.CatalogHash, e.UpdatedAt = live.Hash, s.now().UTC()
	e.UpdatedBy = fmt.Sprintf("%s@%s:%d", s.config.Application, s.host, s.pid)
	e.Tampered = false
}

// failureWords are what the history says of an error: its kind, and nothing that could hold a row value.
func failureWords(err error) string {
	var known *schema.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "out of time"
	case errors.As(err, &known) && known.Kind != nil && known.Code != "":
		return fmt.Sprintf("%v (%s)", known.Kind, known.Code)
	case errors.As(err, &known) && known.Kind != nil:
		return known.Kind.Error()
	case errors.As(err, &known) && known.Code != "":
		return "database error (" + known.Code + ")"
	}
	return "error"
}
