package docs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

var (
	age     = nodes.Col[User, int]("age")
	created = nodes.Col[User, time.Time]("created_at")
)

// shop is the page's two models, on a new database.
func shop(t *testing.T) (*coordinator.Coordinator, *nodes.Node[User, uuid.UUID], *nodes.Node[Order, int64]) {
	c, err := coordinator.New(open(t), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
	users, err := coordinator.Register[User, uuid.UUID](c, schema.WithColumns(age, created))
	require.NoError(t, err)
	orders, err := coordinator.Register[Order, int64](c)
	require.NoError(t, err)
	return c, users, orders
}

func TestNodesPageReading(t *testing.T) {
	ctx := t.Context()
	_, users, orders := shop(t)
	years := 36
	ada := User{ID: uuid.New(), Email: "ada@example.org", Name: "Ada", Age: &years}
	require.NoError(t, users.Create(ctx, &ada))
	for _, status := range []string{"open", "paid", "paid"} {
		require.NoError(t, orders.Create(ctx, &Order{UserID: ada.ID, PlacedAt: time.Now(), Total: "12.50", Status: status}))
	}

	adults, err := users.List(ctx, nodes.Query{Where: age.Ge(18), OrderBy: []nodes.Order{created.Desc()}})
	require.NoError(t, err)
	require.Len(t, adults, 1)

	groups, err := orders.Aggregate(ctx, nodes.Query{Where: nodes.Ne("status", "open")},
		[]string{"status"}, nodes.CountRows(), nodes.Sum("total").As("turnover"))
	for _, g := range groups {
		fmt.Println(g["status"], g["count"], g["turnover"])
	}
	require.NoError(t, err)
	require.Equal(t, []nodes.Group{{"status": "paid", "count": int64(2), "turnover": "25.00"}}, groups)
}

func TestNodesPageWriting(t *testing.T) {
	ctx := t.Context()
	_, users, orders := shop(t)
	rows := []User{
		{ID: uuid.New(), Email: "ada@example.org", Name: "Ada"},
		{ID: uuid.New(), Email: "ada@example.org", Name: "Ada again"},
	}
	stored, err := users.BulkCreate(ctx, rows, nodes.PerRow())
	var failed *nodes.BulkError
	if errors.As(err, &failed) {
		for _, row := range failed.Rows {
			fmt.Println(row.Index, row.Err)
		}
	}
	require.Equal(t, int64(1), stored)
	require.Equal(t, 1, failed.Rows[0].Index)

	user := User{ID: uuid.New(), Email: "ada@example.org", Name: "Ada Marsh"}
	created, err := users.Upsert(ctx, &user, nodes.OnConflict("email"), nodes.UpdateOnly("name"))
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, rows[0].ID, user.ID)

	checked := users.WithHooks(nodes.Hooks[User, uuid.UUID]{
		Validate: func(ctx context.Context, u *User) error {
			if !strings.Contains(u.Email, "@") {
				return nodes.Field("email", "is not an address")
			}
			return nil
		},
		AfterCreate: func(ctx context.Context, tx dialect.Tx, u *User) error {
			return orders.In(tx).Create(ctx, &Order{UserID: u.ID, PlacedAt: time.Now(), Total: "0"})
		},
	})
	require.ErrorIs(t, checked.Create(ctx, &User{ID: uuid.New()}), schema.ErrInvalid)
	require.NoError(t, checked.Create(ctx, &User{ID: uuid.New(), Email: "bob@example.org"}))
	n, err := orders.Count(ctx, nodes.Query{})
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
}

func TestNodesPageMessages(t *testing.T) {
	_, users, _ := shop(t)
	system := quiet()
	defer system.Shutdown()
	root := system.Root
	pid := root.Spawn(actors.Serve(users, actors.ServeConfig{}))
	asked := nodes.CreateRequest[User, uuid.UUID]{Row: User{ID: uuid.New(), Email: "eve@example.org", Name: "Eve"}}
	made, err := actors.Reply[nodes.RowReply[User]](root.RequestFuture(pid, asked, time.Minute).Result())
	require.NoError(t, err)
	require.False(t, made.Row.CreatedAt.IsZero())
}

// TestEveryMethodIsOnThePage holds the page's table against the methods that ask the database.
func TestEveryMethodIsOnThePage(t *testing.T) {
	page := read(t, "nodes.md")
	from := strings.Index(page, "| operation | takes")
	require.Positive(t, from)
	table, _, _ := strings.Cut(page[from:], "\n\n")
	var listed, methods []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(table, -1) {
		listed = append(listed, row[1])
	}
	node := reflect.TypeFor[*nodes.Node[User, uuid.UUID]]()
	for i := range node.NumMethod() {
		if m := node.Method(i); m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() {
			methods = append(methods, m.Name)
		}
	}
	require.ElementsMatch(t, methods, listed)
}

// quiet is a program's own actor system that prints nothing and ends at once.
func quiet() *actor.ActorSystem {
	return actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }),
		actor.WithDeadLetterThrottleInterval(time.Millisecond),
	)
}
