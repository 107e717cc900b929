package workflow_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/nodes/dynamic"
	"github.com/schemactor/schemactor/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m))) }

// User, Order and Payment are tied by foreign keys.
type User struct {
	ID    uuid.UUID `db:"id"    schema:"pk"`
	Email string    `db:"email" schema:"unique,size=80"`
	Name  *string   `db:"name"`
}

type Order struct {
	ID     int64     `db:"id"      schema:"pk,auto"`
	UserID uuid.UUID `db:"user_id" schema:"references=users.id"`
	Total  int64     `db:"total"   schema:"check=total > 0"`
}

type Payment struct {
	ID      int64 `db:"id"       schema:"pk,auto"`
	OrderID int64 `db:"order_id" schema:"references=orders.id"`
}

// shop is a coordinator with the three models, whose tables nobody has used.
func shop(t testing.TB, d dialect.Dialect) *coordinator.Coordinator {
	c, err := coordinator.New(d, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
	exposed[User, uuid.UUID](t, c)
	exposed[Order, int64](t, c)
	exposed[Payment, int64](t, c)
	return c
}

// exposed registers a model that can be called by name.
func exposed[T any, K comparable](t testing.TB, c *coordinator.Coordinator, opts ...schema.TableOption) *nodes.Node[T, K] {
	node, err := coordinator.Register[T, K](c, opts...)
	require.NoError(t, err)
	require.NoError(t, c.Expose(dynamic.New(node)))
	return node
}

// number asks the database.
func number(t testing.TB, d dialect.Dialect, sql string, args ...any) (n int64) {
	_, err := dialect.QueryRow(t.Context(), d.Writer(), sql, args, &n)
	require.NoError(t, err)
	return n
}

// rows counts what is in a table.
func rows(t testing.TB, d dialect.Dialect, table string) int64 {
	return number(t, d, "SELECT count(*) FROM "+d.QuoteTable(schema.Ref{Name: table}))
}

// applied counts how often a table was made or changed, by the database's own history.
func applied(t testing.TB, d dialect.Dialect, table string) int64 {
	return number(t, d, "SELECT count(*) FROM "+d.QuoteTable(schema.Ref{Name: dialect.RevisionsTable})+
		" WHERE state = 'applied' AND table_name = "+d.Placeholder(1), table)
}
