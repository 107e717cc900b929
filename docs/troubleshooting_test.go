package docs_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	server "github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// failures makes each error happen, on a database of its own where nothing else is said. The pages show their texts.
var failures = map[string]struct {
	is  error
	run func(t *testing.T) error
}{
	"ErrNotFound": {schema.ErrNotFound, func(t *testing.T) error {
		_, users, _ := shop(t)
		_, err := users.Get(t.Context(), uuid.New())
		return err
	}},
	"ErrConflict": {schema.ErrConflict, func(t *testing.T) error {
		_, _, orders, order := ordered(t)
		read := *order
		require.NoError(t, orders.Update(t.Context(), order)) // somebody is faster
		return orders.Update(t.Context(), &read)
	}},
	"ErrDuplicate": {schema.ErrDuplicate, func(t *testing.T) error {
		_, users, _, _ := ordered(t)
		return users.Create(t.Context(), &User{ID: uuid.New(), Email: "ada@example.org"})
	}},
	"ErrForeignKey": {schema.ErrForeignKey, func(t *testing.T) error {
		_, _, orders := shop(t)
		return orders.Create(t.Context(), &Order{UserID: uuid.New(), Total: "1"})
	}},
	"ErrCheck": {schema.ErrCheck, func(t *testing.T) error {
		_, users, _ := shop(t)
		years := -1
		return users.Create(t.Context(), &User{ID: uuid.New(), Email: "ada@example.org", Age: &years})
	}},
	"ErrNotNull": {schema.ErrNotNull, func(t *testing.T) error {
		_, users, _, _ := ordered(t)
		_, err := users.BulkUpdate(t.Context(), nodes.Query{Where: nodes.Eq("name", "Ada")}, nodes.Set{"name": nil})
		return err
	}},
	"ErrInvalid": {schema.ErrInvalid, func(t *testing.T) error {
		_, users, _ := shop(t)
		_, err := users.List(t.Context(), nodes.Query{Where: nodes.Eq("nmae", "Ada")})
		return err
	}},
	"ErrRegistered": {schema.ErrRegistered, func(t *testing.T) error {
		c, _, _ := shop(t)
		_, err := coordinator.Register[User, uuid.UUID](c)
		return err
	}},
	"ErrClosed": {schema.ErrClosed, func(t *testing.T) error {
		c, users, _ := shop(t)
		require.NoError(t, c.Close(t.Context()))
		_, err := users.Get(t.Context(), uuid.New())
		return err
	}},
	"ErrNotReady": {coordinator.ErrNotReady, func(t *testing.T) error {
		c, _, _ := shop(t)
		return c.Ready(t.Context())
	}},
	"ErrNotEnsured": {schema.ErrNotEnsured, func(t *testing.T) error {
		db := open(t)
		c := start(t, db, nil)
		users, err := coordinator.Register[User, uuid.UUID](c)
		require.NoError(t, err)
		tx, err := db.Begin(t.Context())
		require.NoError(t, err)
		defer func() { require.NoError(t, tx.Rollback(context.WithoutCancel(t.Context()))) }()
		return users.In(tx).Create(t.Context(), &User{ID: uuid.New()})
	}},
	"ErrMissing": {schema.ErrMissing, func(t *testing.T) error {
		c := start(t, open(t), &coordinator.Config{Mode: coordinator.ModeTrust})
		users, err := coordinator.Register[User, uuid.UUID](c)
		require.NoError(t, err)
		_, err = users.Get(t.Context(), uuid.New())
		return err
	}},
	"ErrSchemaMismatch": {schema.ErrSchemaMismatch, func(t *testing.T) error {
		db := open(t)
		execute(t, db, "CREATE TABLE parcels (id INTEGER PRIMARY KEY NOT NULL)")
		c := start(t, db, &coordinator.Config{Mode: coordinator.ModeVerify})
		_, err := register[oldParcel](t, c, "parcels").Get(t.Context(), 1)
		return err
	}},
	"ErrMigrationRequired": {schema.ErrMigrationRequired, func(t *testing.T) error {
		_, err := register[newParcel](t, start(t, parcels(t, 1), nil), "parcels").Get(t.Context(), 1)
		return err
	}},
	"ErrDestructive": {schema.ErrDestructive, func(t *testing.T) error {
		c := start(t, parcels(t, 1), nil)
		register[newParcel](t, c, "parcels")
		return adopt(t.Context(), c)
	}},
	"ErrUnfitRows": {schema.ErrUnfitRows, func(t *testing.T) error {
		db := parcels(t, 1)
		execute(t, db, "INSERT INTO parcels (id) VALUES (7)") // without a weight
		c := start(t, db, nil)
		register[newParcel](t, c, "parcels")
		return adopt(t.Context(), c, schema.Allowance{Hazard: schema.HazardSetNotNull, Reason: "all were weighed"})
	}},
	"ErrStalePlan": {schema.ErrStalePlan, func(t *testing.T) error {
		db := parcels(t, 1)
		c := start(t, db, nil)
		register[newParcel](t, c, "parcels")
		plans, err := c.Plan(t.Context())
		require.NoError(t, err)
		execute(t, db, "ALTER TABLE parcels ADD COLUMN note TEXT")
		return c.Migrate(t.Context(), plans, schema.Policy{})
	}},
	"ErrStaleModel": {schema.ErrStaleModel, func(t *testing.T) error {
		db := parcels(t, 1)
		next := start(t, db, nil)
		register[lightParcel](t, next, "parcels")
		require.NoError(t, adopt(t.Context(), next, schema.Allowance{Hazard: schema.HazardRenameColumn, Reason: "kilograms"}))
		_, err := register[oldParcel](t, start(t, db, nil), "parcels").Get(t.Context(), 1)
		return err
	}},
	"ErrPermission": {schema.ErrPermission, func(t *testing.T) error {
		database := server.Open(t)
		db, err := postgres.Open(t.Context(), server.Role(t, database), nil)
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		c := start(t, db, nil)
		_, err = register[oldParcel](t, c, "parcels").Get(t.Context(), 1)
		return err
	}},
	"ErrUnavailable": {schema.ErrUnavailable, func(t *testing.T) error {
		_, err := postgres.Open(t.Context(), "postgres://app@127.0.0.1:1/shop", nil)
		return err
	}},
	"ErrLockTimeout": {schema.ErrLockTimeout, func(t *testing.T) error {
		path := filepath.Join(t.TempDir(), "app.db")
		mine, err := sqlite.Open(t.Context(), path, &sqlite.Config{BusyTimeout: time.Millisecond})
		require.NoError(t, err)
		defer func() { require.NoError(t, mine.Close()) }()
		c := start(t, mine, nil)
		users := register[oldParcel](t, c, "parcels")
		require.NoError(t, c.EnsureAll(t.Context()))
		other, err := sqlite.Open(t.Context(), path, nil)
		require.NoError(t, err)
		defer func() { require.NoError(t, other.Close()) }()
		tx, err := other.Begin(t.Context()) // another program's transaction, which does not end
		require.NoError(t, err)
		defer func() { require.NoError(t, tx.Rollback(context.WithoutCancel(t.Context()))) }()
		return users.Create(t.Context(), &oldParcel{ID: 1})
	}},
	"ErrSerialization": {schema.ErrSerialization, func(t *testing.T) error {
		db := onPostgres.Open(t)
		ada := User{ID: uuid.New(), Email: "ada@example.org", Name: "Ada"}
		require.NoError(t, db.Nodes.Users.Create(t.Context(), &ada))
		return db.Coordinator.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
			if _, err := db.Nodes.Users.In(tx).Get(ctx, ada.ID); err != nil {
				return err
			}
			if _, err := db.Nodes.Users.Patch(t.Context(), ada.ID, nodes.Set{"name": "Countess"}); err != nil { // somebody else
				return err
			}
			_, err := db.Nodes.Users.In(tx).Patch(ctx, ada.ID, nodes.Set{"name": "Lady"})
			return err
		}, coordinator.Isolation(dialect.Serializable), coordinator.RetryFor(0))
	}},
	"ErrOutcomeUnknown": {schema.ErrOutcomeUnknown, func(t *testing.T) error {
		db := onPostgres.Open(t)
		require.NoError(t, db.Coordinator.EnsureAll(t.Context()))
		tx, err := db.Dialect.Begin(t.Context())
		require.NoError(t, err)
		defer func() { require.NoError(t, tx.Rollback(context.WithoutCancel(t.Context()))) }()
		ada := User{ID: uuid.New(), Email: "ada@example.org", Name: "Ada"}
		require.NoError(t, db.Nodes.Users.In(tx).Create(t.Context(), &ada))
		ctx, cancel := context.WithCancel(t.Context()) // ends while the same key waits for the transaction
		defer cancel()
		go func() {
			for ctx.Err() == nil && ask(t, db.Dialect, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0 {
				runtime.Gosched()
			}
			cancel()
		}()
		return db.Nodes.Users.Create(ctx, &ada)
	}},
}

// unseen are errors that no call returns as a rule, and for which the page has no text.
var unseen = []string{"ErrRaced", "ErrChanged", "ErrUnfinished"}

// lightParcel has its weight under another name.
type lightParcel struct {
	ID    int64 `schema:"pk"`
	Grams *int  `schema:"was=weight"`
}

// ordered is the shop with one user and one order.
func ordered(t *testing.T) (*coordinator.Coordinator, *nodes.Node[User, uuid.UUID], *nodes.Node[Order, int64], *Order) {
	c, users, orders := shop(t)
	ada := User{ID: uuid.New(), Email: "ada@example.org", Name: "Ada"}
	require.NoError(t, users.Create(t.Context(), &ada))
	order := &Order{UserID: ada.ID, PlacedAt: time.Now(), Total: "12.50"}
	require.NoError(t, orders.Create(t.Context(), order))
	return c, users, orders, order
}

// parcels is a database with the older model's table and some rows.
func parcels(t *testing.T, rows int64) dialect.Dialect {
	db := open(t)
	c, err := coordinator.New(db, nil)
	require.NoError(t, err)
	node := register[oldParcel](t, c, "parcels")
	for id := range rows {
		weight := 12
		require.NoError(t, node.Create(t.Context(), &oldParcel{ID: id, Weight: &weight}))
	}
	require.NoError(t, c.Close(t.Context()))
	return db
}

func execute(t *testing.T, db dialect.Dialect, sql string) {
	_, err := db.Writer().Exec(t.Context(), sql)
	require.NoError(t, err)
}

// TestTroubleshooting makes every error happen and looks for its text in the section of its name.
func TestTroubleshooting(t *testing.T) {
	sections := sectionsOf(read(t, "troubleshooting.md"))
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			err := failure.run(t)
			require.ErrorIs(t, err, failure.is)
			shown := fence.FindStringSubmatch(sections[name])
			require.NotNil(t, shown, "the section %s shows no message; it is:\n%s", name, err)
			require.Equal(t, strings.TrimSpace(shown[2]), err.Error())
		})
	}
}

// TestEveryErrorHasItsSection holds both pages against the source.
func TestEveryErrorHasItsSection(t *testing.T) {
	sections, reference := sectionsOf(read(t, "troubleshooting.md")), read(t, "reference/errors.md")
	names := append(sentinels(t, "../schema/errors.go"), sentinels(t, "../coordinator/status.go")...)
	require.Greater(t, len(names), 20)
	for _, name := range names {
		_, happens := failures[name]
		hidden := strings.Contains(strings.Join(unseen, " ")+" ", name+" ")
		require.True(t, happens != hidden, "nothing here makes %s happen", name)
		require.NotEmpty(t, sections[name], "troubleshooting.md has no section %s", name)
		require.Contains(t, reference, "[`"+name+"`](../troubleshooting.md#"+strings.ToLower(name)+")")
	}
	for name := range failures {
		require.Contains(t, names, name)
	}
}

// sentinels are the exported errors of a file.
func sentinels(t *testing.T, file string) (names []string) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Err") {
			names = append(names, spec.Names[0].Name)
		}
		return true
	})
	return names
}

var section = regexp.MustCompile(`(?m)^#{2,3} (.*)$`)

// sectionsOf cuts a page at its headings.
func sectionsOf(text string) map[string]string {
	all := map[string]string{}
	places := section.FindAllStringSubmatchIndex(text, -1)
	for i, place := range places {
		end := len(text)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		all[text[place[2]:place[3]]] = text[place[1]:end]
	}
	return all
}
