package coordinator_test

import (
	"context"
	"fmt"
	"log"

	"github.com/schemactor/schemactor/nodes/dynamic"
)

// Only what a program exposes can be reached by name.
func ExampleCoordinator_Expose() {
	ctx := context.Background()
	c, accounts, ada, _, closing := exampleAccounts(ctx)
	defer closing()

	_, ok := c.Handler("Account")
	fmt.Println("before:", ok)
	if err := c.Expose(dynamic.New(accounts)); err != nil {
		log.Fatal(err)
	}
	handler, ok := c.Handler("Account") // or by the table's name, "accounts"
	fmt.Println("then:", ok, len(c.Handlers()))

	out, err := handler.Do(ctx, nil, "get", map[string]any{"key": ada.String()})
	if err != nil {
		log.Fatal(err)
	}
	row, _ := out["row"].(map[string]any)
	fmt.Println(row["owner"], row["balance"])
	// Output:
	// before: false
	// then: true 1
	// Ada 100
}
