package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/nodes/dynamic"
	"github.com/schemactor/schemactor/nodes/workflow"
	"github.com/schemactor/schemactor/schema"
)

// exampleShop is a coordinator with two models on a database in memory.
func exampleShop(ctx context.Context) (c *coordinator.Coordinator, closing func()) {
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	d, err := sqlite.Open(ctx, ":memory:", nil)
	must(err)
	c, err = coordinator.New(d, nil)
	must(err)
	users, err := coordinator.Register[User, uuid.UUID](c)
	must(err)
	orders, err := coordinator.Register[Order, int64](c)
	must(err)
	must(c.Expose(dynamic.New(users), dynamic.New(orders)))
	return c, func() {
		must(c.Close(ctx))
		must(d.Close())
	}
}

// A user and an order of hers stand or fall together.
func Example() {
	ctx := context.Background()
	c, closing := exampleShop(ctx)
	defer closing()

	w, err := workflow.New("first order", workflow.InTransaction()).
		Step("user", workflow.Op("User", "create")).
		Step("order", workflow.Op("Order", "create")).
		Connect("input.id", "user.row.id").
		Connect("input.email", "user.row.email").
		Connect("user.key", "order.row.user_id").
		Connect("input.total", "order.row.total").
		Build(c)
	if err != nil {
		log.Fatal(err)
	}
	result, err := w.Run(ctx, workflow.Input{"id": uuid.New(), "email": "ada@example.org", "total": 30})
	fmt.Println(result.Completed, result.Outputs["order"]["key"], err)

	result, err = w.Run(ctx, workflow.Input{"id": uuid.New(), "email": "bob@example.org", "total": 0})
	fmt.Println(result.Completed, result.Undone, err != nil)
	// Output:
	// [user order] 1 <nil>
	// [user] true true
}

// Build tells all faults at once.
func ExampleBuilder_Build() {
	c, closing := exampleShop(context.Background())
	defer closing()

	_, err := workflow.New("faulty").
		Step("user", workflow.Op("User", "create", workflow.Input{"row": map[string]any{"mail": "ada@example.org"}})).
		Step("read", workflow.Op("User", "get")).
		Connect("user.id", "read.key").
		Build(c)
	fmt.Println(err)
	// Output:
	// build workflow faulty: step user: create users: invalid input: row: unknown column "mail"
	// build workflow faulty: step user: create users: invalid input: there is no output "id"
}

// A function takes what one step gave and makes of it what another needs.
func ExampleBuilder_Func() {
	ctx := context.Background()
	c, closing := exampleShop(ctx)
	defer closing()

	w, err := workflow.New("greeting").
		Step("users", workflow.Op("User", "count")).
		Func("text", func(_ context.Context, in workflow.Input) (map[string]any, error) {
			return map[string]any{"text": fmt.Sprintf("%d users, %s", in["users"], in["end"])}, nil
		}, workflow.Input{"end": "and none of them is Ada"}).
		Connect("users.count", "text.users").
		Build(c)
	if err != nil {
		log.Fatal(err)
	}
	result, err := w.Run(ctx, nil)
	fmt.Println(result.Outputs["text"]["text"], err)
	// Output: 0 users, and none of them is Ada <nil>
}

// The same as a document.
func ExampleParse() {
	ctx := context.Background()
	c, closing := exampleShop(ctx)
	defer closing()

	b, err := workflow.Parse([]byte(`{
		"name": "again",
		"steps": [
			{"name": "make", "model": "User", "operation": "create",
			 "input": {"row": {"id": "0195a3f4-0000-7000-8000-000000000001", "email": "ada@example.org"}}},
			{"name": "read", "model": "User", "operation": "get"}
		],
		"connections": [{"from": "make.key", "to": "read.key"}]
	}`))
	if err != nil {
		log.Fatal(err)
	}
	w, err := b.Build(c)
	if err != nil {
		log.Fatal(err)
	}
	result, err := w.Run(ctx, nil)
	fmt.Println(result.Outputs["read"]["row"].(map[string]any)["email"], err)
	// Output: ada@example.org <nil>
}

// A function in a workflow InTransaction uses nodes in the workflow's own transaction.
func ExampleTransaction() {
	ctx := context.Background()
	c, closing := exampleShop(ctx)
	defer closing()
	users, ok := c.Handler("User")
	if !ok {
		log.Fatal("User is not exposed")
	}

	w, err := workflow.New("count", workflow.InTransaction()).
		Step("user", workflow.Op("User", "create", workflow.Input{"row": map[string]any{"email": "ada@example.org"}})).
		Func("count", func(ctx context.Context, _ workflow.Input) (map[string]any, error) {
			tx, _ := workflow.Transaction(ctx)
			return users.Do(ctx, tx, "count", nil) // a typed node does the same by In(tx)
		}).
		Connect("input.id", "user.row.id").
		After("count", "user").
		Build(c)
	if err != nil {
		log.Fatal(err)
	}
	result, err := w.Run(ctx, workflow.Input{"id": uuid.New()})
	fmt.Println(result.Outputs["count"]["count"], err)
	// Output: 1 <nil>
}

// The error names the step that failed, and matches what its cause matches.
func ExampleError() {
	ctx := context.Background()
	c, closing := exampleShop(ctx)
	defer closing()

	w, err := workflow.New("fetch").
		Step("user", workflow.Op("User", "get")).
		Connect("input.id", "user.key").
		Build(c)
	if err != nil {
		log.Fatal(err)
	}
	_, err = w.Run(ctx, workflow.Input{"id": uuid.New()})
	var failed *workflow.Error
	fmt.Println(errors.As(err, &failed), failed.Step, errors.Is(err, schema.ErrNotFound))
	// Output: true user true
}
