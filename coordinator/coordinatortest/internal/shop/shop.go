// Package shop is the program whose database the tests of coordinatortest and its packages copy.
package shop

import (
	"errors"
	"fmt"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// User is a customer.
type User struct {
	ID    int64  `schema:"pk,auto"`
	Email string `schema:"unique,size=320"`
	Name  string
}

// Order is a customer's.
type Order struct {
	ID     int64  `schema:"pk,auto"`
	UserID int64  `schema:"references=users.id,index"`
	Status string `schema:"enum=open|paid,default='open'"`
}

// Shop holds the nodes of the program.
type Shop struct {
	Users  *nodes.Node[User, int64]
	Orders *nodes.Node[Order, int64]
}

// Register registers both models, and twenty more tables of the second kind, for a program has more than two.
func Register(c *coordinator.Coordinator) (*Shop, error) {
	users, err := coordinator.Register[User, int64](c)
	orders, also := coordinator.Register[Order, int64](c)
	faults := []error{err, also}
	for i := range 20 {
		_, err := coordinator.Register[Order, int64](c, schema.Named(fmt.Sprintf("orders_of_%d", 2000+i)))
		faults = append(faults, err)
	}
	return &Shop{Users: users, Orders: orders}, errors.Join(faults...)
}
