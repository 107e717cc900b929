package coordinator_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

const (
	// canary is a value of rows that must not be seen anywhere.
	canary = "Canary4711Value"
	// canaryPassword is the same in an address.
	canaryPassword = "Canary0815Password"
)

type (
	itemUniqueName struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"  schema:"unique"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
	}
	itemShortName struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"  schema:"check=length(name) < 3"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
	}
	itemNarrowName struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"  schema:"size=2"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
	}
	itemNumberName struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  int64   `db:"name"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
	}
	itemKnownNote struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"`
		Note  *string `db:"note"  schema:"references=labels.id"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
	}
	itemFilledFromNote struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
		Grade string  `db:"grade" schema:"backfill=nullif(name, name)"`
	}
	// Label is what notes are said to point at.
	Label struct {
		ID string `db:"id" schema:"pk"`
	}
)

// unfit is a change that the rows do not allow.
type unfit struct {
	name string
	use  func(testing.TB, dialect.Dialect, *coordinator.Config) (*coordinator.Coordinator, error)
	mend string // what makes the rows fit
}

func unfitChanges() []unfit {
	return []unfit{
		{"not null over nulls", asking[itemNoteNeeded](), "UPDATE items SET note = 'x'"},
		{"unique over duplicates", asking[itemUniqueName](), "UPDATE items SET name = 'name ' || id"},
		{"check over rows that break it", asking[itemShortName](), "UPDATE items SET name = 'x'"},
		{"narrower than what is there", asking[itemNarrowName](), "UPDATE items SET name = 'x'"},
		{"a type that values do not have", asking[itemNumberName](), "UPDATE items SET name = '12'"},
		{"foreign key over orphans", asking[itemKnownNote](), "UPDATE items SET note = NULL"},
		{"a backfill that gives null", asking[itemFilledFromNote](), "DELETE FROM items"},
	}
}

// witness collects all that a program tells.
type witness struct {
	mu    sync.Mutex
	texts []string
	log   *observer.ObservedLogs
}

func (w *witness) say(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, text)
}

func (w *witness) marshal(t testing.TB, values ...any) {
	for _, v := range values {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		w.say(string(text))
	}
}

// config lets everything through and listens to all of it.
func (w *witness) config() *coordinator.Config {
	core, log := observer.New(zap.DebugLevel)
	w.log = log
	heard := func(e schema.Event) { w.say(fmt.Sprintf("%+v %v", e, e.Err)) }
	return &coordinator.Config{
		Policy: allow(schema.AnyHazard, "", ""), Logger: zap.New(core),
		Listener: &schema.Listener{
			Ensuring: heard, LockWaiting: heard, Applied: heard, Progress: heard, Ready: heard, Failed: heard, Invalidated: heard,
		},
	}
}

// check holds everything that was told against the canaries.
func (w *witness) check(t testing.TB, d dialect.Dialect, c *coordinator.Coordinator) {
	for _, e := range w.log.All() {
		w.marshal(t, e.Message, e.ContextMap())
	}
	w.marshal(t, c.Status(), historyOf(t, d, "items"))
	drifts, err := c.Drift(t.Context())
	require.NoError(t, err)
	for _, drift := range drifts {
		w.marshal(t, drift)
		w.say(drift.String())
	}
	plans, err := c.Plan(t.Context())
	require.NoError(t, err)
	for _, plan := range plans {
		w.marshal(t, plan)
		w.say(plan.String())
	}
	require.Greater(t, len(w.texts), 8)
	for _, text := range w.texts {
		require.NotContains(t, strings.ToLower(text), strings.ToLower(canary))
		require.NotContains(t, text, canaryPassword)
	}
}

// A change that the rows do not allow fails with a word on what is wrong and where, leaves the rows as they are, and tells
// nobody what is in them. Once they fit, the next try goes through: there is nothing to repair.
func TestUnfitRowsAreNotTold(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		for _, u := range unfitChanges() {
			t.Run(u.name, func(t *testing.T) { u.test(t, sqliteDatabase(t).open(t)) })
		}
	})
	t.Run("postgres", func(t *testing.T) {
		server := postgrestest.NewServer(t)
		address := server.PasswordURL("ada", canaryPassword)
		exec(t, openPostgres(t, server.URL()), "GRANT CREATE ON SCHEMA public TO ada")
		for _, u := range unfitChanges() {
			t.Run(u.name, func(t *testing.T) {
				d := openPostgres(t, address)
				for _, table := range []string{"items", "labels", dialect.LedgerTable, dialect.RevisionsTable} {
					exec(t, d, "DROP TABLE IF EXISTS "+table+" CASCADE")
				}
				u.test(t, d)
			})
		}
	})
}

func (u *unfit) test(t *testing.T, d dialect.Dialect) {
	first := start(t, d, nil)
	register[Label, string](t, first, schema.Named("labels"))
	old := register[Item, int64](t, first, schema.Named("items"))
	note := canary
	require.NoError(t, first.EnsureAll(t.Context()))
	require.NoError(t, old.Create(t.Context(), &Item{ID: 1, Name: canary, Note: &note, Stock: 1}))
	require.NoError(t, old.Create(t.Context(), &Item{ID: 2, Name: canary}))
	hash := liveOf(t, d, "items").Hash

	w := &witness{}
	c, err := u.use(t, d, w.config())
	failed := func(err error) {
		require.ErrorContains(t, err, "items")
		require.False(t, errors.Is(err, schema.ErrMigrationRequired), "it was allowed, and tried: %v", err)
		var known *schema.Error
		require.True(t, errors.As(err, &known), "%v", err)
		require.NotNil(t, known.Kind, "%v", err)
		w.say(err.Error())
		w.say(fmt.Sprintf("%+v", err))
		require.Equal(t, 2, count(t, d, "SELECT count(*) FROM items WHERE name = '"+canary+"'"))
		var server *pgconn.PgError
		if errors.As(err, &server) && strings.Contains(server.Detail+server.Message, canary) {
			t.Log("the server's own words hold the value")
		}
		t.Log(err)
	}
	failed(err)
	plans, err := c.Plan(t.Context())
	require.NoError(t, err)
	w.marshal(t, plans)
	failed(c.Migrate(t.Context(), plans, schema.Policy{}))
	require.ErrorContains(t, c.Ready(t.Context()), "items")
	w.say(c.Ready(t.Context()).Error())
	if d.Name() == "sqlite" {
		require.Equal(t, hash, liveOf(t, d, "items").Hash, "all or nothing")
	}
	_, err = old.Get(t.Context(), 1)
	require.NoError(t, err, "the old program goes on")
	w.check(t, d, c)

	exec(t, d, u.mend)
	require.NoError(t, c.EnsureAll(t.Context()))
	settled(t, c, "items")
	drift := driftOf(t, c)
	require.False(t, drift.Any(), drift.String())
	live := liveOf(t, d, "items")
	require.Empty(t, append(live.Invalid, live.NotValid...), "nothing is left behind")
	for _, line := range catalogOf(t, d) {
		for piece := range strings.FieldsSeq(line) {
			if strings.HasPrefix(piece, "schemactor_") {
				require.True(t, strings.HasPrefix(piece, dialect.LedgerTable) || strings.HasPrefix(piece, dialect.RevisionsTable), line)
			}
		}
	}
}
