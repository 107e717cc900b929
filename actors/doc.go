// Package actors makes tables ready: one schema actor per table, on Proto.Actor.
//
// A System belongs to one database. Add gives a handle for each table, which is the schema.Gate of that table: while
// the table is remembered as matching its model, Ready is one atomic load and nothing else. Otherwise the caller sends
// the table's actor a message and waits. The actor's mailbox is what makes it once: it starts at most one attempt, off
// the mailbox, under a context of its own, and its outcome answers everyone who waits. A failure is remembered too, for
// a backoff or, where only a person can help, until Ensure is called by hand.
//
// What one attempt does is in ensure.go, step by step. Across processes the database itself decides: its locks and
// its ledger, see the packages schema and dialect.
//
// Serve is for programs of actors: it mounts a nodes.Node, or whatever else answers messages, behind a PID of the program's
// own system. It is the one exported name that mentions Proto.Actor. Nothing else here runs a statement of the caller's.
package actors
