package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// ExampleNode_Upsert stores a person whether or not somebody with this address is there.
func ExampleNode_Upsert() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	for _, name := range []string{"Dora", "Dora Maar"} {
		p := person{ID: uuid.New(), Email: "dora@example.org", Name: name}
		created, err := people.Upsert(ctx, &p, nodes.OnConflict("email"), nodes.UpdateOnly("name"))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(created, p.Name)
	}
	count, err := people.Count(ctx, nodes.Query{})
	fmt.Println(count, err)
	// Output:
	// true Dora
	// false Dora Maar
	// 4 <nil>
}

// ExampleDoNothing adds a person only if there is none with this address.
func ExampleDoNothing() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	for range 2 {
		p := person{ID: uuid.New(), Email: "dora@example.org", Name: "Dora"}
		created, err := people.Upsert(ctx, &p, nodes.OnConflict("email"), nodes.DoNothing())
		fmt.Println(created, err)
	}
	// Output:
	// true <nil>
	// false <nil>
}

// ExampleNode_BulkUpsert brings rows from elsewhere, one of which comes twice.
func ExampleNode_BulkUpsert() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	rows := []person{
		{ID: uuid.New(), Email: "dora@example.org", Name: "Dora"},
		{ID: uuid.New(), Email: "ed@example.org", Name: "Ed"},
		{ID: uuid.New(), Email: "dora@example.org", Name: "Dora Maar"},
	}
	for range 2 {
		result, err := people.BulkUpsert(ctx, rows, nodes.OnConflict("email"))
		fmt.Printf("%+v %v\n", result, err)
	}
	fmt.Println(rows[2].Name)
	// Output:
	// {Inserted:2 Updated:0 Skipped:1} <nil>
	// {Inserted:0 Updated:2 Skipped:1} <nil>
	// Dora Maar
}

// ExampleNode_BulkUpdate changes all rows that a condition matches.
func ExampleNode_BulkUpdate() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	changed, err := people.BulkUpdate(ctx, nodes.Query{Where: nodes.Lt("name", "C")}, nodes.Set{"age": 30})
	fmt.Println(changed, err)

	_, err = people.BulkUpdate(ctx, nodes.Query{}, nodes.Set{"age": 30})
	fmt.Println(err)
	// Output:
	// 2 <nil>
	// bulk update people: invalid input: the condition is empty: pass AllRows() to update every row
}

// ExampleNode_BulkUpdateRows stores changed rows, and learns which of them are gone.
func ExampleNode_BulkUpdateRows() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	rows, err := people.List(ctx, nodes.Query{OrderBy: []nodes.Order{nodes.Asc("name")}})
	if err != nil {
		log.Fatal(err)
	}
	for i := range rows {
		rows[i].Name += "!"
	}
	rows = append(rows, person{ID: uuid.New(), Name: "nobody"})
	stored, err := people.BulkUpdateRows(ctx, rows, nodes.PerRow())
	fmt.Println(stored, rows[0].Name)
	var failed *nodes.BulkError
	if errors.As(err, &failed) {
		fmt.Println(failed.Rows[0].Index, errors.Is(failed.Rows[0].Err, schema.ErrNotFound))
	}
	// Output:
	// 3 Ada!
	// 3 true
}
