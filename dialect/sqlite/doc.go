// Package sqlite is the SQLite dialect, on mattn/go-sqlite3.
package sqlite
