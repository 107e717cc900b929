package docs_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/nodes"
)

type User struct {
	ID        uuid.UUID `db:"id"         schema:"pk"`
	Email     string    `db:"email"      schema:"unique,size=320"`
	Name      string    `db:"name"`
	Age       *int      `db:"age"        schema:"check=age >= 0"`
	CreatedAt time.Time `db:"created_at" schema:"created"`
	UpdatedAt time.Time `db:"updated_at" schema:"updated"`
}

func run(ctx context.Context, path string) error {
	db, err := sqlite.Open(ctx, path, nil) // or postgres.Open(ctx, url, nil), mysql.Open(ctx, url, nil)
	if err != nil {
		return err
	}
	defer db.Close()

	c, err := coordinator.New(db, nil) // the zero Config works; nothing is touched yet
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))

	users, err := coordinator.Register[User, uuid.UUID](c)
	if err != nil {
		return err // every fault of the struct at once
	}

	ada := User{ID: uuid.New(), Email: "ada@example.org", Name: "Ada"}
	if err := users.Create(ctx, &ada); err != nil { // first use: the table is made, once; then the row
		return err
	}
	got, err := users.Get(ctx, ada.ID)
	if err != nil {
		return err
	}
	fmt.Println(got.Name)
	return nil
}

func more(ctx context.Context, c *coordinator.Coordinator, users *nodes.Node[User, uuid.UUID], many []User) error {
	if _, err := users.BulkCreate(ctx, many); err != nil { // all of them or none; the error names the row
		return err
	}
	return c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error { // run again where the database asks for it
		eve := User{ID: uuid.New(), Email: "eve@example.org", Name: "Eve"}
		created, err := users.In(tx).Upsert(ctx, &eve, nodes.OnConflict("email"), nodes.UpdateOnly("name"))
		if err != nil {
			return err
		}
		adults, err := users.In(tx).List(ctx, nodes.Query{Where: nodes.Ge("age", 18), OrderBy: []nodes.Order{nodes.Asc("name")}})
		fmt.Println(created, len(adults))
		return err
	})
}

func TestReadmeProgramRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	require.NoError(t, run(t.Context(), path))

	db, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	rows, err := db.Reader().Query(t.Context(), "SELECT name FROM users")
	require.NoError(t, err)
	require.True(t, rows.Next())
	var name string
	require.NoError(t, rows.Scan(&name))
	require.NoError(t, rows.Close())
	require.Equal(t, "Ada", name)
}

func TestReadmeMoreRuns(t *testing.T) {
	c, users, _ := shop(t)
	years := 36
	many := []User{
		{ID: uuid.New(), Email: "ada@example.org", Name: "Ada", Age: &years},
		{ID: uuid.New(), Email: "eve@example.org", Name: "Evelyn"},
	}
	require.NoError(t, more(t.Context(), c, users, many))
	eve, err := users.Get(t.Context(), many[1].ID)
	require.NoError(t, err)
	require.Equal(t, "Eve", eve.Name)
	require.Error(t, more(t.Context(), c, users, many[:1]), "she is there already")
}
