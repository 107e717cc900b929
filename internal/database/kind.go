package database

// Kind is a sort of database, by the name that people know it by.
type Kind string

// The kinds that there are.
const (
	SQLite     Kind = "SQLite"
	PostgreSQL Kind = "PostgreSQL"
	MariaDB    Kind = "MariaDB"
)

// Served reports whether it is a server, with connections that can be lost.
func (k Kind) Served() bool { return k != SQLite }

// Namespaced reports whether tables can be put into a namespace that is made for them.
func (k Kind) Namespaced() bool { return k == PostgreSQL }

// Version is the statement that reads a database's version, as one text.
func (k Kind) Version() string {
	switch k {
	case PostgreSQL:
		return "SHOW server_version"
	case MariaDB:
		return "SELECT version()"
	}
	return "SELECT sqlite_version()"
}
