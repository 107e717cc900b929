package actors

import (
	"context"
	"encoding/json"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// leave tells those who know a table by its former name only that it has another one now: its entry stays, without a
// fingerprint, and says what the table has become.
func (w *work) leave(ctx context.Context, q dialect.Querier, c *change) error {
	if c.former == nil || c.former.Ref == c.table.ref {
		return nil
	}
	former := c.entry
	former.Ref, former.Fingerprint = c.former.Ref, ""
	w.system.sign(&former, &schema.Live{})
	if err := w.system.ledger.Refresh(ctx, q, former); err != nil {
		return err
	}
	return w.system.tellOthers(ctx, q, former)
}

// wentAway reports whether an entry is what leave has left.
func wentAway(entry *schema.Entry) bool { return !entry.Tampered && entry.Fingerprint == "" }

// missed refuses to make a table anew that a newer program has renamed: the rows are under the other name.
func (w *work) missed(ctx context.Context, t *Table, entry *schema.Entry) error {
	if entry == nil || !wentAway(entry) {
		return nil
	}
	standing, err := w.system.standing(ctx, w.tx, t, entry)
	if err != nil || standing != schema.StandingBehind {
		return err
	}
	var now schema.Ref
	if err := json.Unmarshal([]byte(entry.Spec), &now); err != nil {
		now.Name = "unknown" // the entry is sealed: this library wrote it, and always as JSON
	}
	return &staleModelError{changes: []schema.Change{{Kind: schema.RenamedTable, Object: now.String(), Have: t.model.String()}}}
}
