package mysql_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/schema"
)

type invoice struct {
	ID    int64  `db:"id"     schema:"pk,auto"`
	Total string `db:"total"  schema:"type=decimal,precision=12,scale=2"`
}

// A plan needs no server.
func ExampleGrammar_Create() {
	model, err := schema.TableOf[invoice]()
	if err != nil {
		log.Fatal(err)
	}
	statements := mysql.Grammar{}.Create(model).Statements
	fmt.Println(statements[len(statements)-1].SQL)
	// Output:
	// CREATE TABLE "invoices" (
	//   "id" bigint NOT NULL AUTO_INCREMENT,
	//   "total" decimal(12,2) NOT NULL,
	//   PRIMARY KEY ("id")
	// ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin
}

// A server that does not answer is told by its kind. The password is in no error.
func ExampleOpen() {
	_, err := mysql.Open(context.Background(), "mysql://app:secret@127.0.0.1:1/shop", nil)
	fmt.Println(errors.Is(err, schema.ErrUnavailable), err)
	// Output: true open: database cannot be reached
}

// A program that starts before its database does, and notices by its first statement that it is not there.
func ExampleConfig() {
	d, err := mysql.Open(context.Background(), "mysql://app:secret@127.0.0.1:1/shop", &mysql.Config{Lazy: true})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	_, err = d.Writer().Exec(context.Background(), "DELETE FROM carts")
	fmt.Println(d.Name(), errors.Is(d.Classify(err), schema.ErrUnavailable))
	// Output: mysql true
}
