package coordinator_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// driftOf gives the drift of the one table of a program.
func driftOf(t testing.TB, c *coordinator.Coordinator) schema.Drift {
	drifts, err := c.Drift(t.Context())
	require.NoError(t, err)
	require.Len(t, drifts, 1)
	require.NotEmpty(t, drifts[0].String())
	_, err = json.Marshal(drifts[0])
	require.NoError(t, err)
	return drifts[0]
}

// kindsOf lists what kinds of difference there are, with their objects.
func kindsOf(changes []schema.Change) []string {
	var out []string
	for _, change := range changes {
		out = append(out, string(change.Kind)+" "+change.Object)
	}
	return out
}

// As long as only the library has changed the table there is no drift; what somebody else does to it is named.
func TestDriftTellsWhatSomebodyElseDid(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		nothing, _ := items[Item](t, d, nil)
		drift := driftOf(t, nothing)
		require.True(t, drift.Missing)
		require.Equal(t, schema.StandingNew, drift.Standing)
		require.Contains(t, drift.String(), "missing")
		require.Empty(t, foreign(t, d))

		stocked(t, d, 2)
		// Nobody listens: what hands do further down stays done.
		deaf := &coordinator.Config{News: coordinator.NewsOff}
		c, node := items[ItemMore](t, d, deaf)
		drift = driftOf(t, c)
		require.Equal(t, schema.StandingNew, drift.Standing, "a model that the table has not become yet")
		require.Empty(t, drift.SinceLedger)
		require.Subset(t, kindsOf(drift.ToModel), []string{"missing column place", "missing column price"})
		_, err := node.Get(t.Context(), 1)
		require.NoError(t, err)
		before := footprint(t, d)
		drift = driftOf(t, c)
		require.False(t, drift.Any(), drift.String())
		require.Equal(t, schema.StandingCurrent, drift.Standing)

		old, _ := items[Item](t, d, deaf)
		drift = driftOf(t, old)
		require.Equal(t, schema.StandingBehind, drift.Standing)
		require.Empty(t, drift.SinceLedger)
		require.Subset(t, kindsOf(drift.ToModel), []string{"extra column place", "extra column price"})
		require.Equal(t, before, footprint(t, d), "to look writes nothing")

		exec(t, d, "ALTER TABLE items ADD COLUMN by_hand TEXT")
		exec(t, d, "ALTER TABLE items DROP COLUMN place")
		drift = driftOf(t, c)
		require.True(t, drift.Any())
		require.ElementsMatch(t, []string{"missing column place", "extra column by_hand"}, kindsOf(drift.SinceLedger))
		require.ElementsMatch(t, []string{"missing column place", "extra column by_hand"}, kindsOf(drift.ToModel))
		require.Empty(t, drift.Tampered)

		exec(t, d, "DROP TABLE items")
		drift = driftOf(t, c)
		require.True(t, drift.Missing)
		require.Equal(t, schema.StandingCurrent, drift.Standing)
	})
}

// A row of the ledger that somebody edited is no evidence: drift names it, and the next program reads the table anew,
// works, and writes down why.
func TestEditedLedgerIsNoticed(t *testing.T) {
	edits := map[string]string{
		"generation": "generation = 41", "fingerprint": "fingerprint = 'forged'", "hash": "catalog_hash = 'forged'",
		"model": "spec = '{}'", "who": "updated_by = 'nobody'", "seal": "seal = 'forged'",
	}
	eachDatabase(t, func(t *testing.T, db database) {
		for name, edit := range edits {
			t.Run(name, func(t *testing.T) {
				d := freshLike(t, db).open(t)
				stocked(t, d, 2)
				exec(t, d, "UPDATE schemactor_tables SET "+edit+" WHERE table_name = 'items'")
				require.True(t, entryOf(t, d, "items").Tampered)
				c, node := items[Item](t, d, nil)
				require.Equal(t, []string{"present entry"}, driftOf(t, c).Tampered)
				settled(t, c, "items")
				require.NoError(t, node.Create(t.Context(), &Item{ID: 9, Name: "nine"}))
				require.False(t, entryOf(t, d, "items").Tampered)
				revision := last(t, d, "items")
				require.Equal(t, schema.RevisionAdopted, revision.State)
				require.Contains(t, revision.Reason, "edited")
				require.Len(t, historyOf(t, d, "items"), 2)
				drift := driftOf(t, c)
				require.False(t, drift.Any(), drift.String())
			})
		}
	})
}

// An edited entry is no licence: what the model wants is planned from the table as it is, and hazards stay hazards.
func TestEditedLedgerAllowsNothing(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 2)
		_, node := items[itemNameUnique](t, d, nil)
		fingerprint := node.Table().Fingerprint()
		exec(t, d, "UPDATE schemactor_tables SET fingerprint = '"+fingerprint+"' WHERE table_name = 'items'")
		_, err := node.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrDestructive, "that the ledger names the model is not believed")
		require.Nil(t, liveOf(t, d, "items").Indexes)
	})
}

// The history's rows are sealed as well, and one that was begun and never ended is told.
func TestDriftReadsTheHistory(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 1)
		c, _ := items[Item](t, d, nil)
		require.NoError(t, dialect.LedgerOf(d).Append(t.Context(), d.Writer(), schema.Revision{
			Ref: schema.Ref{Name: "items"}, Generation: 2, ToFingerprint: "whatever", State: schema.RevisionApplying,
			Statements: []string{"CREATE INDEX"}, AppliedAt: time.Now().UTC(),
		}))
		drift := driftOf(t, c)
		history := historyOf(t, d, "items")
		require.Len(t, history, 2)
		require.Equal(t, []int64{history[1].ID}, drift.Unfinished)
		require.Empty(t, drift.Tampered)
		require.True(t, drift.Any())
		require.NoError(t, c.EnsureAll(t.Context()), "it is no reason to stop")

		_, node := items[ItemMore](t, d, nil)
		_, err := node.Get(t.Context(), 1)
		require.NoError(t, err)
		require.Empty(t, driftOf(t, c).Unfinished, "somebody has ended it")

		exec(t, d, "UPDATE schemactor_revisions SET reason = 'because' WHERE id = 1")
		require.Equal(t, []string{"revision 1"}, driftOf(t, c).Tampered)
		read, err := c.History(t.Context(), "items")
		require.NoError(t, err)
		require.True(t, read[0].Tampered)
		require.False(t, read[1].Tampered)
	})
}
