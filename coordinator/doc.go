// Package coordinator joins schema actors and CRUD nodes: it is what a program holds.
//
// New takes an open database, Register gives a typed node for each table, and from then on the first use of a table
// makes it, once, however many goroutines and processes ask at the same moment. EnsureAll does the same for the whole
// fleet at start; InTx runs several nodes in one transaction; Expose lets chosen nodes be called by name, as workflows do.
//
// The package knows no concrete database: a program links only the dialect that it opens.
package coordinator
