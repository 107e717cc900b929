// Package sqlitetest gives each test a SQLite database of its own with all tables made, in about a millisecond: the models
// are registered and migrated once, and every test gets a copy of that file.
//
//	var shops = sqlitetest.New(shop.Register, nil) // func Register(c *coordinator.Coordinator) (*Shop, error)
//
//	func TestOrder(t *testing.T) {
//		t.Parallel()
//		db := shops.Open(t)
//		err := db.Nodes.Orders.Create(t.Context(), &order)
//		…
//	}
//
// The file is a real one in the system's folder for temporary files, and behaves as in production. It goes with the test; what a
// killed run has left goes when the next one starts. Package postgrestest is the same for PostgreSQL.
package sqlitetest
