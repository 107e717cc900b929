package actors_test

import (
	"context"
	"fmt"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/schema"
)

// A System makes a registered table ready the first time somebody asks for it.
func Example() {
	ctx := context.Background()
	d, err := sqlite.Open(ctx, ":memory:", nil)
	if err != nil {
		panic(err)
	}
	defer d.Close()

	type Note struct {
		ID   int64  `db:"id"   schema:"pk"`
		Text string `db:"text"`
	}
	model, err := schema.TableOf[Note]()
	if err != nil {
		panic(err)
	}
	s := actors.Start(d, actors.Config{Listener: &schema.Listener{
		Ready: func(e schema.Event) { fmt.Println(e.Table, "is ready after", e.Statements, "statement") },
	}})
	defer s.Close(ctx)

	notes, err := s.Add(model)
	if err != nil {
		panic(err)
	}
	fmt.Println(notes.Status().State)
	seen, err := notes.Ready(ctx) // makes the table
	if err != nil {
		panic(err)
	}
	again, _ := notes.Ready(ctx) // one atomic load
	fmt.Println(notes.Status().State, seen.Generation, seen == again)
	// Output:
	// unknown
	// notes is ready after 1 statement
	// ready 1 true
}
