// Package mysqltest gives each test a MariaDB database of its own with all tables made, in some tens of milliseconds: the models are
// registered and migrated once, into a template, whose tables are made again in the server's own words for every test.
//
//	var shops = mysqltest.New(shop.Register, nil) // func Register(c *coordinator.Coordinator) (*Shop, error)
//
//	func TestMain(m *testing.M) { os.Exit(mysqltest.Main(m, shops).Run()) }
//
//	func TestOrder(t *testing.T) {
//		t.Parallel()
//		db := shops.Open(t)
//		err := db.Nodes.Orders.Create(t.Context(), &order)
//		…
//	}
//
// The server is that of Config.URL, or else of the environment's SCHEMACTOR_TEST_MYSQL: a mysql:// URL of an account that may create
// and drop databases whose names begin with schemactor_test_. Without either it is made from the installed binaries when the first
// test asks, and ends with the test binary. Where these are missing, tests are skipped, or fail if SCHEMACTOR_TEST_REQUIRE names
// "mysql".
//
// A database is dropped when its test ends, and the template by Main. What a killed run has left is dropped when the next one
// starts. Packages postgrestest and sqlitetest are the same for PostgreSQL and SQLite; this one links neither.
package mysqltest
