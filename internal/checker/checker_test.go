package checker_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/schema"
)

// weights is a rule that every row of the tests keeps.
func weights(database string) checker.Rule {
	text := map[string]string{"mysql": "char"}[database]
	if text == "" {
		text = "text"
	}
	return checker.Rule{Name: "weights", SQL: "SELECT CAST(count(*) AS " + text + ") FROM parcels WHERE weight <> id + 1", Want: "0"}
}

var databases = []string{"sqlite", "postgres"}

func TestNothingIsWrongWithACleanDatabase(t *testing.T) {
	for _, database := range append(databases, "mysql") {
		t.Run(database, func(t *testing.T) {
			w := newWorld(t, database)
			verdict := w.check(w.wanted(), weights(database))
			require.NoError(t, verdict.Err())
			require.True(t, verdict.OK())
			var checks []string
			for _, f := range verdict.Findings {
				require.Equal(t, f.Want, f.Have)
				checks = append(checks, f.Check)
			}
			of := []string{"revisions", "generations", "entry", "seals", "endings", "catalogue", "memory", "keys", "rows", "weights"}
			switch database {
			case "postgres":
				of = append(of, "locks", "sessions", "unfinished indexes", "unfinished constraints", "names", "temporary tables")
			case "mysql":
				of = append(of, "locks", "transactions", "statements", "unfinished copies", "names")
			default:
				of = append(of, "locks", "names", "integrity", "foreign keys")
			}
			require.Equal(t, of, checks)
		})
	}
}

// fault is something that goes wrong, and the checks that must see it.
type fault struct {
	name       string
	statements []string
	checks     []string
	words      string // that the finding has
	want       func(t *checker.Table)
	rules      []checker.Rule
}

// faults can happen to any database.
var faults = []fault{
	{
		name: "second applied revision of the same generation", checks: []string{"revisions", "generations", "seals"}, words: "want 1, have 2",
		statements: []string{`INSERT INTO schemactor_revisions (namespace, table_name, generation, from_fingerprint, to_fingerprint,
			statements, checksum, state, reason, failure, catalog, duration_us, host, pid, application, version, applied_at)
			SELECT namespace, table_name, generation, from_fingerprint, to_fingerprint, statements, 'x', state, reason, failure,
				catalog, duration_us, host, pid, application, version, applied_at FROM schemactor_revisions`},
	},
	{
		name: "history lost", checks: []string{"revisions", "entry"}, words: "have 0",
		statements: []string{"DELETE FROM schemactor_revisions"},
	},
	{
		name: "history lost where any number is right", checks: []string{"revisions", "entry"}, words: "want at least 1, have 0",
		statements: []string{"DELETE FROM schemactor_revisions"}, want: func(t *checker.Table) { t.Applied = 0 },
	},
	{
		name: "ledger lost", checks: []string{"revisions"}, words: "no ledger",
		statements: []string{"DROP TABLE schemactor_revisions", "DROP TABLE schemactor_tables"},
	},
	{
		name: "gap between the generations", checks: []string{"generations", "entry", "seals"}, words: "want 1, have 2",
		statements: []string{"UPDATE schemactor_revisions SET generation = 2"},
	},
	{
		name: "entry lost", checks: []string{"entry"}, words: "no entry",
		statements: []string{"DELETE FROM schemactor_tables"},
	},
	{
		name: "entry behind", checks: []string{"entry", "seals"}, words: "have generation 0",
		statements: []string{"UPDATE schemactor_tables SET generation = 0"},
	},
	{
		name: "entry of another model", checks: []string{"entry", "seals"}, words: "have model other",
		statements: []string{"UPDATE schemactor_tables SET fingerprint = 'other'"},
	},
	{
		name: "entry edited", checks: []string{"seals"}, words: "present entry edited",
		statements: []string{"UPDATE schemactor_tables SET updated_by = 'nobody'"},
	},
	{
		name: "revision edited", checks: []string{"seals"}, words: "revision 1 edited",
		statements: []string{"UPDATE schemactor_revisions SET reason = 'because'"},
	},
	{
		name: "begun and not ended", checks: []string{"revisions", "entry", "seals", "endings"}, words: "revision 1 begun and not ended",
		statements: []string{"UPDATE schemactor_revisions SET state = 'applying'"},
	},
	{
		name: "no table", checks: []string{"catalogue", "rows"}, words: "no table",
		statements: []string{"DROP TABLE parcels"},
	},
	{
		name: "extra column", checks: []string{"catalogue", "memory"}, words: "extra column hue",
		statements: []string{"ALTER TABLE parcels ADD COLUMN hue text"},
	},
	{
		name: "missing index", checks: []string{"catalogue", "memory"}, words: "missing index",
		statements: []string{"DROP INDEX parcels__weight_ix"},
	},
	{
		name: "row lost", checks: []string{"rows"}, words: "key 7 missing, key 19 missing",
		statements: []string{"DELETE FROM parcels WHERE id IN (7, 19)"},
	},
	{
		name: "row acknowledged twice", checks: []string{"rows"}, words: "key 3 acknowledged twice",
		want: func(t *checker.Table) { t.Keys = append(t.Keys, 3) },
	},
	{
		name: "row half written", checks: []string{"weights"}, words: "want 0, have 1",
		statements: []string{"UPDATE parcels SET weight = 99 WHERE id = 4"}, rules: []checker.Rule{weights("")},
	},
	{
		name: "rule that finds nothing", checks: []string{"first"}, words: "have no row",
		rules: []checker.Rule{{Name: "first", SQL: "SELECT label FROM parcels WHERE id = -1", Want: "parcel"}},
	},
	{
		name: "rule that cannot run", checks: []string{"other"}, words: schema.ErrMissing.Error(),
		rules: []checker.Rule{{Name: "other", SQL: "SELECT label FROM letters", Want: "0"}},
	},
	{
		name: "table of the library's left", checks: []string{"names"}, words: "table schemactor_new_parcels",
		statements: []string{"CREATE TABLE schemactor_new_parcels (id int)"},
	},
	{
		name: "index of the library's left", checks: []string{"catalogue", "memory", "names"}, words: "index schemactor_key_parcels",
		statements: []string{"CREATE INDEX schemactor_key_parcels ON parcels (label, weight)"},
	},
	{
		name: "column of the library's left", checks: []string{"catalogue", "memory", "names"}, words: "column schemactor_new_id of parcels",
		statements: []string{"ALTER TABLE parcels ADD COLUMN schemactor_new_id int"},
	},
}

func TestEveryFaultIsFound(t *testing.T) {
	shared := freshAddress(t, "postgres")
	for _, database := range databases {
		all := slices.Concat(faults, map[string][]fault{"sqlite": sqliteFaults, "postgres": postgresFaults}[database])
		for _, f := range all {
			t.Run(database+"/"+f.name, func(t *testing.T) {
				var w *world
				if database == "postgres" {
					// One database serves all: to make one takes longer than to empty it.
					w = makeWorld(t, database, shared)
					defer w.run("DROP SCHEMA IF EXISTS schemactor_scratch", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
				} else {
					w = newWorld(t, database)
				}
				wanted := w.wanted()
				if f.want != nil {
					f.want(&wanted)
				}
				w.run(f.statements...)
				verdict := w.check(wanted, f.rules...)
				require.False(t, verdict.OK())
				require.Equal(t, f.checks, names(verdict), verdict)
				require.ErrorContains(t, verdict.Err(), f.words)
				require.Contains(t, verdict.String(), "BROKEN")
			})
		}
	}
}

// What the model does not mind may be allowed; what it minds may not.
func TestExtrasMayBeAllowed(t *testing.T) {
	for _, database := range databases {
		t.Run(database, func(t *testing.T) {
			w := newWorld(t, database)
			wanted := w.wanted()
			wanted.Extras = true
			w.run("ALTER TABLE parcels ADD COLUMN hue text")
			require.NoError(t, w.check(wanted).Err())
			w.run("ALTER TABLE parcels RENAME COLUMN label TO name")
			require.Contains(t, names(w.check(wanted)), "catalogue")
		})
	}
}

func TestVerdictTellsPeopleAndPrograms(t *testing.T) {
	w := newWorld(t, "sqlite")
	w.run("DELETE FROM parcels WHERE id < 8")
	verdict := w.check(w.wanted())
	require.Regexp(t, `(?m)^check +of +verdict$`, verdict.String())
	require.Regexp(t, `(?m)^revisions +parcels +ok$`, verdict.String())
	require.Regexp(t, `(?m)^rows +parcels +BROKEN +want 20 acknowledged rows once, have key 0 missing,.* and 3 more$`, verdict.String())
	require.Regexp(t, `(?m)^locks +database +ok$`, verdict.String())
	require.ErrorContains(t, verdict.Err(), "1 of 13 checks failed: rows parcels: want 20 acknowledged")

	text, err := json.Marshal(verdict)
	require.NoError(t, err)
	var read struct {
		OK       bool
		Findings []checker.Finding
	}
	require.NoError(t, json.Unmarshal(text, &read))
	require.False(t, read.OK)
	require.Equal(t, verdict.Findings, read.Findings)
	require.False(t, (&checker.Verdict{}).OK(), "nothing was checked")
	require.Error(t, (&checker.Verdict{}).Err())
}

// Note has a key that keys of rows cannot be.
type Note struct {
	ID string `db:"id" schema:"pk"`
}

func TestQuestionsThatMakeNoSense(t *testing.T) {
	w := newWorld(t, "sqlite")
	model, err := schema.TableOf[Note]()
	require.NoError(t, err)
	w.run("CREATE TABLE notes (id text PRIMARY KEY NOT NULL)")
	_, err = checker.Check(t.Context(), w, []checker.Table{{Model: model, Keys: []int64{1}}})
	require.ErrorIs(t, err, schema.ErrInvalid)
	require.NoError(t, w.Close())
	_, err = checker.Check(t.Context(), w, []checker.Table{w.wanted()})
	require.Error(t, err, "a database that cannot be read is no verdict")
}
