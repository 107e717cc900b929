// Package nodes is the typed door to one table: create, read, change and delete rows of a Go struct.
//
// Every method of a Node passes the table's schema.Gate, which costs one atomic load once the table is remembered as
// ready, and then runs one statement in the caller's goroutine. What is wrong by the model alone — an unknown column, a
// value that its column cannot hold — is refused before either. The text of the statements for single
// rows is written when the node is made; per call, values are bound and scanned by offsets, without reflection.
//
// Conditions are values made by Eq, In, And and their like, or read from JSON by ParseWhere; column names reach SQL
// only by look-up in the table, and values are always bound.
//
// Errors are the contract of package schema, the same on every database: test them with errors.Is. Their texts hold
// no row values.
//
// When a statement fails because the table or a column is gone, the node gives up the memory it ran under, passes the
// gate again, which makes the table anew, and runs the statement once more. Inside a transaction nothing is repeated:
// the error matches schema.ErrNotEnsured, and the transaction is to be run again.
package nodes
