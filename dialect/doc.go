// Package dialect is the seam between the library and its databases: the interface that a database implements, and
// the SQL that all of them share.
//
// Dialect is a sum of small interfaces, each one ability. Grammar and Planner are pure: no context, no connection. A
// dialect lives in a package of its own below this one, and dialecttest.Exercise shows in three lines whether it keeps
// the contract.
package dialect
