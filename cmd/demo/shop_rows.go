package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
)

// fillBatch is how many rows are put in at a time.
const fillBatch = 10_000

// firstShop is the first version of the shop's program.
type firstShop struct {
	customers *nodes.Node[CustomerV1, int64]
	addresses *nodes.Node[AddressV1, int64]
	products  *nodes.Node[ProductV1, int64]
	orders    *nodes.Node[OrderV1, int64]
	lines     *nodes.Node[OrderLineV1, int64]
	payments  *nodes.Node[PaymentV1, int64]
}

// samples puts a few rows into a new shop, through the nodes of its first version.
func (db *shop) samples(ctx context.Context, s *screen) error {
	c, err := coordinator.New(db.Dialect, nil)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	var first firstShop
	err = errors.Join(
		take(&first.customers, c, db, "customers"), take(&first.addresses, c, db, "addresses"),
		take(&first.products, c, db, "products"), take(&first.orders, c, db, "orders"),
		take(&first.lines, c, db, "order_lines"), take(&first.payments, c, db, "payments"),
	)
	if err != nil {
		return err
	}
	customers := []string{"Ada Marsh", "Ben Okoro", "Chiara Lund"}
	err = c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
		for i, name := range customers {
			if err := first.sell(ctx, tx, i, name); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.say("  It is new: %d sample rows were put into each table.", len(customers))
	}
	return err
}

// take registers one table.
func take[T any](node **nodes.Node[T, int64], c *coordinator.Coordinator, db *shop, table string) (err error) {
	*node, err = coordinator.Register[T, int64](c, db.place(table)...)
	return err
}

// sell puts one row into each table.
func (f *firstShop) sell(ctx context.Context, tx dialect.Tx, i int, name string) error {
	customer := &CustomerV1{Name: name, Email: strings.ToLower(strings.Fields(name)[0]) + "@shop.example"}
	if err := f.customers.In(tx).Create(ctx, customer); err != nil {
		return err
	}
	address := &AddressV1{CustomerID: customer.ID, Street: fmt.Sprintf("%d Mill Lane", i+1), City: "Oldtown"}
	if err := f.addresses.In(tx).Create(ctx, address); err != nil {
		return err
	}
	legacy := fmt.Sprintf("L-%03d", i+1)
	product := &ProductV1{Title: fmt.Sprintf("Teapot no. %d", i+1), Legacy: &legacy, PriceCents: int64(1900 + 100*i)}
	if err := f.products.In(tx).Create(ctx, product); err != nil {
		return err
	}
	order := &OrderV1{CustomerID: customer.ID, AddressID: &address.ID, Number: int64(1000 + i)}
	if err := f.orders.In(tx).Create(ctx, order); err != nil {
		return err
	}
	line := &OrderLineV1{OrderID: order.ID, ProductID: product.ID, Quantity: int32(i + 1)}
	if err := f.lines.In(tx).Create(ctx, line); err != nil {
		return err
	}
	payment := &PaymentV1{OrderID: order.ID, AmountCents: product.PriceCents * int64(line.Quantity)}
	return f.payments.In(tx).Create(ctx, payment)
}

// fill puts rows into products and orders as a version of the shop has them.
func (db *shop) fill(ctx context.Context, s *screen, version, rows int) error {
	if err := db.firstCustomer(ctx, version); err != nil {
		return err
	}
	products := []string{"title", "'product ' || n", "price_cents", "n"}
	orders := []string{
		"customer_id", "(SELECT min(id) FROM " + db.QuoteTable(db.ref("customers")) + ")",
		"number", "n", "placed_at", "'2026-01-02 03:04:05.000000'",
	}
	if version < 3 {
		products = append(products, "legacy", "'L-' || n")
	} else {
		products = append(products, "sku", "'sku-' || n")
		orders[3] = "'' || n"
	}
	for _, t := range []struct {
		table  string
		values []string
	}{{"products", products}, {"orders", orders}} {
		if err := db.generate(ctx, s, t.table, t.values, rows); err != nil {
			return err
		}
	}
	s.clear()
	s.say("  %s rows were put into products, and as many into orders.", number(rows))
	return nil
}

// generate puts rows into one table; values are columns and their expressions of n by turns.
func (db *shop) generate(ctx context.Context, s *screen, table string, values []string, rows int) error {
	var columns, exprs []string
	for i := 0; i < len(values); i += 2 {
		columns, exprs = append(columns, db.Quote(values[i])), append(exprs, values[i+1])
	}
	// Two sequences of a hundred, for some databases stop a sequence at a thousand.
	insert := fmt.Sprintf("INSERT INTO %s (%s) WITH RECURSIVE digit(d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM digit WHERE d < 99)"+
		" SELECT %s FROM (SELECT %%d + 100 * a.d + b.d AS n FROM digit a CROSS JOIN digit b) AS numbers WHERE n <= %%d",
		db.QuoteTable(db.ref(table)), strings.Join(columns, ", "), strings.Join(exprs, ", "))
	for from := 1; from <= rows; from += fillBatch {
		last := min(from+fillBatch-1, rows)
		if _, err := db.Writer().Exec(ctx, fmt.Sprintf(insert, from, last)); err != nil {
			return fmt.Errorf("fill %s: %w", table, db.Classify(err))
		}
		s.progress("%s: %s of %s rows put in", table, number(last), number(rows))
	}
	return nil
}

// firstCustomer puts a customer in where there is none, for orders need one.
func (db *shop) firstCustomer(ctx context.Context, version int) error {
	name := "name"
	if version == 3 {
		name = "full_name"
	}
	customers := db.QuoteTable(db.ref("customers"))
	_, err := db.Writer().Exec(ctx, "INSERT INTO "+customers+" ("+name+", email, created_at)"+
		" SELECT 'Nobody', 'nobody@shop.example', '2026-01-02 03:04:05.000000' WHERE NOT EXISTS (SELECT 1 FROM "+customers+")")
	if err != nil {
		return fmt.Errorf("fill customers: %w", db.Classify(err))
	}
	return nil
}
