package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// A validation names the field that will not do, and a Before hook puts a row in order before it is looked at.
func ExampleNode_WithHooks() {
	ctx := context.Background()
	people, closing := nodetest.People(ctx)
	defer closing()

	careful := people.WithHooks(nodes.Hooks[person, uuid.UUID]{
		BeforeCreate: func(_ context.Context, _ dialect.Tx, p *person) error {
			p.Email = strings.ToLower(p.Email)
			return nil
		},
		Validate: func(_ context.Context, p *person) error {
			if !strings.Contains(p.Email, "@") {
				return nodes.Field("email", "has no @")
			}
			return nil
		},
	})
	err := careful.Create(ctx, &person{ID: uuid.New(), Email: "nobody", Name: "Nobody"})
	fmt.Println(err)
	var refused *schema.Error
	fmt.Println(errors.As(err, &refused), refused.Constraint)

	dan := person{ID: uuid.New(), Email: "DAN@example.org", Name: "Dan"}
	if err := careful.Create(ctx, &dan); err != nil {
		log.Fatal(err)
	}
	fmt.Println(dan.Email)
	// Output:
	// create people: invalid input: has no @ [email]
	// true email
	// dan@example.org
}

// What a hook does through its transaction is stored together with the row, or not at all.
func ExampleHooks() {
	ctx := context.Background()
	people, closing := nodetest.People(ctx)
	defer closing()

	limit := people.WithHooks(nodes.Hooks[person, uuid.UUID]{
		AfterCreate: func(ctx context.Context, tx dialect.Tx, p *person) error {
			count, err := people.In(tx).Count(ctx, nodes.Query{})
			if err == nil && count > 4 {
				err = errors.New("the boat is full")
			}
			return err
		},
	})
	for _, name := range []string{"Dan", "Eve"} {
		p := newPerson(name, nil)
		fmt.Println(name, limit.Create(ctx, &p))
	}
	count, err := people.Count(ctx, nodes.Query{})
	fmt.Println(count, err)
	// Output:
	// Dan <nil>
	// Eve create people: after create: the boat is full
	// 4 <nil>
}

// exampleWallets gives a node whose table has a version column.
func exampleWallets(ctx context.Context) (wallets *nodes.Node[wallet, uuid.UUID], closing func()) {
	d, err := sqlite.Open(ctx, ":memory:", nil)
	if err != nil {
		log.Fatal(err)
	}
	system := actors.Start(d, actors.Config{})
	table, err := schema.TableOf[wallet]()
	if err != nil {
		log.Fatal(err)
	}
	gate, err := system.Add(table)
	if err != nil {
		log.Fatal(err)
	}
	if wallets, err = nodes.New[wallet, uuid.UUID](d, table, gate); err != nil {
		log.Fatal(err)
	}
	return wallets, func() { _ = errors.Join(system.Close(ctx), d.Close()) }
}

// Who would change a row that somebody else has changed since it was read is told so.
func ExampleIfVersion() {
	ctx := context.Background()
	wallets, closing := exampleWallets(ctx)
	defer closing()

	w := wallet{ID: uuid.New(), Coins: 3}
	if err := wallets.Create(ctx, &w); err != nil {
		log.Fatal(err)
	}
	seen := int64(w.Version)
	changed, err := wallets.Patch(ctx, w.ID, nodes.Set{"coins": 4}, nodes.IfVersion(seen))
	fmt.Println(changed.Version, err)
	_, err = wallets.Patch(ctx, w.ID, nodes.Set{"coins": 5}, nodes.IfVersion(seen))
	fmt.Println(errors.Is(err, schema.ErrConflict))
	fmt.Println(wallets.Delete(ctx, w.ID, nodes.IfVersion(seen+1)))
	// Output:
	// 2 <nil>
	// true
	// <nil>
}
