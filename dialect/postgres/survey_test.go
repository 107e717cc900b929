package postgres_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// wire counts what goes over all connections of a pool. A round trip is a change of direction: something is sent after
// something was received.
type wire struct {
	trips atomic.Int64
}

func (w *wire) watch(c *pgxpool.Config) {
	dial := c.ConnConfig.DialFunc
	c.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return &tapped{Conn: conn, wire: w}, err
	}
}

type tapped struct {
	net.Conn
	wire    *wire
	sending atomic.Bool
}

func (c *tapped) Write(p []byte) (int, error) {
	if !c.sending.Swap(true) {
		c.wire.trips.Add(1)
	}
	return c.Conn.Write(p)
}

func (c *tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.sending.Store(false)
	}
	return n, err
}

type small struct {
	ID   int64  `db:"id"   schema:"pk,auto"`
	Name string `db:"name" schema:"unique,size=40"`
}

func TestSurveyOfHundredTablesIsOneRoundTrip(t *testing.T) {
	url := postgrestest.Open(t)
	d := open(t, url)
	create(t, d, dialect.LedgerModels()...)
	ledger := dialect.LedgerOf(d)
	var asked []schema.Ref
	for i := range 100 {
		model := tableOf[small](t, schema.Named(fmt.Sprintf("t%03d", i)))
		create(t, d, model)
		asked = append(asked, model.Ref())
		entry := schema.Entry{Ref: model.Ref(), Generation: 1, Fingerprint: model.Fingerprint(), CatalogHash: fmt.Sprint(i)}
		require.NoError(t, ledger.Refresh(t.Context(), d.Writer(), entry))
	}

	var w wire
	p := pool(t, url, w.watch)
	require.NoError(t, p.Ping(t.Context()))
	watched, err := postgres.New(p, nil)
	require.NoError(t, err)
	w.trips.Store(0)
	survey, err := watched.Survey(t.Context(), asked)
	require.NoError(t, err)
	require.EqualValues(t, 1, w.trips.Load())

	require.True(t, survey.HasLedger)
	for i, sighting := range survey.Sightings {
		require.Equal(t, asked[i], sighting.Entry.Ref)
		require.Equal(t, fmt.Sprint(i), sighting.Entry.CatalogHash, "the sightings are in another order")
		require.NotEmpty(t, sighting.CatalogHash)
	}
	live, err := d.Inspect(t.Context(), d.Reader(), asked...)
	require.NoError(t, err)
	for i := range live {
		require.Equal(t, live[i].Hash, survey.Sightings[i].CatalogHash)
	}
}

func TestSurveyWithoutLedger(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	model := tableOf[small](t, schema.Named("here"))
	create(t, d, model)
	exec(t, d, "CREATE VIEW seen AS SELECT 1 AS n")
	survey, err := d.Survey(t.Context(), refs("here", "gone", "seen"))
	require.NoError(t, err)
	require.False(t, survey.HasLedger)
	require.Len(t, survey.Sightings, 3)
	require.Equal(t, inspect(t, d, model.Ref()).Hash, survey.Sightings[0].CatalogHash)
	require.Equal(t, []dialect.Sighting{{}, {}}, survey.Sightings[1:])

	survey, err = d.Survey(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, survey.Sightings)
}

// TestSurveyKeepsToItsOwnSchema has a ledger further down the search path, which is somebody else's.
func TestSurveyKeepsToItsOwnSchema(t *testing.T) {
	url := postgrestest.Open(t)
	d := open(t, url)
	create(t, d, dialect.LedgerModels()...)
	exec(t, d, "CREATE SCHEMA mine")
	mine := open(t, url+"&search_path=mine,public")
	survey, err := mine.Survey(t.Context(), refs("t"))
	require.NoError(t, err)
	require.False(t, survey.HasLedger)

	create(t, mine, dialect.LedgerModels()...)
	require.NoError(t, dialect.LedgerOf(mine).Refresh(t.Context(), mine.Writer(), schema.Entry{Ref: schema.Ref{Name: "t"}}))
	survey, err = mine.Survey(t.Context(), []schema.Ref{{Name: "t"}, {Namespace: "mine", Name: "t"}, {Namespace: "public", Name: "t"}})
	require.NoError(t, err)
	require.True(t, survey.HasLedger)
	require.NotNil(t, survey.Sightings[0].Entry)
	require.NotNil(t, survey.Sightings[1].Entry)
	require.Nil(t, survey.Sightings[2].Entry)
}
