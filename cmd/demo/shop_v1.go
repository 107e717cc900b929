package main

import "time"

// The first version of the shop's program. Its tables are registered under the names that shopModels gives them.

// CustomerV1 is somebody who buys.
type CustomerV1 struct {
	ID        int64     `schema:"pk,auto"`
	Name      string    `schema:"size=80"`
	Email     string    `schema:"size=120"`
	Phone     *string   `schema:"size=30"`
	CreatedAt time.Time `schema:"created"`
}

// AddressV1 is a place that orders go to.
type AddressV1 struct {
	ID         int64  `schema:"pk,auto"`
	CustomerID int64  `schema:"references=customers.id,ondelete=cascade,index"`
	Street     string `schema:"size=120"`
	City       string `schema:"size=80"`
}

// ProductV1 is something to buy.
type ProductV1 struct {
	ID         int64   `schema:"pk,auto"`
	Title      string  `schema:"size=80"`
	SKU        *string `db:"sku"  schema:"size=40"`
	Legacy     *string `schema:"size=40"` // the number in the shop's former books
	PriceCents int64   `schema:"check=price_cents >= 0"`
}

// OrderV1 is what somebody buys at one time.
type OrderV1 struct {
	ID         int64     `schema:"pk,auto"`
	CustomerID int64     `schema:"references=customers.id,index"`
	AddressID  *int64    // of the addresses, which the database does not know yet
	Number     int64     // as it is printed on the invoice
	PlacedAt   time.Time `schema:"created"`
}

// OrderLineV1 is one product in an order.
type OrderLineV1 struct {
	ID        int64 `schema:"pk,auto"`
	OrderID   int64 `schema:"references=orders.id,ondelete=cascade,index"`
	ProductID int64 `schema:"references=products.id"`
	Quantity  int32 `schema:"check=quantity > 0"`
}

// PaymentV1 is money that came in.
type PaymentV1 struct {
	ID          int64 `schema:"pk,auto"`
	OrderID     int64 `schema:"references=orders.id,index"`
	AmountCents int64
	PaidAt      time.Time `schema:"created"`
}
