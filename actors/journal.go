package actors

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// failedTimeout bounds the note in the history that a plan has failed.
const failedTimeout = 5 * time.Second

// announce writes into the history what is about to be done, once, however often the attempt comes back to the same plan.
func (w *work) announce(c *change, write func(revision *schema.Revision) error) error {
	revision := w.revision(c, schema.RevisionApplying)
	for _, statement := range c.plan.Statements {
		revision.Statements = append(revision.Statements, statement.SQL)
	}
	if known, ok := w.announced[c.table]; ok && known.Generation == revision.Generation && slices.Equal(known.Statements, revision.Statements) {
		return nil
	}
	if err := write(&revision); err != nil {
		return err
	}
	if w.announced == nil {
		w.announced = map[*Table]schema.Revision{}
	}
	w.announced[c.table] = revision
	return nil
}

// announceBeside is for changes of several steps: the announcement stays, and what comes of it is another row.
func (w *work) announceBeside(ctx context.Context, applier dialect.Applier, c *change) error {
	return w.announce(c, func(revision *schema.Revision) error {
		return applier.Beside(ctx, func(ctx context.Context, q dialect.Querier) error {
			if err := w.system.ledger.Append(ctx, q, *revision); err != nil {
				return err
			}
			return w.void(ctx, q, c)
		})
	})
}

// announceAll is for changes that their transaction cannot take back: the first statement that changes a shape commits the
// announcements before it does anything itself. They become what comes of them, so that each change is one row in the end,
// as it is where all of it is one whole.
func (w *work) announceAll(ctx context.Context) error {
	if !w.system.dialect.Capability().ShapesCommit {
		return nil
	}
	for _, c := range w.changes {
		err := w.announce(c, func(revision *schema.Revision) (err error) {
			if revision.ID != 0 {
				return w.system.ledger.Append(ctx, w.tx, *revision)
			}
			if revision.ID, err = w.system.ledger.Announce(ctx, w.tx, *revision); err != nil {
				return err
			}
			return w.void(ctx, w.tx, c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// void has an entry say that it is not known what the table is, if it has the very model that the table is to be brought to:
// else whoever found the table as the entry has it would take the change for one that was never begun.
func (w *work) void(ctx context.Context, q dialect.Querier, c *change) error {
	if f := c.former; f == nil || f.Ref != c.table.ref || f.Tampered || f.Fingerprint != c.table.model.Fingerprint() {
		return nil
	}
	void := *c.former
	void.CatalogHash = ""
	return w.system.ledger.Refresh(ctx, q, void)
}

// gaveUp adds to the history that what was announced has failed, beside the lock's transaction.
func (w *work) gaveUp(ctx context.Context, c *change, err error) {
	applier, ok := w.system.dialect.(dialect.Applier)
	if _, announced := w.announced[c.table]; !ok || !announced {
		return
	}
	failed := w.revision(c, schema.RevisionFailed)
	delete(w.announced, c.table)
	failed.Failure = failureWords(w.system.classify(err))
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), failedTimeout)
	defer cancel()
	// The error itself matters more than that the history has it.
	_ = applier.Beside(after, func(ctx context.Context, q dialect.Querier) error {
		return w.system.ledger.Append(ctx, q, failed)
	})
}

// gaveUpAll is gaveUp for all changes of a transaction, unless another round will go on with them.
func (w *work) gaveUpAll(ctx context.Context, err error) {
	if err == nil || schema.Transient(w.system.classify(err)) {
		return
	}
	for _, c := range w.changes {
		w.gaveUp(ctx, c, err)
	}
}

// begun gives the announcement of a change to the table's model that nobody has brought to its end, nil where there is
// none: the program died after the last statement. It was not adopted, then: what the announcement says was done.
func (w *work) begun(ctx context.Context, t *Table) (*schema.Revision, error) {
	history, err := w.system.ledger.History(ctx, w.tx, t.ref)
	if err != nil || len(history) == 0 {
		return nil, err
	}
	last := &history[len(history)-1]
	if last.State != schema.RevisionApplying || last.Tampered || last.ToFingerprint != t.model.Fingerprint() {
		return nil, nil
	}
	return last, nil
}

// unended says, for people, that a change of the table was begun and has not come to its end; empty where that is not so.
func (a *attempt) unended(ctx context.Context, q dialect.Querier) (string, error) {
	if !a.ledger {
		return "", nil
	}
	history, err := a.system.ledger.History(ctx, q, a.table.ref)
	if err != nil || len(history) == 0 || history[len(history)-1].State != schema.RevisionApplying {
		return "", err
	}
	last := &history[len(history)-1]
	return fmt.Sprintf("a change was begun at %s by %s@%s:%d and has not come to its end: it is under way, or whoever uses the table next ends it",
		last.AppliedAt.Format(time.RFC3339), last.Application, last.Host, last.PID), nil
}
