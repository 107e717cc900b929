// Package postgrestest gives tests a PostgreSQL of their own: a server made from the installed binaries when the first
// test of a test binary asks for it, and an empty database for each test.
//
// SCHEMACTOR_TEST_POSTGRES names a server to use instead: the URL of a role that may create databases and roles. Where
// there is neither, tests are skipped, or fail if SCHEMACTOR_TEST_REQUIRE names "postgres" (and "pgbouncer"
// for those that need one, with a comma between).
//
// A package that uses it has this TestMain, which stops the server before leaked goroutines are looked for:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(postgrestest.Main(m)) }
//
// The server ends with the test binary however that ends: a small shell holds the other end of a pipe, and takes down
// server and files when the pipe closes.
package postgrestest
