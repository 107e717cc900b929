package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// exampleNotes gives the database and the node of a table with all lifecycle columns, and one note in it.
func exampleNotes(ctx context.Context, opts ...schema.TableOption) (dialect.Dialect, *nodes.Node[note, int64], func()) {
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	d, err := sqlite.Open(ctx, ":memory:", nil)
	must(err)
	sys := actors.Start(d, actors.Config{})
	table, err := schema.TableOf[note](opts...)
	must(err)
	gate, err := sys.Add(table)
	must(err)
	notes, err := nodes.New[note, int64](d, table, gate)
	must(err)
	must(notes.Create(ctx, &note{Title: "first"}))
	return d, notes, func() {
		must(sys.Close(ctx))
		must(d.Close())
	}
}

// Where a table has a deleted column, rows are marked and hidden, and can be brought back.
func ExampleNode_WithDeleted() {
	ctx := context.Background()
	_, notes, closeNotes := exampleNotes(ctx)
	defer closeNotes()

	fmt.Println(notes.Delete(ctx, 1))
	_, err := notes.Get(ctx, 1)
	fmt.Println(errors.Is(err, schema.ErrNotFound))
	marked, err := notes.WithDeleted().Get(ctx, 1)
	fmt.Println(marked.Title, marked.DeletedAt != nil, err)
	fmt.Println(notes.Restore(ctx, 1))
	count, err := notes.Count(ctx, nodes.Query{})
	fmt.Println(count, err)
	// Output:
	// <nil>
	// true
	// first true <nil>
	// <nil>
	// 1 <nil>
}

// Purge removes a row for good, marked deleted or not.
func ExampleNode_Purge() {
	ctx := context.Background()
	_, notes, closeNotes := exampleNotes(ctx)
	defer closeNotes()

	fmt.Println(notes.Delete(ctx, 1), notes.Purge(ctx, 1))
	count, err := notes.WithDeleted().Count(ctx, nodes.Query{})
	fmt.Println(count, err)
	// Output:
	// <nil> <nil>
	// 0 <nil>
}

// A version column keeps one from overwriting what one has not seen.
func ExampleNode_Update_conflict() {
	ctx := context.Background()
	_, notes, closeNotes := exampleNotes(ctx)
	defer closeNotes()

	mine, _ := notes.Get(ctx, 1)
	theirs, _ := notes.Get(ctx, 1)
	theirs.Title = "theirs"
	fmt.Println(notes.Update(ctx, theirs), theirs.Version)
	mine.Title = "mine"
	fmt.Println(errors.Is(notes.Update(ctx, mine), schema.ErrConflict))
	// Output:
	// <nil> 2
	// true
}

// A table that is only appended to has no way to change what is there.
func ExampleNode_Patch_appendOnly() {
	ctx := context.Background()
	_, journal, closeJournal := exampleNotes(ctx, schema.AppendOnly())
	defer closeJournal()

	_, err := journal.Patch(ctx, 1, nodes.Set{"title": "rewritten"})
	fmt.Println(errors.Is(err, schema.ErrInvalid))
	// Output:
	// true
}

// A node takes part in a transaction of the caller's own.
func ExampleNode_In() {
	ctx := context.Background()
	db, notes, closeNotes := exampleNotes(ctx)
	defer closeNotes()

	tx, err := db.Begin(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(notes.In(tx).Create(ctx, &note{Title: "second"}))
	fmt.Println(tx.Rollback(ctx))
	count, err := notes.Count(ctx, nodes.Query{})
	fmt.Println(count, err)
	// Output:
	// <nil>
	// <nil>
	// 1 <nil>
}
