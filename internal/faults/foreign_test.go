package faults_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/schema"
)

// foreignBackoff is how long at most a program that cannot use its table leaves the database alone.
const foreignBackoff = 200 * time.Millisecond

// foreignCase is one change by another process, and what programs under load may notice of it.
type foreignCase struct {
	name    string
	change  func(t *testing.T, l *foreignLoad, born string) (from, to int64)
	drops   bool   // rows that were acknowledged before are gone
	free    bool   // nobody outside of a transaction gets an error
	blocked string // what an error that no time heals must name
	// back is a change that makes all well again, once so many programs have refused their callers. Of programs whose
	// model the table could still serve, all but one may do so as long as another one holds the lock.
	refuse  int
	back    func(t *testing.T, l *foreignLoad, born string)
	program string // whose model the ledger has in the end
	skip    string // a database
}

func foreignSQL(postgres, sqlite, mysql func(born string) []string) func(*testing.T, *foreignLoad, string) (int64, int64) {
	return func(t *testing.T, l *foreignLoad, born string) (int64, int64) {
		switch {
		case strings.HasPrefix(l.address, "postgres"):
			return l.change(t, foreignOrder{SQL: postgres(born)})
		case strings.HasPrefix(l.address, "mysql"):
			return l.change(t, foreignOrder{SQL: mysql(born)})
		}
		return l.change(t, foreignOrder{SQL: sqlite(born)})
	}
}

func foreignBy(order foreignOrder) func(*testing.T, *foreignLoad, string) (int64, int64) {
	return func(t *testing.T, l *foreignLoad, _ string) (int64, int64) { return l.change(t, order) }
}

func foreignSame(sql ...string) func(string) []string {
	return func(string) []string { return sql }
}

// foreignCases are the changes.
func foreignCases() []foreignCase {
	const drop, label, amount = "DROP TABLE foreigners", "ALTER TABLE foreigners ALTER COLUMN label ", "ALTER TABLE foreigners ALTER COLUMN amount "
	add := foreignSame("ALTER TABLE foreigners ADD COLUMN by_hand text")
	wide := func(born string) []string { return foreignRebuild(born, "*", "<= 20)", "<= 200)") }
	number := func(born string) []string {
		return foreignRebuild(born, "id, length(label), amount, note", "`label` TEXT NOT NULL CHECK (length(`label`) <= 20)", "`label` INTEGER NOT NULL")
	}
	text := func(born string) []string { return foreignRebuild(born, "id, CAST(label AS TEXT), amount, note") }
	anew := func(born string) []string { return []string{drop, born} }
	swap := func(born string) []string { return []string{"DO $do$ BEGIN " + drop + "; " + born + "; END $do$"} }
	swapped := func(born string) []string { return []string{"BEGIN IMMEDIATE; " + drop + "; " + born + "; COMMIT"} }
	renamed := func(born string) []string { // the one way there to exchange a table at one moment
		made := strings.Replace(born, `"foreigners"`, `"foreigners_new"`, 1)
		return []string{made, "RENAME TABLE foreigners TO foreigners_old, foreigners_new TO foreigners", "DROP TABLE foreigners_old"}
	}
	return []foreignCase{
		{name: "a column added by hand", change: foreignSQL(add, add, add), free: true},
		{name: "a column added by a newer program", change: foreignBy(foreignOrder{Program: "more"}), free: true, program: "more"},
		{name: "types widened by a newer program", change: foreignBy(foreignOrder{Program: "wide", Migrate: true}), program: "wide"},
		{
			name: "types widened by hand before a newer program", blocked: "label", refuse: 1, program: "wide",
			change: foreignSQL(foreignSame(label+`TYPE varchar(200) COLLATE "C"`, amount+"TYPE bigint"), wide,
				foreignSame("ALTER TABLE foreigners MODIFY label varchar(200) NOT NULL, MODIFY amount bigint NOT NULL")),
			back: func(t *testing.T, l *foreignLoad, _ string) { l.change(t, foreignOrder{Program: "wide"}) },
		},
		{
			name: "text made a number by hand, and back", blocked: "label", refuse: 2,
			skip:   "mysql", // has no way to do that at one moment, and takes any text that looks like a number
			change: foreignSQL(foreignSame(label+"TYPE integer USING length(label)"), number, nil),
			back: func(t *testing.T, l *foreignLoad, born string) {
				foreignSQL(foreignSame(label+`TYPE varchar(20) COLLATE "C" USING label::text`), text, nil)(t, l, born)
			},
		},
		{name: "dropped", change: foreignBy(foreignOrder{SQL: []string{drop}}), drops: true, free: true},
		{name: "dropped and made again by hand", change: foreignSQL(anew, anew, anew), drops: true, free: true},
		{name: "exchanged by hand", change: foreignSQL(swap, swapped, renamed), drops: true, free: true},
		{name: "dropped and made again by a program", change: foreignBy(foreignOrder{SQL: []string{drop}, Program: "same"}), drops: true, free: true},
	}
}

// Another process changes a table under load.
func TestForeignChanges(t *testing.T) {
	beside(t)
	for _, c := range foreignCases() {
		t.Run(c.name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, address string) {
				if c.skip != "" && strings.HasPrefix(address, c.skip) {
					t.Skip("nothing to try on this database")
				}
				c.run(t, address)
			})
		})
	}
}

func (c foreignCase) run(t *testing.T, address string) {
	l := newForeignLoad(t, address)
	l.mayLose = c.drops
	d := open(t, linearOutsider(address))
	born := foreignBorn(t, d)
	more := int64(size(50, 300))
	l.call(t.Context())
	l.progress(t, "the load", more)
	from, to := c.change(t, l, born)
	began := time.Now()
	if c.back != nil {
		waitFor(t, "programs to refuse their callers", func() bool { return l.refusing() >= c.refuse })
		c.back(t, l, born)
	}
	l.progress(t, "calls after the change", more)
	took := time.Since(began)
	l.end(t)
	c.judge(t, l, d, from, to)
	t.Logf("%-36s %-8s %5d rows; errors outside %v, inside %v; stale statements %v; %v until all was well",
		c.name, d.Name(), len(l.stored), l.outside, l.inside, l.stale(), took.Round(time.Millisecond))
}

// refusing counts the programs that have told callers that the table does not serve their model any more.
func (l *foreignLoad) refusing() int {
	n := 0
	for _, p := range l.programs {
		if p.refused.Load() > 0 {
			n++
		}
	}
	return n
}

func (l *foreignLoad) stale() []int64 {
	var out []int64
	for _, p := range l.programs {
		if p.stale != nil {
			out = append(out, p.stale.stale.Load())
		}
	}
	return out
}

// judge holds what callers were told against what is in the database.
func (c foreignCase) judge(t *testing.T, l *foreignLoad, d dialect.Dialect, from, to int64) {
	require.Empty(t, l.wrong)
	if c.free {
		require.Empty(t, l.outside)
	}
	if c.blocked == "" {
		require.Empty(t, l.mismatches)
	}
	for _, err := range l.mismatches {
		var ensure *schema.EnsureError
		require.ErrorAs(t, err, &ensure)
		require.Contains(t, fmt.Sprint(ensure.Changes), c.blocked)
		require.True(t, errors.Is(err, schema.ErrSchemaMismatch), err)
	}
	there := foreignKeys(t, d)
	var keys []int64
	for _, row := range l.stored {
		switch {
		case c.drops && row.back < from:
			require.False(t, there[row.id], "row %d is older than the table", row.id)
		case !c.drops || row.call > to:
			keys = append(keys, row.id)
		}
	}
	for _, id := range l.removed {
		require.False(t, there[id], "row %d was removed", id)
	}
	model, err := foreignModel(c.program)
	require.NoError(t, err)
	verdict, err := checker.Check(t.Context(), d, []checker.Table{{Model: model, Keys: keys, Extras: true}})
	require.NoError(t, err)
	require.NoError(t, verdict.Err())
}

// foreignKeys are the rows that are there.
func foreignKeys(t *testing.T, d dialect.Dialect) map[int64]bool {
	rows, err := d.Reader().Query(t.Context(), "SELECT id FROM "+foreignTable)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	there := map[int64]bool{}
	for rows.Next() {
		var id int64
		require.NoError(t, rows.Scan(&id))
		there[id] = true
	}
	return there
}

// foreignBorn is the statement by which the library makes the table.
func foreignBorn(t *testing.T, d dialect.Dialect) string {
	model, err := foreignModel("")
	require.NoError(t, err)
	plan := d.Create(model)
	require.Len(t, plan.Statements, 1)
	return plan.Statements[0].SQL
}
