package nodetest

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Person is the plain case: a UUID key, a unique column, a nullable one with a check, lifecycle times.
type Person struct {
	ID        uuid.UUID `db:"id"         schema:"pk"`
	Email     string    `db:"email"      schema:"unique,size=60"`
	Name      string    `db:"name"`
	Age       *int      `db:"age"        schema:"check=age >= 0"`
	CreatedAt time.Time `db:"created_at" schema:"created"`
	UpdatedAt time.Time `db:"updated_at" schema:"updated"`
}

// NewPerson gives one whom no other has the key or address of.
func NewPerson(name string, age *int) Person {
	return Person{ID: uuid.New(), Email: uuid.NewString() + "@example.org", Name: name, Age: age}
}

// Note has everything the library does by itself: numbers, defaults, versions, soft deletion.
type Note struct {
	ID        int64      `db:"id"         schema:"pk,auto"`
	Title     string     `db:"title"`
	Body      string     `db:"body"       schema:"default='nothing yet'"`
	Stars     *int       `db:"stars"      schema:"default=3"`
	Version   int        `db:"version"    schema:"version"`
	CreatedAt time.Time  `db:"created_at" schema:"created"`
	UpdatedAt time.Time  `db:"updated_at" schema:"updated"`
	DeletedAt *time.Time `db:"deleted_at" schema:"deleted"`
}

// Seat has a key of two columns.
type Seat struct {
	Room   string  `db:"room"   schema:"pk"`
	Number int32   `db:"number" schema:"pk"`
	Guest  *string `db:"guest"`
}

// SeatKey is the key of a Seat.
type SeatKey struct {
	Room   string `db:"room"`
	Number int32  `db:"number"`
}

// Status is a string type of its own.
type Status string

// address is embedded, and not exported: its fields are columns all the same.
type address struct {
	Street string  `db:"street"`
	City   *string `db:"city"`
}

// Parcel has a column of most kinds.
type Parcel struct {
	ID       uuid.UUID       `db:"id"       schema:"pk"`
	Status   Status          `db:"status"   schema:"enum=new|sent|lost"`
	Price    string          `db:"price"    schema:"type=decimal,precision=12,scale=2"`
	Quantity int16           `db:"quantity"`
	Doubled  int64           `db:"doubled"  schema:"generated=quantity * 2"`
	Weight   float64         `db:"weight"`
	Ratio    float32         `db:"ratio"`
	Fragile  bool            `db:"fragile"`
	Label    []byte          `db:"label"`
	Tags     []string        `db:"tags"`
	Meta     json.RawMessage `db:"meta"     schema:"null"`
	Due      time.Time       `db:"due"      schema:"type=date"`
	SentAt   *time.Time      `db:"sent_at"`
	Serial   uint64          `db:"serial"`
	address
}

// NewParcel gives one with a value in every kind of column.
func NewParcel() Parcel {
	return Parcel{
		ID: uuid.New(), Status: "new", Price: "19.90", Quantity: 7, Weight: 1.25, Ratio: 0.1, Label: []byte{0, 1, 255},
		Tags: []string{"a", "b"}, Due: time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), Serial: 42,
		address: address{Street: "High Street 1"},
	}
}
