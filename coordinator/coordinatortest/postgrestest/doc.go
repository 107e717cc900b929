// Package postgrestest gives each test a PostgreSQL database of its own with all tables made, in some tens of milliseconds: the
// models are registered and migrated once, into a template that the server copies for every test.
//
//	var shops = postgrestest.New(shop.Register, nil) // func Register(c *coordinator.Coordinator) (*Shop, error)
//
//	func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m, shops).Run()) }
//
//	func TestOrder(t *testing.T) {
//		t.Parallel()
//		db := shops.Open(t)
//		err := db.Nodes.Orders.Create(t.Context(), &order)
//		…
//	}
//
// The server is that of Config.URL, or else of the environment's SCHEMACTOR_TEST_POSTGRES: the URL of a role that may create
// databases (superuser or CREATEDB), on version 13 or later, reached directly and not through a pooler. Without either it is made from the
// installed binaries when the first test asks, and ends with the test binary. Where these are missing, tests are skipped, or fail if
// SCHEMACTOR_TEST_REQUIRE names "postgres".
//
// A database is dropped when its test ends, and the template by Main. What a killed run has left is dropped when the next one
// starts. Package sqlitetest is the same for SQLite; this one does not link it.
package postgrestest
