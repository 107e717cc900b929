package main

import "time"

// The third version has what needs somebody's word: a column under another name, one that goes, one that must be
// filled, a unique index over rows that are there, a foreign key, another type, a check. Addresses and order lines
// stay as they were.

// CustomerV3 is known by a full name, and no two have one address for mail.
type CustomerV3 struct {
	ID         int64     `schema:"pk,auto"`
	FullName   string    `schema:"size=80,index,was=name"`
	Email      string    `schema:"size=120,unique"`
	Phone      *string   `schema:"size=30"`
	Newsletter bool      `schema:"default=false"`
	Language   *string   `schema:"size=5"`
	CreatedAt  time.Time `schema:"created"`
}

// ProductV3 has forgotten the former books; each has a number of its own.
type ProductV3 struct {
	ID         int64  `schema:"pk,auto"`
	Title      string `schema:"size=200"`
	SKU        string `db:"sku"  schema:"size=40,backfill='sku-' || id"`
	PriceCents int64  `schema:"check=price_cents >= 0"`
	Stock      int32  `schema:"default=0"`
}

// OrderV3 goes to an address that is there, and its number may have letters.
type OrderV3 struct {
	ID         int64     `schema:"pk,auto"`
	CustomerID int64     `schema:"references=customers.id,index"`
	AddressID  *int64    `schema:"references=addresses.id,ondelete=set null,index"`
	Number     string    `schema:"size=40"`
	Status     string    `schema:"size=20,default='open'"`
	Remark     *string   `schema:"size=500"`
	PlacedAt   time.Time `schema:"created,index"`
}

// PaymentV3 is of some money.
type PaymentV3 struct {
	ID          int64     `schema:"pk,auto"`
	OrderID     int64     `schema:"references=orders.id,index"`
	AmountCents int64     `schema:"check=amount_cents > 0"`
	Method      *string   `schema:"size=20"`
	PaidAt      time.Time `schema:"created"`
}
