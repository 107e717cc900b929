package service

import (
	"time"

	"github.com/google/uuid"
)

// Customer is known by an email address. Delete marks the row; the address stays taken.
type Customer struct {
	ID        uuid.UUID  `db:"id"         json:"id"         schema:"pk"`
	Email     string     `db:"email"      json:"email"      schema:"unique,size=320,check=email LIKE '%_@_%'"`
	Name      string     `db:"name"       json:"name"       schema:"size=200,check=name <> ''"`
	CreatedAt time.Time  `db:"created_at" json:"created_at" schema:"created"`
	UpdatedAt time.Time  `db:"updated_at" json:"updated_at" schema:"updated"`
	DeletedAt *time.Time `db:"deleted_at" json:"-"          schema:"deleted"`
	Version   int64      `db:"version"    json:"version"    schema:"version"`
}

// Order is what a customer ordered; its items are rows of their own. Reference is the caller's.
type Order struct {
	ID         uuid.UUID `db:"id"          json:"id"          schema:"pk"`
	CustomerID uuid.UUID `db:"customer_id" json:"customer_id" schema:"references=customers.id,index"`
	Reference  string    `db:"reference"   json:"reference"   schema:"size=100,index"`
	Status     string    `db:"status"      json:"status"      schema:"enum=open|paid|shipped|canceled,default='open'"`
	CreatedAt  time.Time `db:"created_at"  json:"created_at"  schema:"created"`
	UpdatedAt  time.Time `db:"updated_at"  json:"updated_at"  schema:"updated"`
	Version    int64     `db:"version"     json:"version"     schema:"version"`
}

// OrderItem is a line of an order, and goes with it.
type OrderItem struct {
	ID         uuid.UUID `db:"id"          json:"id"          schema:"pk"`
	OrderID    uuid.UUID `db:"order_id"    json:"order_id"    schema:"references=orders.id,ondelete=cascade,index"`
	Article    string    `db:"article"     json:"article"     schema:"size=100,check=article <> ''"`
	Quantity   int32     `db:"quantity"    json:"quantity"    schema:"check=quantity BETWEEN 1 AND 10000"`
	PriceCents int64     `db:"price_cents" json:"price_cents" schema:"check=price_cents BETWEEN 0 AND 100000000"`
	CreatedAt  time.Time `db:"created_at"  json:"created_at"  schema:"created"`
	UpdatedAt  time.Time `db:"updated_at"  json:"updated_at"  schema:"updated"`
	Version    int64     `db:"version"     json:"version"     schema:"version"`
}

// record is what every row here has.
type record interface {
	Customer | Order | OrderItem
	identity() (id uuid.UUID, version int64)
}

func (c Customer) identity() (uuid.UUID, int64)  { return c.ID, c.Version }
func (o Order) identity() (uuid.UUID, int64)     { return o.ID, o.Version }
func (i OrderItem) identity() (uuid.UUID, int64) { return i.ID, i.Version }
