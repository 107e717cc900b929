package nodes_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// Columns with types: the compiler checks what they are compared with. schema.WithColumns has them checked against the
// struct when the table is registered.
func ExampleCol() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	const name, age = nodes.Col[person, string]("name"), nodes.Col[person, int]("age")
	found, err := people.List(ctx, nodes.Query{
		Where:   nodes.And(name.In("Ada", "Bob"), age.Null()),
		OrderBy: []nodes.Order{name.Desc()},
	})
	for _, p := range found {
		fmt.Println(p.Name)
	}
	fmt.Println(err)
	// Output:
	// Bob
	// Ada
	// <nil>
}

// First and Exists ask no more of the database than they need.
func ExampleNode_First() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	first, err := people.First(ctx, nodes.Query{OrderBy: []nodes.Order{nodes.Asc("name")}})
	fmt.Println(first.Name, err)
	_, err = people.First(ctx, nodes.Query{Where: nodes.Eq("name", "Zoe")})
	fmt.Println(errors.Is(err, schema.ErrNotFound))
	there, err := people.Exists(ctx, nodes.Query{Where: nodes.Prefix("name", "B")})
	fmt.Println(there, err)
	// Output:
	// Ada <nil>
	// true
	// true <nil>
}

// Figures of groups of rows.
func ExampleNode_Aggregate() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()
	for _, age := range []int{30, 40} {
		p := newPerson("Ada", &age)
		if err := people.Create(ctx, &p); err != nil {
			fmt.Println(err)
			return
		}
	}

	groups, err := people.Aggregate(ctx, nodes.Query{Where: nodes.Lt("name", "C")}, []string{"name"},
		nodes.CountRows(), nodes.Avg("age"), nodes.Sum("age").As("years"))
	for _, g := range groups {
		fmt.Println(g["name"], g["count"], g["avg(age)"], g["years"])
	}
	fmt.Println(err)
	// Output:
	// Ada 3 35 70
	// Bob 1 <nil> <nil>
	// <nil>
}

// Some columns, each combination of values once.
func ExampleQuery_distinct() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()
	again := newPerson("Ada", nil)
	if err := people.Create(ctx, &again); err != nil {
		fmt.Println(err)
		return
	}

	q := nodes.Query{Only: []string{"name"}, Distinct: true}
	names, err := people.List(ctx, q)
	for _, p := range names {
		fmt.Println(p.Name, p.ID == uuid.Nil)
	}
	count, _ := people.Count(ctx, q)
	fmt.Println(count, err)
	// Output:
	// Ada true
	// Bob true
	// Cy true
	// 3 <nil>
}

// A result of any size, row by row.
func ExampleNode_All() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	for p, err := range people.All(ctx, nodes.Query{OrderBy: []nodes.Order{nodes.Asc("name")}}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p.Name)
	}
	// Output:
	// Ada
	// Bob
	// Cy
}

// To mean every row one has to say so.
func ExampleAllRows() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	_, err := people.BulkDelete(ctx, nodes.Query{})
	fmt.Println(errors.Is(err, schema.ErrInvalid))
	gone, err := people.BulkDelete(ctx, nodes.Query{Where: nodes.Eq("name", "Cy")})
	fmt.Println(gone, err)
	gone, err = people.BulkDelete(ctx, nodes.AllRows())
	fmt.Println(gone, err)
	// Output:
	// true
	// 1 <nil>
	// 2 <nil>
}
