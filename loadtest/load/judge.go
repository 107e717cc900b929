package load

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/schema"
)

// judge holds the database against the notes. Tables that no writer came to use are left out; unsaid is how many rows are
// there that nobody acknowledged, because their writers were killed.
func judge(ctx context.Context, s *site, cfg *Config, folder string) (verdict *checker.Verdict, unsaid int64, err error) {
	accounts, err := readNotes(folder, cfg.Tables)
	if err != nil {
		return nil, 0, err
	}
	refs := s.refs(cfg.Tables)
	survey, err := s.Survey(ctx, refs)
	if err != nil {
		return nil, 0, s.Classify(err)
	}
	var tables []checker.Table
	var used []int
	for i, seen := range survey.Sightings {
		if seen.Entry == nil && seen.CatalogHash == "" && len(accounts[i].created) == 0 {
			continue
		}
		model, err := schema.TableOf[Row](placed(refs[i])...)
		if err != nil {
			return nil, 0, err
		}
		tables = append(tables, checker.Table{Model: model, Applied: 1, Keys: accounts[i].must()})
		used = append(used, i)
	}
	// Pairs are in neighbouring tables, all of which are there unless a run was too short to come to them.
	var kept []checker.Rule
	if len(used) == len(refs) {
		kept = rules(s, refs)
	}
	if verdict, err = checker.Check(ctx, s, tables, kept...); err != nil {
		return nil, 0, err
	}
	for _, i := range used {
		have, more, err := s.changes(ctx, refs[i], &accounts[i])
		if err != nil {
			return nil, 0, err
		}
		unsaid += more
		verdict.Findings = append(verdict.Findings, checker.Finding{
			Check: "changes", Table: refs[i].String(), Want: noChanges, Have: have, OK: have == noChanges,
		})
	}
	return verdict, unsaid, nil
}

// noChanges says that all is as acknowledged.
const noChanges = "each change kept"

// changes reads all rows of a table and looks for changes and deletions that were acknowledged and are not there.
func (s *site) changes(ctx context.Context, ref schema.Ref, a *account) (have string, unsaid int64, err error) {
	rows, err := s.Reader().Query(ctx, "SELECT id, turn FROM "+s.QuoteTable(ref))
	if err != nil {
		known := s.Classify(err)
		if errors.Is(known, schema.ErrMissing) {
			return "no table", 0, nil
		}
		return "", 0, known
	}
	defer rows.Close()
	lost, back, first := 0, 0, ""
	for rows.Next() {
		var key, turn int64
		if err := rows.Scan(&key, &turn); err != nil {
			return "", 0, s.Classify(err)
		}
		at := strconv.FormatInt(key, 10)
		switch acknowledged := a.turns[key]; {
		case a.deleted[key]:
			back++
			first = firstOf(first, "key "+at+" is there again")
		case turn < acknowledged || turn > acknowledged+1:
			lost++
			first = firstOf(first, fmt.Sprintf("key %s was changed %d times, acknowledged %d", at, turn, acknowledged))
		case !a.created[key]:
			unsaid++
		}
	}
	if err := errors.Join(rows.Close(), rows.Err()); err != nil {
		return "", 0, s.Classify(err)
	}
	if lost+back == 0 {
		return noChanges, unsaid, nil
	}
	return strings.TrimSpace(fmt.Sprintf("%d changed wrongly, %d deleted and back: %s", lost, back, first)), unsaid, nil
}

func firstOf(first, other string) string {
	if first == "" {
		return other
	}
	return first
}
