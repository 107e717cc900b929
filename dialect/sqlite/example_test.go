package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/schema"
)

type invoice struct {
	ID    int64  `db:"id"     schema:"pk,auto"`
	Total string `db:"total"  schema:"type=decimal,precision=12,scale=2"`
	Paid  bool   `db:"paid"`
}

// A plan needs no database.
func ExampleGrammar_Create() {
	model, err := schema.TableOf[invoice]()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sqlite.Grammar{}.Create(model).Statements[0].SQL)
	// Output:
	// CREATE TABLE `invoices` (
	//   `id` INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
	//   `total` TEXT NOT NULL,
	//   `paid` INTEGER NOT NULL CHECK (`paid` IN (0, 1))
	// ) STRICT
}

// A database in memory is one database, however many goroutines use it, and belongs to this DB alone.
func ExampleOpen() {
	ctx := context.Background()
	d, err := sqlite.Open(ctx, ":memory:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	_, err = d.Writer().Exec(ctx, "CREATE TABLE cities (name TEXT)")
	fmt.Println(err)
	lives, err := d.Inspect(ctx, d.Reader(), schema.Ref{Name: "cities"})
	fmt.Println(lives[0].Columns[0].Name, lives[0].Columns[0].Type, err)
	// Output:
	// <nil>
	// name TEXT <nil>
}

// A program that already has pools shares them with the library: one connection that writes, several that read.
func ExampleNew() {
	writer, err := sql.Open("sqlite3", "file:app.db?_busy_timeout=5000&_journal_mode=WAL&_foreign_keys=1&_txlock=immediate")
	if err != nil {
		log.Fatal(err)
	}
	defer writer.Close()
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite3", "file:app.db?mode=ro&_busy_timeout=5000")
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()
	d, err := sqlite.New(writer, reader, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.Name())
	// Output: sqlite
}
