package main

import "time"

// The second version only adds to the first: nullable and defaulted columns, indexes, a longer text. It needs
// nobody's word, and programs of the first version go on working beside it.

// CustomerV2 may get news, in a language.
type CustomerV2 struct {
	ID         int64     `schema:"pk,auto"`
	Name       string    `schema:"size=80,index"`
	Email      string    `schema:"size=120"`
	Phone      *string   `schema:"size=30"`
	Newsletter bool      `schema:"default=false"`
	Language   *string   `schema:"size=5"`
	CreatedAt  time.Time `schema:"created"`
}

// AddressV2 knows the postal code.
type AddressV2 struct {
	ID         int64   `schema:"pk,auto"`
	CustomerID int64   `schema:"references=customers.id,ondelete=cascade,index"`
	Street     string  `schema:"size=120"`
	PostalCode *string `schema:"size=12"`
	City       string  `schema:"size=80"`
}

// ProductV2 has room for longer titles, and is counted.
type ProductV2 struct {
	ID         int64   `schema:"pk,auto"`
	Title      string  `schema:"size=200"`
	SKU        *string `db:"sku"  schema:"size=40"`
	Legacy     *string `schema:"size=40"`
	PriceCents int64   `schema:"check=price_cents >= 0"`
	Stock      int32   `schema:"default=0"`
}

// OrderV2 has a status and a remark.
type OrderV2 struct {
	ID         int64  `schema:"pk,auto"`
	CustomerID int64  `schema:"references=customers.id,index"`
	AddressID  *int64 `schema:"index"`
	Number     int64
	Status     string    `schema:"size=20,default='open'"`
	Remark     *string   `schema:"size=500"`
	PlacedAt   time.Time `schema:"created,index"`
}

// OrderLineV2 is found by its product.
type OrderLineV2 struct {
	ID        int64   `schema:"pk,auto"`
	OrderID   int64   `schema:"references=orders.id,ondelete=cascade,index"`
	ProductID int64   `schema:"references=products.id,index"`
	Quantity  int32   `schema:"check=quantity > 0"`
	Remark    *string `schema:"size=200"`
}

// PaymentV2 says how it was paid.
type PaymentV2 struct {
	ID          int64 `schema:"pk,auto"`
	OrderID     int64 `schema:"references=orders.id,index"`
	AmountCents int64
	Method      *string   `schema:"size=20"`
	PaidAt      time.Time `schema:"created"`
}
