// Package coordinatortest holds what tests say about plans and tables, on whatever database.
//
// Plan compares what would be done to a database with a golden file, so that a review shows the SQL that a changed model leads
// to. RequireAdditive, RequireMatch and RequireNoDrift are shorter questions.
//
// Databases to ask them of, new and migrated for each test, come from the packages below: sqlitetest, postgrestest and
// mysqltest. They are apart so that tests on a server need no C compiler. All functions are safe for concurrent use, by several
// tests too.
package coordinatortest
