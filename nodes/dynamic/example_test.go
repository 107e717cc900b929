package dynamic_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"strings"

	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes/dynamic"
)

// A program that gets operations as JSON runs them without knowing the model's Go types.
func Example() {
	ctx := context.Background()
	people, closing := nodetest.People(ctx)
	defer closing()

	asked := `{"where": {"name": {"$gte": "B"}}, "order_by": ["-name"], "only": ["name"]}`
	reader := json.NewDecoder(strings.NewReader(asked))
	reader.UseNumber() // so that large numbers lose no digits
	var in map[string]any
	if err := reader.Decode(&in); err != nil {
		log.Fatal(err)
	}
	out, err := dynamic.New(people).Do(ctx, nil, "list", in)
	if err != nil {
		log.Fatal(err)
	}
	answer, err := json.Marshal(out)
	fmt.Println(string(answer), err)
	// Output: {"count":2,"rows":[{"name":"Cy"},{"name":"Bob"}]} <nil>
}

func ExampleNew() {
	ctx := context.Background()
	people, closing := nodetest.People(ctx)
	defer closing()

	handler := dynamic.New(people)
	out, err := handler.Do(ctx, nil, "count", map[string]any{"where": map[string]any{"name": map[string]any{"$prefix": "A"}}})
	fmt.Println(out["count"], err)

	_, err = handler.Do(ctx, nil, "list", map[string]any{"were": map[string]any{}})
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// list people: invalid input: unknown input "were"
}

// Check tells what is wrong with a call without making it. The key comes later, so it is not missed.
func ExampleHandler() {
	people, closing := nodetest.People(context.Background())
	defer closing()

	handler := dynamic.New(people)
	for _, fault := range handler.Check("patch", map[string]any{"set": map[string]any{"nick": "Ada"}}, "key") {
		fmt.Println(fault)
	}
	fmt.Println(handler.CheckOutput("patch", "row.nick"))
	// Output:
	// patch people: invalid input: set: unknown column "nick"
	// patch people: invalid input: row: unknown column "nick"
}

// The operations that every handler has, with what they take and give.
func ExampleOperations() {
	for _, o := range dynamic.Operations() {
		if o.Name != "patch" {
			continue
		}
		fmt.Println(o.Name, o.Meaning)
		for _, in := range o.Inputs {
			fmt.Println(in.Name, in.Kind, in.Required)
		}
	}
	// Output:
	// patch changes some columns of the row of a key
	// key key true
	// set set true
	// if_version number false
}
