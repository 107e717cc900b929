package peer

import (
	"fmt"
	"strings"
	"time"
)

// Order is a row of twelve columns, two of which are indexed together and one alone. It stands for a table of a program
// that has many.
type Order struct {
	ID         string    `db:"id" schema:"pk" gorm:"primaryKey" bun:"id,pk"`
	CustomerID string    `db:"customer_id" schema:"index" gorm:"index"`
	Number     int64     `db:"number"`
	Status     string    `db:"status" schema:"index=by_status" gorm:"index:,composite:by_status"`
	Currency   string    `db:"currency"`
	Total      float64   `db:"total"`
	Tax        float64   `db:"tax"`
	Items      int64     `db:"items"`
	Note       *string   `db:"note"`
	PlacedAt   time.Time `db:"placed_at" schema:"index=by_status" gorm:"index:,composite:by_status"`
	CreatedAt  time.Time `db:"created_at" schema:"created"`
	UpdatedAt  time.Time `db:"updated_at" schema:"updated"`
}

// What a table of orders consists of, to be counted in the catalogue.
const (
	OrderColumns = 12
	OrderIndexes = 2 // beside the key's
)

const orderColumns = "id, customer_id, number, status, currency, total, tax, items, note, placed_at, created_at, updated_at"

// NewOrder gives a row to store.
func NewOrder(id string) *Order {
	now := time.Now().UTC()
	return &Order{
		ID: id, CustomerID: "c1", Number: 1, Status: "open", Currency: "EUR", Total: 12.5, Tax: 2.5, Items: 3,
		PlacedAt: now, CreatedAt: now, UpdatedAt: now,
	}
}

func (o *Order) values() []any {
	return []any{
		o.ID, o.CustomerID, o.Number, o.Status, o.Currency, o.Total, o.Tax, o.Items, o.Note, o.PlacedAt, o.CreatedAt, o.UpdatedAt,
	}
}

// orderTable gives the statements of a table of orders; guard is "IF NOT EXISTS " or nothing.
func orderTable(d Database, guard, name string) []string {
	key, text, number, float, instant := "TEXT", "TEXT", "INTEGER", "REAL", "DATETIME"
	switch d {
	case Postgres:
		key, text, number, float, instant = "text", "text", "bigint", "double precision", "timestamptz"
	case MySQL:
		key, text, number, float, instant = "varchar(254)", "longtext", "bigint", "double", "datetime(6)"
	}
	table := fmt.Sprintf(`CREATE TABLE %[1]s%[2]s (id %[3]s NOT NULL PRIMARY KEY, customer_id %[3]s NOT NULL, number %[5]s NOT NULL,
			status %[3]s NOT NULL, currency %[4]s NOT NULL, total %[6]s NOT NULL, tax %[6]s NOT NULL, items %[5]s NOT NULL,
			note %[4]s, placed_at %[7]s NOT NULL, created_at %[7]s NOT NULL, updated_at %[7]s NOT NULL`,
		guard, name, key, text, number, float, instant)
	if d == MySQL { // there, indexes are part of the table's own statement
		return []string{table + fmt.Sprintf(", KEY %[1]s_customer (customer_id), KEY %[1]s_status (status, placed_at))", name) + mysqlTexts}
	}
	return []string{
		table + ")",
		fmt.Sprintf(`CREATE INDEX %[1]s%[2]s_customer ON %[2]s (customer_id)`, guard, name),
		fmt.Sprintf(`CREATE INDEX %[1]s%[2]s_status ON %[2]s (status, placed_at)`, guard, name),
	}
}

const ifNotExists = "IF NOT EXISTS "

// insertOrder is the insert of one order.
func insertOrder(d Database, table string) string {
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, orderColumns, strings.Join(placeholders(d, OrderColumns), ", "))
}

// placeholders are those of a number of values: $1, $2, … on PostgreSQL, ? elsewhere.
func placeholders(d Database, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "?"
		if d == Postgres {
			out[i] = fmt.Sprintf("$%d", i+1)
		}
	}
	return out
}
