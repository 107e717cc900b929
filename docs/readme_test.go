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
	"github.com/schemactor/schemactor/dialect/sqlite"
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
	db, err := sqlite.Open(ctx, path, nil) // or postgres.Open(ctx, url, nil), postgres.New(pool, nil)
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
