package nodes_test

import (
	"time"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/internal/nodetest"
)

// The models that other tests have, too.
type (
	person  = nodetest.Person
	note    = nodetest.Note
	seat    = nodetest.Seat
	seatKey = nodetest.SeatKey
	parcel  = nodetest.Parcel
	status  = nodetest.Status
)

func newPerson(name string, age *int) person { return nodetest.NewPerson(name, age) }

func newParcel() parcel { return nodetest.NewParcel() }

// pair is nothing but a key.
type pair struct {
	A int `db:"a" schema:"pk"`
	B int `db:"b" schema:"pk"`
}

type pairKey struct {
	A int `db:"a"`
	B int `db:"b"`
}

// house and tenant are tied by a foreign key.
type house struct {
	ID   int64  `db:"id"   schema:"pk"`
	Name string `db:"name"`
}

type tenant struct {
	ID      int64  `db:"id"       schema:"pk"`
	HouseID int64  `db:"house_id" schema:"references=houses.id"`
	Name    string `db:"name"`
}

// score is for orders: ties and nulls in every column but the key.
type score struct {
	ID    int64      `db:"id"    schema:"pk"`
	Team  string     `db:"team"`
	Value *int64     `db:"value"`
	Price *string    `db:"price" schema:"type=decimal,precision=9,scale=3"`
	At    *time.Time `db:"at"`
	Ref   *uuid.UUID `db:"ref"`
	Ok    bool       `db:"ok"`
	Rate  float64    `db:"rate"`
	Day   *time.Time `db:"day"   schema:"type=date"`
	Blob  []byte     `db:"blob"`
}

func ptr[V any](v V) *V { return &v }
