package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// Example stores, changes, finds and removes rows. A program gets its nodes from a coordinator; here the parts that a
// coordinator joins stand in the open.
func Example() {
	type Book struct {
		ID    int64  `db:"id"    schema:"pk,auto"`
		Title string `db:"title" schema:"unique"`
		Pages *int   `db:"pages"`
	}
	ctx := context.Background()
	d, err := sqlite.Open(ctx, ":memory:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	system := actors.Start(d, actors.Config{})
	defer func() { _ = system.Close(ctx) }()
	table, err := schema.TableOf[Book]()
	if err != nil {
		log.Fatal(err)
	}
	gate, err := system.Add(table)
	if err != nil {
		log.Fatal(err)
	}
	books, err := nodes.New[Book, int64](d, table, gate)
	if err != nil {
		log.Fatal(err)
	}

	for i, title := range []string{"Emma", "Ulysses", "Middlemarch"} {
		pages := 400 * (i + 1)
		if err := books.Create(ctx, &Book{Title: title, Pages: &pages}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(errors.Is(books.Create(ctx, &Book{Title: "Emma"}), schema.ErrDuplicate))

	if _, err := books.Patch(ctx, 1, nodes.Set{"pages": 474}); err != nil {
		log.Fatal(err)
	}
	long := nodes.Query{Where: nodes.Gt("pages", 450), OrderBy: []nodes.Order{nodes.Desc("pages")}}
	for book, err := range books.All(ctx, long) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(book.Title, *book.Pages)
	}

	removed, err := books.BulkDelete(ctx, nodes.Query{Where: nodes.Prefix("title", "M")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(removed)
	// Output:
	// true
	// Middlemarch 1200
	// Ulysses 800
	// Emma 474
	// 1
}

// ExampleNode_Page reads a list page by page.
func ExampleNode_Page() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	q := nodes.Query{OrderBy: []nodes.Order{nodes.Asc("name")}, Limit: 2}
	for {
		page, err := people.Page(ctx, q)
		if err != nil {
			log.Fatal(err)
		}
		for i, p := range page.Rows {
			fmt.Println(i, p.Name)
		}
		if page.Next == "" {
			break
		}
		q.After = page.Next
	}
	// Output:
	// 0 Ada
	// 1 Bob
	// 0 Cy
}

// ExampleParseWhere reads a condition that came with a request.
func ExampleParseWhere() {
	ctx := context.Background()
	people, closePeople := nodetest.People(ctx)
	defer closePeople()

	where, err := nodes.ParseWhere([]byte(`{"$or": [{"name": {"$prefix": "A"}}, {"name": "Cy"}]}`))
	if err != nil {
		log.Fatal(err)
	}
	count, err := people.Count(ctx, nodes.Query{Where: where})
	fmt.Println(count, err)

	where, err = nodes.ParseWhere([]byte(`{"nmae": "Cy"}`))
	if err != nil {
		log.Fatal(err)
	}
	_, err = people.Count(ctx, nodes.Query{Where: where})
	fmt.Println(errors.Is(err, schema.ErrInvalid))
	// Output:
	// 2 <nil>
	// true
}
