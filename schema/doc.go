// Package schema holds the facts that every other package of schemactor speaks in: what a table should look like
// (Table), what it was seen to look like (Live), what differs (Change), what would be done about it (Plan), and the
// small interface through which CRUD code asks whether a table may be used (Gate).
//
// It knows no database and starts no goroutine. Its values are immutable once built and safe for concurrent use.
package schema
