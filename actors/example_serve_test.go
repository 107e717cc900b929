package actors_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// A program of actors stores and reads rows by messages. The table is made by the first of them.
func ExampleServe() {
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	type Note struct {
		ID   int64  `db:"id"   schema:"pk,auto"`
		Text string `db:"text" schema:"unique"`
	}
	d, err := sqlite.Open(ctx, ":memory:", nil)
	must(err)
	defer d.Close()
	tables := actors.Start(d, actors.Config{})
	defer tables.Close(ctx)
	model, err := schema.TableOf[Note]()
	must(err)
	gate, err := tables.Add(model)
	must(err)
	node, err := nodes.New[Note, int64](d, model, gate)
	must(err)

	program := actor.NewActorSystem()
	defer program.Shutdown()
	notes := program.Root.Spawn(actors.Serve(node, actors.ServeConfig{}))
	// Any actor of the program may do this.
	program.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			c.Send(notes, nodes.CreateRequest[Note, int64]{Row: Note{Text: "sent"}})
		}
	}))

	const patience = 10 * time.Second
	asked := nodes.CreateRequest[Note, int64]{Row: Note{Text: "hello"}}
	made, err := actors.Reply[nodes.RowReply[Note]](program.Root.RequestFuture(notes, asked, patience).Result())
	fmt.Println(made.Row.ID > 0, made.Row.Text, err)

	_, err = actors.Reply[nodes.RowReply[Note]](program.Root.RequestFuture(notes, asked, patience).Result())
	fmt.Println(errors.Is(err, schema.ErrDuplicate))
	// Output:
	// true hello <nil>
	// true
}
