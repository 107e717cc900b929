package coordinator_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/nodes"
)

// exampleAccounts gives a coordinator with the accounts of Ada and Bob, on a database in memory.
func exampleAccounts(ctx context.Context) (
	c *coordinator.Coordinator, accounts *nodes.Node[Account, uuid.UUID], ada, bob uuid.UUID, closing func(),
) {
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	db, err := sqlite.Open(ctx, ":memory:", nil)
	must(err)
	c, err = coordinator.New(db, nil)
	must(err)
	accounts, err = coordinator.Register[Account, uuid.UUID](c)
	must(err)
	ada, bob = uuid.New(), uuid.New()
	must(accounts.Create(ctx, &Account{ID: ada, Owner: "Ada", Balance: 100}))
	must(accounts.Create(ctx, &Account{ID: bob, Owner: "Bob", Balance: 100}))
	return c, accounts, ada, bob, func() { must(errors.Join(c.Close(ctx), db.Close())) }
}

// A transaction that depends on what it read asks to be serializable: where another one got in its way it runs again,
// here for as long as the context allows and no more than five seconds.
func ExampleCoordinator_InTx_isolation() {
	ctx := context.Background()
	c, accounts, ada, bob, closing := exampleAccounts(ctx)
	defer closing()

	err := c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
		in := accounts.In(tx)
		from, err := in.Get(ctx, ada)
		if err != nil {
			return err
		}
		to, err := in.Get(ctx, bob)
		if err != nil {
			return err
		}
		from.Balance, to.Balance = from.Balance-30, to.Balance+30
		if err := in.Update(ctx, from); err != nil {
			return err
		}
		return in.Update(ctx, to)
	}, coordinator.Isolation(dialect.Serializable))
	fmt.Println(err)
	for _, id := range []uuid.UUID{ada, bob} {
		a, err := accounts.Get(ctx, id)
		fmt.Println(a.Owner, a.Balance, err)
	}
	// Output:
	// <nil>
	// Ada 70 <nil>
	// Bob 130 <nil>
}

// A nested transaction is a savepoint: when it fails, what is around it can go on.
func ExampleCoordinator_InTx_nested() {
	ctx := context.Background()
	c, accounts, ada, bob, closing := exampleAccounts(ctx)
	defer closing()

	err := c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
		if _, err := accounts.In(tx).Patch(ctx, ada, nodes.Set{"balance": 90}); err != nil {
			return err
		}
		bonus := c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
			if _, err := accounts.In(tx).Patch(ctx, bob, nodes.Set{"balance": 1000}); err != nil {
				return err
			}
			return errors.New("no bonus this year")
		})
		fmt.Println(bonus)
		return nil
	})
	fmt.Println(err)
	for _, id := range []uuid.UUID{ada, bob} {
		a, err := accounts.Get(ctx, id)
		fmt.Println(a.Owner, a.Balance, err)
	}
	// Output:
	// no bonus this year
	// <nil>
	// Ada 90 <nil>
	// Bob 100 <nil>
}

// A program that has its own pool and its own transactions takes the nodes along.
func ExampleCoordinator_Ensure_joined() {
	ctx := context.Background()
	pool, err := sql.Open("sqlite3", "file:joined?mode=memory&cache=shared")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	db, err := sqlite.New(pool, nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	c, err := coordinator.New(db, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close(ctx)
	accounts, err := coordinator.Register[Account, uuid.UUID](c)
	if err != nil {
		log.Fatal(err)
	}
	if err := c.Ensure(ctx, "accounts"); err != nil { // no table is made inside the program's own transaction
		log.Fatal(err)
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer tx.Rollback()
	fmt.Println(accounts.In(db.Join(tx)).Create(ctx, &Account{ID: uuid.New(), Owner: "Ada", Balance: 1}))
	_, err = tx.ExecContext(ctx, "UPDATE accounts SET balance = balance + 1")
	fmt.Println(err, tx.Commit())
	all, err := accounts.List(ctx, nodes.Query{})
	fmt.Println(all[0].Owner, all[0].Balance, err)
	// Output:
	// <nil>
	// <nil> <nil>
	// Ada 2 <nil>
}
