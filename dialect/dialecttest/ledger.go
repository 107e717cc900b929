package dialecttest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

func entryOf(ref schema.Ref, generation int64) schema.Entry {
	return schema.Entry{
		Ref: ref, Generation: generation, Fingerprint: "f", CatalogHash: "c", Spec: `{"b": 1,  "a": "日本 ' \" \\"}`,
		UpdatedAt: moment(int(generation)), UpdatedBy: "app@host:7",
	}
}

func revisionOf(ref schema.Ref, generation int64, statements ...string) schema.Revision {
	return schema.Revision{
		Ref: ref, Generation: generation, FromFingerprint: "", ToFingerprint: "f", Statements: statements,
		State: schema.RevisionApplied, Reason: "drop-column(a): it's \"gone\"; 日本", Catalog: `{"ref": {"name":  "a"}}`,
		Duration: 1234567 * time.Microsecond, Host: "host", PID: 4194304, Application: "app", Version: "v1.2.3",
		AppliedAt: moment(int(generation)),
	}
}

func exerciseLedger(t *testing.T, open opener) {
	t.Run("without a ledger", func(t *testing.T) {
		d := open(t)
		l := dialect.LedgerOf(d)
		_, err := l.Entry(t.Context(), d.Reader(), schema.Ref{Name: "a"})
		require.ErrorIs(t, err, schema.ErrMissing)
		history, err := l.History(t.Context(), d.Reader(), schema.Ref{Name: "a"})
		require.NoError(t, err)
		require.Empty(t, history)
		require.ErrorIs(t, l.Refresh(t.Context(), d.Writer(), entryOf(schema.Ref{Name: "a"}, 1)), schema.ErrMissing)
		_, err = l.Seen(t.Context(), d.Reader(), schema.Ref{Name: "a"}, "f")
		require.ErrorIs(t, err, schema.ErrMissing)
	})
	t.Run("record, refresh and read", func(t *testing.T) {
		d := open(t)
		create(t, d, dialect.LedgerModels()...)
		exerciseRecords(t, d, schema.Ref{Name: "a"}, schema.Ref{Name: "b"}, schema.Ref{
			Name: "a \"long\" 'name' that goes on and on, longer than most databases take, 日本語 and then some",
		})
	})
	t.Run("namespaces", func(t *testing.T) {
		d := open(t)
		if !d.Capability().Namespaces {
			t.Skip("this database has no namespaces")
		}
		create(t, d, dialect.LedgerModels()...)
		exerciseRecords(t, d, schema.Ref{Name: "a"}, schema.Ref{Namespace: "x", Name: "a"}, schema.Ref{Namespace: "it's", Name: "a"})
		// The empty namespace is the one that the connection is in, by whatever name.
		var current string
		_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT "+d.NamespaceExpr(d.Placeholder(1)), []any{""}, &current)
		require.NoError(t, err)
		require.NotEmpty(t, current)
		entry, err := dialect.LedgerOf(d).Entry(t.Context(), d.Reader(), schema.Ref{Namespace: current, Name: "a"})
		require.NoError(t, err)
		require.NotNil(t, entry)
	})
	t.Run("steps on the way", func(t *testing.T) { exerciseSteps(t, open(t)) })
	t.Run("edited by hand", func(t *testing.T) { exerciseSeals(t, open(t)) })
	t.Run("taken back with its transaction", func(t *testing.T) {
		d := open(t)
		create(t, d, dialect.LedgerModels()...)
		l, ref, failure := dialect.LedgerOf(d), schema.Ref{Name: "a"}, errors.New("no")
		require.ErrorIs(t, d.Locked(t.Context(), []schema.Ref{ref}, func(ctx context.Context, tx dialect.Tx) error {
			require.NoError(t, l.Record(ctx, tx, dialect.Record{Entry: entryOf(ref, 1), Revision: revisionOf(ref, 1)}))
			entry, err := l.Entry(ctx, tx, ref)
			require.NoError(t, err)
			require.NotNil(t, entry)
			return failure
		}), failure)
		entry, err := l.Entry(t.Context(), d.Reader(), ref)
		require.NoError(t, err)
		require.Nil(t, entry)
		history, err := l.History(t.Context(), d.Reader(), ref)
		require.NoError(t, err)
		require.Empty(t, history)
	})
}

// exerciseRecords writes and reads the history of several tables; each has its own.
func exerciseRecords(t *testing.T, d dialect.Dialect, tables ...schema.Ref) {
	l := dialect.LedgerOf(d)
	for _, ref := range tables {
		entry, err := l.Entry(t.Context(), d.Reader(), ref)
		require.NoError(t, err)
		require.Nil(t, entry, "%s has nobody's entry", ref)
		first := revisionOf(ref, 1, "CREATE TABLE \"x\" ('ü', E'\\n');\n", "CREATE INDEX")
		require.NoError(t, l.Record(t.Context(), d.Writer(), dialect.Record{Entry: entryOf(ref, 1), Revision: first}))
		second := revisionOf(ref, 2)
		second.State, second.FromFingerprint = schema.RevisionAdopted, "f"
		require.NoError(t, l.Record(t.Context(), d.Writer(), dialect.Record{Entry: entryOf(ref, 2), Revision: second}))

		entry, err = l.Entry(t.Context(), d.Reader(), ref)
		require.NoError(t, err)
		require.Equal(t, entryOf(ref, 2), *entry)
		refreshed := entryOf(ref, 2)
		refreshed.CatalogHash, refreshed.UpdatedAt, refreshed.UpdatedBy = "other", moment(3), "another@host:8"
		require.NoError(t, l.Refresh(t.Context(), d.Writer(), refreshed))
		entry, err = l.Entry(t.Context(), d.Reader(), ref)
		require.NoError(t, err)
		require.Equal(t, refreshed, *entry)

		history, err := l.History(t.Context(), d.Reader(), ref)
		require.NoError(t, err)
		require.Len(t, history, 2, "a refresh is no revision")
		require.Positive(t, history[0].ID)
		require.Greater(t, history[1].ID, history[0].ID)
		second.Statements = []string{}
		for i, want := range []schema.Revision{first, second} {
			want.ID = history[i].ID
			want.Checksum = history[i].Checksum
			require.Len(t, want.Checksum, 64)
			require.Equal(t, want, history[i])
		}
	}
}
