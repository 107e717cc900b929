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

// ExampleNode_BulkCreate stores many rows at once.
func ExampleNode_BulkCreate() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	rows := []person{
		{ID: uuid.New(), Email: "dora@example.org", Name: "Dora"},
		{ID: uuid.New(), Email: "ed@example.org", Name: "Ed"},
	}
	stored, err := people.BulkCreate(ctx, rows)
	fmt.Println(stored, err, rows[0].CreatedAt.IsZero())
	// Output:
	// 2 <nil> false
}

// ExamplePerRow stores what can be stored of rows that come from elsewhere, and learns of the others.
func ExamplePerRow() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	younger := -3
	rows := []person{
		{ID: uuid.New(), Email: "dora@example.org", Name: "Dora"},
		{ID: uuid.New(), Email: "ed@example.org", Name: "Ed", Age: &younger},
		{ID: uuid.New(), Email: "dora@example.org", Name: "Dora again"},
	}
	stored, err := people.BulkCreate(ctx, rows, nodes.PerRow())
	fmt.Println(stored)
	var failed *nodes.BulkError
	if errors.As(err, &failed) {
		for _, row := range failed.Rows {
			fmt.Println(row.Index, errors.Is(row.Err, schema.ErrCheck), errors.Is(row.Err, schema.ErrDuplicate))
		}
	}
	// Output:
	// 1
	// 1 true false
	// 2 false true
}

// ExampleNode_BulkCreateSeq stores rows that are made, or read, one by one while they are stored.
func ExampleNode_BulkCreateSeq() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	newcomers := func(yield func(person) bool) {
		for i := range 25_000 {
			if !yield(person{ID: uuid.New(), Email: fmt.Sprintf("%d@example.org", i), Name: "somebody"}) {
				return
			}
		}
	}
	stored, err := people.BulkCreateSeq(ctx, newcomers, nodes.Progress(func(done int64) {
		if done%10_000 == 0 {
			fmt.Println("so far:", done)
		}
	}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stored)
	// Output:
	// so far: 10000
	// so far: 20000
	// 25000
}
