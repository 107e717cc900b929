package load

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/schema"
)

// judgement holds the database against the notes.
type judgement struct {
	site     *site
	cfg      *Config
	accounts []account
	shipped  int // the newest version of the model that all tables were changed to

	used             []int             // the tables that are judged
	parts            []map[int64]int64 // of each table: the rows of pairs that are there, with their part
	unsaid           int64             // rows that are there and that nobody acknowledged, because their writers were killed or cut off
	lost             int64             // rows that went with their table
	migrations, keys int               // that must be there
}

// judge gives the verdict. Tables that no writer came to use are left out.
func (j *judgement) judge(ctx context.Context) (*checker.Verdict, error) {
	s, refs := j.site, j.site.refs(j.cfg.Tables)
	survey, err := s.Survey(ctx, refs)
	if err != nil {
		return nil, s.Classify(err)
	}
	var tables []checker.Table
	var rules []checker.Rule
	var makings []checker.Finding
	for i, seen := range survey.Sightings {
		a := &j.accounts[i]
		j.lost += a.lost()
		if seen.CatalogHash == "" && len(a.drops) > 0 && len(a.must()) == 0 {
			continue // dropped, and not used since
		}
		if seen.Entry == nil && seen.CatalogHash == "" && len(a.created) == 0 {
			continue
		}
		version, applied, adopted, finding, err := j.version(ctx, i)
		if err != nil {
			return nil, err
		}
		model, err := modelOf(version, refs[i])
		if err != nil {
			return nil, err
		}
		if j.cfg.Changes > 0 {
			makings = append(makings, finding)
		}
		must := a.must()
		j.migrations, j.keys = j.migrations+applied, j.keys+len(must)
		// Who adopted a table leaves in it what newer programs have added.
		tables = append(tables, checker.Table{Model: model, Applied: applied, Keys: must, Extras: adopted && j.cfg.Changes > 0})
		rules = append(rules, wholeRows(s, refs[i], version, j.cfg.RowSize))
		j.used = append(j.used, i)
	}
	verdict, err := checker.Check(ctx, s, tables, rules...)
	if err != nil {
		return nil, err
	}
	verdict.Findings = append(verdict.Findings, makings...)
	return verdict, j.rows(ctx, verdict)
}

// version finds which version of the model a table must be, from the ledger and from what was deployed, and how often it must have been
// made and changed: once for each version that it came to have, and once more for each time that it was made again after a drop.
// adopted says that a program found it to serve though another one had made it.
func (j *judgement) version(ctx context.Context, table int) (version, applied int, adopted bool, finding checker.Finding, err error) {
	ref := j.site.ref(table)
	finding = checker.Finding{Check: "versions", Table: ref.String()}
	fingerprints := map[string]int{}
	for v := range j.cfg.Changes + 1 {
		model, err := modelOf(v, ref)
		if err != nil {
			return 0, 0, false, finding, err
		}
		fingerprints[model.Fingerprint()] = v
	}
	history, err := dialect.LedgerOf(j.site).History(ctx, j.site.Reader(), ref)
	if known := j.site.Classify(err); err != nil && !errors.Is(known, schema.ErrMissing) {
		return 0, 0, false, finding, known
	}
	var had []int
	last, stranger := -1, false // the version that the ledger calls the table's, and whether it was ever called one that is nobody's
	for _, r := range history {
		v, known := fingerprints[r.ToFingerprint]
		if !known {
			v = -1
		}
		switch r.State {
		case schema.RevisionApplied:
			had, last = append(had, v), v
		case schema.RevisionAdopted:
			last, adopted, stranger = v, true, stranger || v < 0
		}
	}
	version, applied, finding.Want = expected(had, j.cfg.Changes, j.shipped, len(j.accounts[table].drops))
	if adopted {
		// An older program that nobody had made the table for has come to it, found that it serves, and said so.
		version = max(0, last)
	}
	if finding.Have = spelled(had); stranger && finding.Want == "" {
		finding.Want = "adopted in a known version"
	}
	if finding.Want == "" {
		finding.Want = finding.Have
	}
	finding.OK = finding.Want == finding.Have
	return version, applied, adopted, finding, nil
}

// expected says which version a table must be that had these, and how many migrations it must have had. Versions rise, each once; a
// table that was dropped is made by whoever needs it first, in an older version where that is an older program. want is empty if
// they are as they must be.
func expected(had []int, changes, shipped, drops int) (version, applied int, want string) {
	version = shipped
	seen := map[int]bool{}
	falls := 0
	for i, v := range had {
		// A version whose deployment was begun and not ended may be there or not.
		version = max(version, v)
		seen[v] = true
		if i > 0 && v <= had[i-1] {
			falls++
		}
	}
	applied = max(1, len(seen)) + drops
	if drops > 0 && len(had) > 0 && changes > 0 && falls <= drops && !seen[-1] {
		return max(0, had[len(had)-1]), len(had), ""
	}
	if len(had) > 0 && (falls > drops || seen[-1] || !seen[version]) {
		want = fmt.Sprintf("rising to %d, once more after each of %d drops", version, drops)
	}
	return version, applied, want
}

func spelled(versions []int) string {
	words := make([]string, len(versions))
	for i, v := range versions {
		if words[i] = strconv.Itoa(v); v < 0 {
			words[i] = "unknown"
		}
	}
	return strings.Join(words, " ")
}

// Findings of rows that are as acknowledged.
const (
	noChanges   = "each change kept"
	noHalves    = "0 halves"
	noneMissing = "none missed"
)

// rows reads all rows of all tables, and looks for changes, deletions, halves of pairs and misses that must not be.
func (j *judgement) rows(ctx context.Context, verdict *checker.Verdict) error {
	j.parts = make([]map[int64]int64, j.cfg.Tables)
	for _, i := range j.used {
		have, err := j.changes(ctx, i)
		if err != nil {
			return err
		}
		j.find(verdict, "changes", i, noChanges, have)
	}
	for _, i := range j.used {
		if len(j.used) == j.cfg.Tables && j.cfg.Tables > 1 {
			j.find(verdict, "whole pairs", i, noHalves, fmt.Sprintf("%d halves", j.halves(i)))
		}
	}
	for i := range j.accounts { // also of tables that are gone
		if keys := j.accounts[i].unexplained(); len(keys) > 0 && len(j.accounts[i].drops) > 0 {
			j.find(verdict, "misses", i, noneMissing, fmt.Sprintf("%d rows that no drop had taken, key %d the first", len(keys), keys[0]))
		}
	}
	return nil
}

func (j *judgement) find(verdict *checker.Verdict, check string, table int, want, have string) {
	verdict.Findings = append(verdict.Findings, checker.Finding{
		Check: check, Table: j.site.ref(table).String(), Want: want, Have: have, OK: have == want,
	})
}

// changes reads all rows of a table and looks for changes and deletions that were acknowledged and are not there.
func (j *judgement) changes(ctx context.Context, table int) (have string, err error) {
	j.parts[table] = map[int64]int64{}
	s, a := j.site, &j.accounts[table]
	rows, err := s.Reader().Query(ctx, "SELECT id, turn, part FROM "+s.QuoteTable(s.ref(table)))
	if err != nil {
		known := s.Classify(err)
		if errors.Is(known, schema.ErrMissing) {
			return "no table", nil
		}
		return "", known
	}
	defer rows.Close()
	lost, back, first := 0, 0, ""
	for rows.Next() {
		var key, turn, part int64
		if err := rows.Scan(&key, &turn, &part); err != nil {
			return "", s.Classify(err)
		}
		if part > 0 {
			j.parts[table][key] = part
		}
		_, created := a.created[key]
		switch acknowledged := a.turns[key]; {
		case a.deleted[key]:
			back++
			first = firstOf(first, fmt.Sprintf("key %d is there again", key))
		case turn < acknowledged || turn > acknowledged+1:
			lost++
			first = firstOf(first, fmt.Sprintf("key %d was changed %d times, acknowledged %d", key, turn, acknowledged))
		case !created:
			j.unsaid++
		}
	}
	if err := errors.Join(rows.Close(), rows.Err()); err != nil {
		return "", s.Classify(err)
	}
	if lost+back == 0 {
		return noChanges, nil
	}
	return strings.TrimSpace(fmt.Sprintf("%d changed wrongly, %d deleted and back: %s", lost, back, first)), nil
}

// halves counts the rows of a table whose partner in the table before or after is not there, though it was not dropped.
func (j *judgement) halves(table int) (n int) {
	tables := j.cfg.Tables
	for key, part := range j.parts[table] {
		partner := (table + 1) % tables
		if part == 2 {
			partner = (table + tables - 1) % tables
		}
		if j.parts[partner][key] == 3-part {
			continue
		}
		// The beginning of a pair that nobody acknowledged is not known.
		begun := j.accounts[table].created[key]
		if !j.accounts[partner].drops.took(begun) {
			n++
		}
	}
	return n
}

func firstOf(first, other string) string {
	if first == "" {
		return other
	}
	return first
}
