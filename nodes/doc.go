// Package nodes is the typed door to one table: create, read, change and delete rows of a Go struct.
//
// # One statement
//
// Every method of a Node passes the table's schema.Gate, which costs one atomic load once the table is remembered as
// ready, and then runs its statement in the caller's goroutine. What is wrong by the model alone — an unknown column, a
// value that its column cannot hold — is refused before either. The text of the statements for single
// rows is written when the node is made; per call, values are bound and scanned by offsets, without reflection.
//
// Conditions are values made by Eq, In, And and their like, by columns with types (Col), or read from JSON by ParseWhere;
// column names reach SQL only by look-up in the table, and values are always bound.
//
// # Several statements
//
// The bulk methods that take rows, Upsert where the database needs two statements for it, and each write of a node with
// Before or After hooks (WithHooks) take effect as a whole or not at all: in a transaction of their own, or in a savepoint
// of the one that the node is In. Several calls are put together by a coordinator's InTx, which is made of Transact.
//
// # Errors
//
// Errors are the contract of package schema, the same on every database: test them with errors.Is. Their texts hold
// no row values. Beside those that its own comment names every method may give ErrInvalid, a *schema.EnsureError where the table
// cannot be made ready, ErrUnavailable, ErrOutcomeUnknown for a write whose answer was lost, ErrLockTimeout,
// ErrPermission, ErrSerialization, ErrClosed, and the error of its context. A *BulkError names the rows at fault, a
// Validate hook the field (Field). When a method fails, what it was given is as it was.
//
// When a statement fails because the table or a column is gone, the node gives up the memory it ran under, passes the
// gate again, which makes the table anew, and runs the statement once more. Inside a transaction nothing is repeated:
// the error matches schema.ErrNotEnsured, and the transaction is to be run again.
//
// # Without Go's types, and without calls
//
// Serve answers a message for each method (CreateRequest and its neighbours), and actors.Serve mounts a node behind a PID.
// Package dynamic has the same operations by name, with values as JSON has them, and package workflow puts these together.
package nodes
