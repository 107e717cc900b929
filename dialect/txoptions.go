package dialect

import "github.com/schemactor/schemactor/schema"

// TxOptions say what kind of transaction BeginTx opens. The zero value is the database's default: read committed on
// PostgreSQL unless its configuration says otherwise, serializable on SQLite.
type TxOptions struct {
	// Isolation is the least that the transaction is kept apart from others.
	Isolation Isolation
	// ReadOnly refuses writes: each is schema.ErrPermission. On SQLite the transaction runs beside the writer, on a
	// connection of the reader, and sees the database as it was at its first statement.
	ReadOnly bool
}

// Isolation is a level of isolation, in the words of the SQL standard. SQLite has one, the highest, and grants it whatever
// is asked.
type Isolation uint8

// The levels, each of which promises what those before it do.
const (
	DefaultIsolation Isolation = iota // what the database is configured to
	ReadCommitted                     // each statement sees what was committed before it
	RepeatableRead                    // all statements see one state; who overwrites a later one is refused
	Serializable                      // as if transactions ran one after the other; who breaks that is refused
)

// String is the level in SQL, or "default".
func (i Isolation) String() string {
	switch i {
	case DefaultIsolation:
		return "default"
	case ReadCommitted:
		return "read committed"
	case RepeatableRead:
		return "repeatable read"
	case Serializable:
		return "serializable"
	}
	return "unknown"
}

// Validate refuses a level that there is not: schema.ErrInvalid.
func (o TxOptions) Validate() error {
	if o.Isolation > Serializable {
		return schema.Invalid("begin", "", "", "unknown isolation level %d", uint8(o.Isolation))
	}
	return nil
}
