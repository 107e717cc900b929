package coordinator_test

import (
	"context"
	"fmt"
	"log"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/sqlite"
)

// Account is a model: one struct, one table.
type Account struct {
	ID      uuid.UUID `db:"id"      schema:"pk"`
	Owner   string    `db:"owner"   schema:"unique,size=80"`
	Balance int64     `db:"balance" schema:"check=balance >= 0"`
}

func Example() {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, ":memory:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	c, err := coordinator.New(db, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close(ctx)
	accounts, err := coordinator.Register[Account, uuid.UUID](c)
	if err != nil {
		log.Fatal(err)
	}

	// The table does not exist: the first use makes it.
	ada := Account{ID: uuid.New(), Owner: "Ada", Balance: 100}
	if err := accounts.Create(ctx, &ada); err != nil {
		log.Fatal(err)
	}
	got, err := accounts.Get(ctx, ada.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(got.Owner, got.Balance)
	for _, s := range c.Status() {
		fmt.Println(s.Table, s.State, s.Generation)
	}
	// Output:
	// Ada 100
	// accounts ready 1
}

func ExampleCoordinator_InTx() {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, ":memory:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	c, err := coordinator.New(db, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close(ctx)
	accounts, err := coordinator.Register[Account, uuid.UUID](c)
	if err != nil {
		log.Fatal(err)
	}

	ada, bob := Account{ID: uuid.New(), Owner: "Ada", Balance: 70}, Account{ID: uuid.New(), Owner: "Bob", Balance: 30}
	err = c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
		inTx := accounts.In(tx)
		if err := inTx.Create(ctx, &ada); err != nil {
			return err
		}
		return inTx.Create(ctx, &bob)
	})
	fmt.Println(err)
	// Output: <nil>
}
