package dialect_test

import (
	"fmt"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/schema"
)

// A filter that came in as JSON becomes SQL whose text holds nothing of it but columns that the table has.
func ExampleParseCond() {
	type City struct {
		ID     int64  `db:"id"     schema:"pk"`
		Name   string `db:"name"`
		People int64  `db:"people"`
	}
	table, err := schema.TableOf[City]()
	if err != nil {
		panic(err)
	}
	statements := dialect.NewStatements(postgres.Grammar{}, table)
	for _, filter := range []string{
		`{"people": {"$gte": 1000000}, "name": {"$prefix": "San "}}`,
		`{"peoples": {"$gte": 1000000}}`,
		`{"people": {"$above": 1000000}}`,
	} {
		where, err := dialect.ParseCond([]byte(filter))
		if err != nil {
			fmt.Println(err)
			continue
		}
		sql, args, err := statements.Count("count", where)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(sql, args)
	}
	// Output:
	// SELECT count(*) FROM "cities" WHERE ("people" >= $1::bigint AND "name" COLLATE "C" LIKE $2::text) [1000000 San %]
	// count cities: invalid input: unknown column [peoples]
	// parse condition: invalid input: unknown operator "$above" [people]
}
