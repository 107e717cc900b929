package mysql_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

// asked is how many statements the server has got on a connection, this one among them.
func asked(t *testing.T, d *mysql.DB) (connection, statements int64) {
	t.Helper()
	_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT connection_id(), CAST(variable_value AS INTEGER)"+
		" FROM information_schema.session_status WHERE variable_name = 'Questions'", nil, &connection, &statements)
	require.NoError(t, err)
	return connection, statements
}

// A program with a thousand tables asks one question at its start, as the server counts.
func TestSurveyOfAThousandTablesIsOneStatement(t *testing.T) {
	const many = 1000
	url := mysqltest.Open(t)
	pool := poolOf(t, url, 2)
	d, err := mysql.New(t.Context(), pool, nil)
	require.NoError(t, err)
	for _, model := range dialect.LedgerModels() {
		exec(t, d, d.Create(model).Statements[0].SQL)
	}
	ledger := dialect.LedgerOf(d)
	var refs []schema.Ref
	for i := range many {
		ref := schema.Ref{Name: fmt.Sprintf("t%03d", i)}
		refs = append(refs, ref)
		if i%50 != 0 {
			continue // most are not there
		}
		exec(t, d, "CREATE TABLE "+d.QuoteTable(ref)+" (id bigint PRIMARY KEY)")
		require.NoError(t, ledger.Refresh(t.Context(), d.Writer(), schema.Entry{Ref: ref, Generation: 1, CatalogHash: fmt.Sprint(i)}))
	}
	connection, before := asked(t, d)
	survey, err := d.Survey(t.Context(), refs)
	require.NoError(t, err)
	same, after := asked(t, d)
	require.Equal(t, connection, same)
	require.EqualValues(t, 1, after-before-1)

	require.True(t, survey.HasLedger)
	for i, sighting := range survey.Sightings {
		require.Equal(t, i%50 == 0, sighting.CatalogHash != "")
		require.Equal(t, i%50 == 0, sighting.Entry != nil)
		if sighting.Entry != nil {
			require.Equal(t, fmt.Sprint(i), sighting.Entry.CatalogHash, "the sightings are in another order")
		}
	}
}

// A view that has a table's name is in the way of that table and of no other one.
func TestSurveyPassesOverViews(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	exec(t, d, "CREATE TABLE here (id bigint PRIMARY KEY)", "CREATE VIEW seen AS SELECT id FROM here")
	refs := []schema.Ref{{Name: "seen"}, {Name: "here"}, {Name: "gone"}}
	survey, err := d.Survey(t.Context(), refs)
	require.NoError(t, err)
	require.False(t, survey.HasLedger)
	live, err := d.Inspect(t.Context(), d.Reader(), refs[1])
	require.NoError(t, err)
	require.Equal(t, []dialect.Sighting{{}, {CatalogHash: live[0].Hash}, {}}, survey.Sightings)
	_, err = d.Inspect(t.Context(), d.Reader(), refs...)
	require.ErrorIs(t, err, schema.ErrSchemaMismatch)
	require.ErrorContains(t, err, "view")
}

// A table of an engine without transactions would keep what they take back, and fits no model whatever its columns are.
func TestATableOfAnotherEngineIsRefused(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	model := tableOf[account](t)
	exec(t, d, d.Create(model).Statements[0].SQL)
	inspect := func() ([]*schema.Live, error) { return d.Inspect(t.Context(), d.Reader(), model.Ref()) }
	for _, engine := range []string{"MyISAM", "MEMORY", "Aria"} {
		exec(t, d, "ALTER TABLE accounts ENGINE="+engine)
		_, err := inspect()
		require.ErrorIs(t, err, schema.ErrSchemaMismatch, engine)
		require.ErrorContains(t, err, "ENGINE=InnoDB", engine)
	}
	exec(t, d, "ALTER TABLE accounts ENGINE=InnoDB")
	_, err := inspect()
	require.NoError(t, err)
	exec(t, d, "ALTER TABLE accounts COMMENT 'ours' PARTITION BY HASH (id) (PARTITION p COMMENT = 'its own')")
	lives, err := inspect()
	require.NoError(t, err)
	require.Equal(t, "ours", lives[0].Comment)
}
