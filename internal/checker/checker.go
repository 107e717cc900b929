package checker

import (
	"context"
	"errors"
	"fmt"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Table is what a table must have become.
type Table struct {
	Model *schema.Table
	// Applied is how many applied revisions the ledger must hold; 0 is at least one.
	Applied int
	// Keys are the acknowledged rows by their integer key: each must be there exactly once. The table's key must be one
	// column of an integer kind, unless there are none.
	Keys []int64
	// Extras allows what the model does not know of and does not mind, as a column that somebody added by hand.
	Extras bool
}

// Rule is a promise of the caller's own: SQL gives one text, which must be Want.
type Rule struct {
	Name, SQL, Want string
	Table           string // that it is about; may be empty
}

// Check reads the database and judges it. Everything that worked on it must have ended before; what its server still does
// for a program that was killed is waited for, up to 3 seconds. Locks, sessions and names are those of the whole database,
// constraints and indexes those of the tables' namespaces. An error is a database that cannot be read or a question that
// makes no sense; what is wrong in the database is in the verdict.
func Check(ctx context.Context, d dialect.Dialect, tables []Table, rules ...Rule) (*Verdict, error) {
	look, err := leftoversOf(d, tables)
	if err != nil {
		return nil, err
	}
	e := &examination{d: d, verdict: &Verdict{}}
	for i := range tables {
		if err := e.table(ctx, &tables[i]); err != nil {
			return nil, fmt.Errorf("check %s: %w", tables[i].Model, err)
		}
	}
	for _, rule := range rules {
		if err := e.rule(ctx, rule); err != nil {
			return nil, fmt.Errorf("check %s: %w", rule.Name, err)
		}
	}
	for _, l := range look {
		if err := e.leftover(ctx, l); err != nil {
			return nil, fmt.Errorf("check %s: %w", l.name, err)
		}
	}
	return e.verdict, nil
}

// examination is one Check under way.
type examination struct {
	d       dialect.Dialect
	verdict *Verdict
}

// table makes all findings of one table.
func (e *examination) table(ctx context.Context, t *Table) error {
	ref := t.Model.Ref()
	if err := e.history(ctx, t); err != nil {
		return err
	}
	there, err := e.catalogue(ctx, t)
	if err != nil {
		return err
	}
	if !there {
		if len(t.Keys) > 0 {
			e.add("rows", ref, fmt.Sprintf("%d acknowledged rows", len(t.Keys)), "no table")
		}
		return nil
	}
	if err := e.twice(ctx, t); err != nil {
		return err
	}
	return e.rows(ctx, t)
}

// rule asks for one text.
func (e *examination) rule(ctx context.Context, rule Rule) error {
	var have string
	found, err := dialect.QueryRow(ctx, e.d.Reader(), rule.SQL, nil, &have)
	switch known := e.d.Classify(err); {
	case err == nil && !found:
		have = "no row"
	case err != nil && (ctx.Err() != nil || errors.Is(known, schema.ErrUnavailable)):
		return known
	case err != nil:
		have = known.Error()
	}
	e.verdict.add(rule.Name, rule.Table, rule.Want, have)
	return nil
}

// add notes a finding of a table.
func (e *examination) add(check string, table schema.Ref, want, have string) {
	e.verdict.add(check, table.String(), want, have)
}

// number runs a query for one number.
func (e *examination) number(ctx context.Context, sql string, args ...any) (int64, error) {
	var n int64
	_, err := dialect.QueryRow(ctx, e.d.Reader(), sql, args, &n)
	return n, e.fault(err)
}

// fault gives an error in the library's words, nil for nil.
func (e *examination) fault(err error) error {
	if err == nil {
		return nil
	}
	return e.d.Classify(err)
}
