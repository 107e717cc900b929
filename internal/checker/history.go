package checker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const nothing = "none"

// history makes the findings that concern the ledger's word on a table.
func (e *examination) history(ctx context.Context, t *Table) error {
	ref := t.Model.Ref()
	applied, err := e.number(ctx, "SELECT count(*) FROM "+e.d.QuoteTable(schema.Ref{Name: dialect.RevisionsTable})+
		" WHERE state = 'applied' AND namespace = "+e.d.NamespaceExpr(e.d.Placeholder(1))+" AND table_name = "+e.d.Placeholder(2),
		e.d.FitName(ref.Namespace), e.d.FitName(ref.Name))
	if errors.Is(err, schema.ErrMissing) {
		e.add("revisions", ref, wantedRevisions(t.Applied, 0), "no ledger")
		return nil
	}
	if err != nil {
		return err
	}
	e.add("revisions", ref, wantedRevisions(t.Applied, applied), strconv.FormatInt(applied, 10))

	ledger := dialect.LedgerOf(e.d)
	history, err := ledger.History(ctx, e.d.Reader(), ref)
	if err != nil {
		return err
	}
	entry, err := ledger.Entry(ctx, e.d.Reader(), ref)
	if err != nil {
		return err
	}
	want, have := generations(t.Model, history)
	e.add("generations", ref, want, have)
	want, have = agreement(t.Model, entry, history)
	e.add("entry", ref, want, have)
	e.add("seals", ref, nothing, broken(entry, history))
	e.add("endings", ref, nothing, unfinished(history))
	return nil
}

// wantedRevisions spells what is wanted in the way of what is there.
func wantedRevisions(want int, have int64) string {
	switch {
	case want > 0:
		return strconv.Itoa(want)
	case have > 0:
		return strconv.FormatInt(have, 10)
	}
	return "at least 1"
}

// carried are the revisions that brought the table to a model.
func carried(history []schema.Revision) []schema.Revision {
	return slices.DeleteFunc(slices.Clone(history), func(r schema.Revision) bool {
		return r.State != schema.RevisionApplied && r.State != schema.RevisionAdopted
	})
}

// generations wants them to count up by one. A table that had another name before goes on where that one was.
func generations(model *schema.Table, history []schema.Revision) (want, have string) {
	var wanted, had []string
	next := int64(1)
	for i, r := range carried(history) {
		if _, renamed := model.Was(); i == 0 && renamed && r.FromFingerprint != "" {
			next = r.Generation
		}
		wanted, had = append(wanted, strconv.FormatInt(next, 10)), append(had, strconv.FormatInt(r.Generation, 10))
		next++
	}
	return strings.Join(wanted, " "), strings.Join(had, " ")
}

// agreement wants the ledger's entry to be what the last revision made it, and both to be the model.
func agreement(model *schema.Table, entry *schema.Entry, history []schema.Revision) (want, have string) {
	made := carried(history)
	if len(made) == 0 {
		return "a revision that was carried out", nothing
	}
	last := made[len(made)-1]
	want = fmt.Sprintf("generation %d of the model %.8s, last revision likewise", last.Generation, model.Fingerprint())
	switch {
	case entry == nil:
		return want, "no entry"
	case entry.Generation != last.Generation:
		return want, fmt.Sprintf("generation %d", entry.Generation)
	case entry.Fingerprint != model.Fingerprint():
		return want, fmt.Sprintf("model %.8s", entry.Fingerprint)
	case entry.Fingerprint != last.ToFingerprint:
		return want, fmt.Sprintf("last revision to model %.8s", last.ToFingerprint)
	}
	return want, want
}

// broken names the rows of the ledger that somebody edited.
func broken(entry *schema.Entry, history []schema.Revision) string {
	var out []string
	if entry != nil && entry.Tampered {
		out = append(out, "present entry edited")
	}
	for _, r := range history {
		if r.Tampered {
			out = append(out, fmt.Sprintf("revision %d edited", r.ID))
		}
	}
	return list(out)
}

// unfinished names the revisions that were begun and that no later one has brought to an end.
func unfinished(history []schema.Revision) string {
	var out []string
	for i, r := range history {
		if r.State != schema.RevisionApplying {
			continue
		}
		if !slices.ContainsFunc(history[i+1:], func(later schema.Revision) bool {
			return later.State != schema.RevisionApplying && later.Generation >= r.Generation
		}) {
			out = append(out, fmt.Sprintf("revision %d begun and not ended", r.ID))
		}
	}
	return list(out)
}

// shown is how many things a list names.
const shown = 5

// list names some things, and how many there are beyond.
func list(things []string) string {
	switch n := len(things); {
	case n == 0:
		return nothing
	case n > shown:
		return strings.Join(things[:shown], ", ") + fmt.Sprintf(" and %d more", n-shown)
	}
	return strings.Join(things, ", ")
}
