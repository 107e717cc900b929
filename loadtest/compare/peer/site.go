package peer

import (
	"context"
	"runtime"
	"slices"
)

// Database says which one is meant.
type Database string

// The databases of the comparison.
const (
	SQLite   Database = "sqlite"
	Postgres Database = "postgres"
	MySQL    Database = "mysql" // MariaDB
)

// Conns is how many connections everybody has to PostgreSQL, and to MariaDB.
const Conns = 16

// Readers is how many connections everybody has to read from SQLite, beside the one that writes.
func Readers() int { return max(4, runtime.GOMAXPROCS(0)) }

// Site is a database for one contestant alone.
type Site struct {
	Database    Database
	Path        string // of the SQLite file
	URL         string // of the database on a server
	Synchronous string // SQLite's: NORMAL or FULL
}

// People is a contestant at work on the table of people. It is safe for concurrent use.
type People interface {
	// Create stores a row and answers after its commit.
	Create(ctx context.Context, p *Person) error
	// Get reads a row by key and gives its email.
	Get(ctx context.Context, id string) (string, error)
	// List reads the first rows in the order of their keys, and gives their number.
	List(ctx context.Context, limit int) (int, error)
	// Update writes all that may change of a row that is there.
	Update(ctx context.Context, p *Person) error
	// Delete removes a row that is there.
	Delete(ctx context.Context, id string) error
	// BulkCreate stores all rows or none.
	BulkCreate(ctx context.Context, rows []Person) error
	// Close gives up all connections.
	Close() error
}

// Orders is a contestant at work on many tables of the same shape. It is safe for concurrent use.
type Orders interface {
	// Ensure has all tables there, whether or not they were before.
	Ensure(ctx context.Context) error
	// Add has one table there and stores a row in it.
	Add(ctx context.Context, table string, o *Order) error
	// Close gives up all connections.
	Close() error
}

// Contestant is one way to work with a database.
type Contestant struct {
	// Name is what the tables call it.
	Name string
	// MakesPeople says that People makes the table; for the others it is there before.
	MakesPeople bool
	// People opens the way into a database for the table of people.
	People func(ctx context.Context, site Site) (People, error)
	// Orders opens the way into a database for tables that may be there or not; nil for one that has no other way to make
	// tables than another contestant.
	Orders func(ctx context.Context, site Site, tables []string) (Orders, error)
}

// The contestants whose figures others are held against.
const (
	Bare  = "bare"
	Limit = "limit"
	Own   = "schemactor"
)

// All gives the contestants, in the order of the tables.
func All() []Contestant {
	return []Contestant{
		{Name: Bare, People: openBare, Orders: openBareOrders},
		{Name: "gorm", People: gormAs(false), Orders: openGormOrders},
		{Name: "gorm-tuned", People: gormAs(true)},
		{Name: "ent", People: openEnt, Orders: openEntOrders},
		{Name: "bun", People: openBun, Orders: openBunOrders},
		{Name: Limit, MakesPeople: true, People: openLimit, Orders: openLimitOrders},
		{Name: Own, MakesPeople: true, People: openOwn, Orders: openOwnOrders},
	}
}

// Named gives the contestants with these names, and those that can do orders alone if asked to.
func Named(orders bool, names ...string) []Contestant {
	var out []Contestant
	for _, c := range All() {
		if (len(names) == 0 || slices.Contains(names, c.Name)) && (!orders || c.Orders != nil) {
			out = append(out, c)
		}
	}
	return out
}
