// Package mysqltest gives tests a MariaDB of their own: a server made from the installed binaries when the first test of a
// test binary asks for it, and an empty database for each test.
//
// SCHEMACTOR_TEST_MYSQL names a server to use instead: the mysql:// URL of an account that may create databases. Where
// there is neither, tests are skipped, or fail if SCHEMACTOR_TEST_REQUIRE names "mysql" (among others, with commas between).
//
// A package that uses it has this TestMain, which stops the server before leaked goroutines are looked for:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(mysqltest.Main(m)) }
//
// The server ends with the test binary however that ends, as all of package daemon do.
package mysqltest
