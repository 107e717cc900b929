package load

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/loadtest/report"
)

// promise turns the verdict into promises: those that people ask for first, and then the rest.
func (r *Result) promise() {
	run := &r.Run
	for _, check := range r.Verdict.Checks() {
		run.Promises = append(run.Promises, r.promiseOf(check))
	}
	run.Promises = append(run.Promises, report.Promise{
		Name: noErrors, Kept: run.ErrorTotal() == 0, Want: "0", Got: fmt.Sprint(run.ErrorTotal()),
	})
	order := []string{inWords("revisions"), inWords("rows"), noErrors}
	rank := func(p report.Promise) int {
		if at := slices.Index(order, p.Name); at >= 0 {
			return at
		}
		return len(order)
	}
	slices.SortStableFunc(run.Promises, func(a, b report.Promise) int { return cmp.Compare(rank(a), rank(b)) })
}

// promiseOf is all findings of a check as one promise.
func (r *Result) promiseOf(check string) report.Promise {
	p := report.Promise{Name: inWords(check), Kept: true}
	passed, of := 0, 0
	var telling checker.Finding // the first that was not passed, or the last one
	for _, f := range r.Verdict.Findings {
		if f.Check != check {
			continue
		}
		of++
		if f.OK {
			passed++
		}
		if p.Kept {
			telling, p.Kept = f, f.OK
		}
	}
	p.Want = r.wanted(of, telling)
	switch {
	case p.Kept:
		p.Got = p.Want
	case telling.Table == "":
		p.Got = telling.Have
	default:
		p.Got = fmt.Sprintf("%d of %d tables", passed, of)
		p.Detail = strings.TrimSpace(telling.Table + ": want " + telling.Want + ", have " + telling.Have)
	}
	return p
}

// wanted is what a check wanted, in all of what it is about.
func (r *Result) wanted(of int, f checker.Finding) string {
	switch {
	case f.Table == "":
		return f.Want
	case f.Check == "revisions":
		return fmt.Sprintf("%d migrations of %d tables", r.judged.migrations, of)
	case f.Check == "rows":
		return fmt.Sprintf("%d rows in %d tables", r.judged.keys, of)
	}
	return fmt.Sprintf("%d tables", of)
}

const noErrors = "no caller got an error"

// inWords is a check in the words of a promise.
func inWords(check string) string {
	switch check {
	case "revisions":
		return "one migration per table and version"
	case "rows":
		return "every acknowledged row is there, once"
	case "keys":
		return "no key is there twice"
	case "whole rows":
		return "no row is half written"
	case "whole pairs":
		return "no transaction is half done"
	case "changes":
		return "every acknowledged change is kept"
	case "catalogue":
		return "each table is its model"
	}
	return check
}
