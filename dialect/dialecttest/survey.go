package dialecttest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

func exerciseSurvey(t *testing.T, open opener) {
	t.Run("without a ledger", func(t *testing.T) {
		d := open(t)
		s := storeOf[seat](t, d)
		seen := survey(t, d, schema.Ref{Name: "nosuch"}, s.table.Ref())
		require.False(t, seen.HasLedger)
		require.Equal(t, []dialect.Sighting{{}, {CatalogHash: inspect(t, d, s.table.Ref()).Hash}}, seen.Sightings)
	})
	t.Run("entries and hashes", func(t *testing.T) { exerciseSightings(t, open(t)) })
	t.Run("no table asked for", func(t *testing.T) {
		seen := survey(t, open(t))
		require.False(t, seen.HasLedger)
		require.Empty(t, seen.Sightings)
	})
	t.Run("hash follows the catalogue", func(t *testing.T) { exerciseHash(t, open(t)) })
}

func survey(t *testing.T, d dialect.Dialect, refs ...schema.Ref) *dialect.Survey {
	t.Helper()
	seen, err := d.Survey(t.Context(), refs)
	require.NoError(t, err)
	require.Len(t, seen.Sightings, len(refs))
	return seen
}

func exerciseSightings(t *testing.T, d dialect.Dialect) {
	create(t, d, dialect.LedgerModels()...)
	l := dialect.LedgerOf(d)
	a, b := modelOf[seat](t), modelOf[hostile](t, schema.Named("a \"long\" 'name' that goes on and on, longer than most databases take, 日本語 and so on"))
	gone, unknown := schema.Ref{Name: "gone"}, modelOf[pair](t)
	tables := []schema.Ref{{Name: "nosuch"}, b.Ref(), gone, unknown.Ref(), a.Ref()}
	if d.Capability().Namespaces {
		far := modelOf[seat](t, schema.InNamespace("far"))
		create(t, d, far)
		tables = append(tables, far.Ref())
	}
	create(t, d, a, b, unknown)
	for i, ref := range []schema.Ref{a.Ref(), b.Ref(), gone} {
		require.NoError(t, l.Record(t.Context(), d.Writer(), dialect.Record{Entry: entryOf(ref, int64(i+1)), Revision: revisionOf(ref, int64(i+1))}))
	}
	for range 2 {
		seen := survey(t, d, tables...)
		require.True(t, seen.HasLedger)
		for i, ref := range tables {
			have := seen.Sightings[i]
			live := inspect(t, d, ref)
			if live == nil {
				require.Empty(t, have.CatalogHash, ref)
			} else {
				require.Equal(t, live.Hash, have.CatalogHash, ref)
			}
			want, err := l.Entry(t.Context(), d.Reader(), ref)
			require.NoError(t, err)
			if want == nil {
				require.Nil(t, have.Entry, ref)
				continue
			}
			require.NotNil(t, have.Entry, ref)
			have.Entry.Ref, want.Ref = schema.Ref{}, schema.Ref{}
			require.Equal(t, want, have.Entry, ref)
		}
	}
	require.NotEmpty(t, survey(t, d, a.Ref()).Sightings[0].CatalogHash)
	require.EqualValues(t, 1, survey(t, d, a.Ref()).Sightings[0].Entry.Generation)

	many := make([]schema.Ref, 0, 1000)
	for i := range 1000 {
		many = append(many, tables[i%len(tables)])
	}
	for i, have := range survey(t, d, many...).Sightings {
		require.Equal(t, many[i].Name == "nosuch" || many[i].Name == "gone", have.CatalogHash == "", many[i])
	}
}

// exerciseHash changes a table by hand; each change must show.
func exerciseHash(t *testing.T, d dialect.Dialect) {
	s := storeOf[seat](t, d)
	other := storeOf[pair](t, d)
	seen := map[string]string{}
	look := func(after string) {
		hash := survey(t, d, s.table.Ref()).Sightings[0].CatalogHash
		require.Equal(t, inspect(t, d, s.table.Ref()).Hash, hash)
		former, known := seen[hash]
		require.False(t, known, "after %q the hash is that after %q", after, former)
		seen[hash] = after
	}
	look("create")
	untouched := inspect(t, d, other.table.Ref()).Hash
	statements := []string{
		"CREATE INDEX byhand ON seats (guest)", "ALTER TABLE seats ADD COLUMN extra integer",
		"CREATE UNIQUE INDEX byhand2 ON seats (extra)", "ALTER TABLE seats RENAME COLUMN extra TO extra2",
		"DROP INDEX byhand",
	}
	analyze := "ANALYZE"
	if d.Name() == "mysql" {
		statements[4], analyze = "DROP INDEX byhand ON seats", "ANALYZE TABLE seats"
	}
	for _, sql := range statements {
		exec(t, d, sql)
		look(sql)
	}
	hash := inspect(t, d, s.table.Ref()).Hash
	s.mustInsert(t, &seat{"A", 1, nil})
	exec(t, d, analyze)
	require.Equal(t, hash, inspect(t, d, s.table.Ref()).Hash, "rows and statistics are not the shape")
	require.Equal(t, untouched, inspect(t, d, other.table.Ref()).Hash, "other tables have a shape of their own")
}
