package dialecttest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// exerciseSteps writes revisions that bring no new entry: those announced and those failed.
func exerciseSteps(t *testing.T, d dialect.Dialect) {
	create(t, d, dialect.LedgerModels()...)
	l, ref, other := dialect.LedgerOf(d), schema.Ref{Name: "a"}, schema.Ref{Name: "b"}
	seen := func(fingerprint string, want bool) {
		t.Helper()
		have, err := l.Seen(t.Context(), d.Reader(), ref, fingerprint)
		require.NoError(t, err)
		require.Equal(t, want, have, fingerprint)
	}
	step := func(fingerprint string, state schema.RevisionState, failure string) schema.Revision {
		r := revisionOf(ref, 2, "ALTER TABLE a")
		r.FromFingerprint, r.ToFingerprint, r.State, r.Failure, r.Catalog = "f", fingerprint, state, failure, ""
		return r
	}
	seen("f", false)
	require.NoError(t, l.Record(t.Context(), d.Writer(), dialect.Record{Entry: entryOf(ref, 1), Revision: revisionOf(ref, 1)}))
	require.NoError(t, l.Record(t.Context(), d.Writer(), dialect.Record{Entry: entryOf(other, 1), Revision: revisionOf(other, 1)}))
	steps := []schema.Revision{
		step("g", schema.RevisionApplying, ""), step("g", schema.RevisionFailed, schema.ErrUnfitRows.Error()),
		step("h", schema.RevisionApplying, ""),
	}
	for _, r := range steps {
		require.NoError(t, l.Append(t.Context(), d.Writer(), r))
	}
	entry, err := l.Entry(t.Context(), d.Reader(), ref)
	require.NoError(t, err)
	require.Equal(t, entryOf(ref, 1), *entry, "a step leaves the entry alone")
	seen("f", true)
	seen("g", false)
	seen("h", false)

	adopted := revisionOf(ref, 2)
	adopted.ToFingerprint, adopted.State = "h", schema.RevisionAdopted
	require.NoError(t, l.Append(t.Context(), d.Writer(), adopted))
	seen("h", true)
	have, err := l.Seen(t.Context(), d.Reader(), other, "h")
	require.NoError(t, err)
	require.False(t, have, "another table has a history of its own")

	history, err := l.History(t.Context(), d.Reader(), ref)
	require.NoError(t, err)
	require.Len(t, history, 5)
	for i, want := range steps {
		want.ID, want.Checksum = history[i+1].ID, history[i+1].Checksum
		require.Equal(t, want, history[i+1])
	}
}

// exerciseSeals edits the ledger by hand, a column at a time: each edit must show, on the edited row alone.
func exerciseSeals(t *testing.T, d dialect.Dialect) {
	create(t, d, dialect.LedgerModels()...)
	l, ref := dialect.LedgerOf(d), schema.Ref{Name: "a"}
	entry := func() bool {
		e, err := l.Entry(t.Context(), d.Reader(), ref)
		require.NoError(t, err)
		seen := survey(t, d, ref).Sightings[0].Entry
		require.Equal(t, e.Tampered, seen.Tampered)
		return e.Tampered
	}
	for _, edit := range []string{
		"generation = 7", "fingerprint = 'x'", "catalog_hash = 'x'", "spec = '{}'", "updated_by = 'x'", "seal = ''",
		"updated_at = '2001-02-03 04:05:06.000000'",
	} {
		require.NoError(t, l.Refresh(t.Context(), d.Writer(), entryOf(ref, 1)))
		require.False(t, entry(), "what the library wrote itself")
		handEdit(t, d, dialect.LedgerTable, edit, "table_name = 'a'")
		require.True(t, entry(), edit)
	}
	for _, edit := range []string{
		"generation = 7", "from_fingerprint = 'x'", "to_fingerprint = 'x'", "statements = '[]'", "statements = 'no JSON'",
		"checksum = ''", "state = 'adopted'", "reason = ''", "failure = 'x'", "catalog = ''", "duration_us = 1", "host = 'x'",
		"pid = 1", "application = 'x'", "version = 'x'", "applied_at = '2001-02-03 04:05:06.000000'",
	} {
		exec(t, d, "DELETE FROM "+dialect.RevisionsTable)
		for range 2 {
			require.NoError(t, l.Append(t.Context(), d.Writer(), revisionOf(ref, 1, "CREATE TABLE a", "COMMENT")))
		}
		handEdit(t, d, dialect.RevisionsTable, edit, "id = (SELECT min(id) FROM "+dialect.RevisionsTable+")")
		history, err := l.History(t.Context(), d.Reader(), ref)
		require.NoError(t, err, edit)
		require.Len(t, history, 2)
		require.True(t, history[0].Tampered, edit)
		require.False(t, history[1].Tampered, edit)
	}
}

// handEdit changes a row as somebody with a console would.
func handEdit(t *testing.T, d dialect.Dialect, table, edit, where string) {
	t.Helper()
	exec(t, d, "UPDATE "+table+" SET "+edit+" WHERE "+where)
}
