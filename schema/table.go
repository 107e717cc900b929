package schema

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Ref names a table: an optional namespace (a schema on PostgreSQL; empty means the connection's current one) and a name.
type Ref struct {
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// String gives namespace.name, or the bare name where there is no namespace. It is for people, never for SQL.
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Name
	}
	return r.Namespace + "." + r.Name
}

// Compare orders references by namespace, then name: the order in which locks are taken.
func (r Ref) Compare(other Ref) int {
	if c := strings.Compare(r.Namespace, other.Namespace); c != 0 {
		return c
	}
	return strings.Compare(r.Name, other.Name)
}

// Table is the shape that a Go struct wants its table to have. It is made by TableOf, is immutable afterwards and safe
// for concurrent use; the slices that its methods return are shared and must not be changed.
type Table struct {
	ref         Ref
	goType      reflect.Type
	columns     []Column
	byName      map[string]int
	key         []int
	indexes     []Index
	foreignKeys []ForeignKey
	checks      []Check
	comment     string
	fingerprint string
	was         string // the former name in the same namespace, or empty
	reserved    bool   // may have a name that is kept for the ledger
	appendOnly  bool   // rows are never changed
}

// Column is one column of a Table.
type Column struct {
	Name      string
	Kind      Kind
	Size      int      // String: most characters, Bytes: most bytes; 0 is without limit
	Precision int      // Decimal: total digits, 1 to 38
	Scale     int      // Decimal: digits behind the point, 0 to Precision
	Nullable  bool     // a nil pointer, an invalid sql.Null or the `null` tag option
	Auto      bool     // the database numbers the rows; only on a single integer key
	Default   string   // SQL expression, or DefaultNow; empty is none
	Generated string   // SQL expression of a stored generated column; never written by the library
	Enum      []string // allowed strings, in declared order; empty is any
	Comment   string
	Role      Role
	Was       string // the column's former name, for a table that still has it; no part of the shape
	Backfill  string // SQL expression that fills the column in rows that are there already; no part of the shape
	Field     string // Go field, dotted through embedded structs; for messages, not part of the fingerprint

	access access
}

// DefaultNow is the portable `default=now`: the database's own clock when the row is inserted.
const DefaultNow = "now"

// Role says what the library itself does to a lifecycle column.
type Role uint8

// The lifecycle roles, named as their tag options.
const (
	RoleNone    Role = iota
	RoleCreated      // set to now when a row is created, never changed afterwards
	RoleUpdated      // set to now whenever a row is written
	RoleDeleted      // nullable time: set by Delete, and rows that have it are hidden from reads
	RoleVersion      // integer: 1 when created, one more at each update, compared by Update
)

// Index is an index over columns, in their order; Unique makes it a constraint. An empty Name is derived from table
// and columns by the dialect.
type Index struct {
	Name    string
	Columns []string
	Unique  bool
}

// ForeignKey ties Columns to RefColumns of another table. An empty Name is derived.
type ForeignKey struct {
	Name       string   `json:"name,omitempty"`
	Columns    []string `json:"columns"`
	References Ref      `json:"references"` // an empty namespace was filled with the owning table's
	RefColumns []string `json:"refColumns"`
	OnDelete   Action   `json:"onDelete"`
	OnUpdate   Action   `json:"onUpdate"`
}

// Action is what happens to a row whose foreign key target is deleted or changed. The zero value is NoAction.
type Action uint8

// The referential actions of the SQL standard.
const (
	NoAction Action = iota
	Restrict
	Cascade
	SetNull
	SetDefault
)

var actionNames = [...]string{"NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"}

// String gives the action's SQL words.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("Action(%d)", uint8(a))
}

// MarshalText gives the action's SQL words, as JSON and the ledger have them. An unknown action is ErrInvalid.
func (a Action) MarshalText() ([]byte, error) {
	if int(a) >= len(actionNames) {
		return nil, Invalid("write action", "", "", "%s is none", a)
	}
	return []byte(a.String()), nil
}

// UnmarshalText reads what MarshalText gives. Any other text is ErrInvalid.
func (a *Action) UnmarshalText(text []byte) error {
	at := slices.Index(actionNames[:], string(text))
	if at < 0 {
		return Invalid("read action", "", "", "%q is none", text)
	}
	*a = Action(at)
	return nil
}

// Check is a condition that every row must meet, in SQL. An empty Name is derived from table and expression.
type Check struct {
	Name string
	Expr string
}

// Ref names the table.
func (t *Table) Ref() Ref { return t.ref }

// String gives the table's name for people.
func (t *Table) String() string { return t.ref.String() }

// GoType is the struct that the table was made from.
func (t *Table) GoType() reflect.Type { return t.goType }

// Columns are all columns, in field order.
func (t *Table) Columns() []Column { return t.columns }

// Column finds a column by its name. The position is its index in Columns.
func (t *Table) Column(name string) (position int, ok bool) {
	position, ok = t.byName[name]
	return position, ok
}

// Key gives the positions of the primary key's columns, in field order. It is never empty.
func (t *Table) Key() []int { return t.key }

// KeyNames gives the names of the primary key's columns.
func (t *Table) KeyNames() []string {
	names := make([]string, len(t.key))
	for i, k := range t.key {
		names[i] = t.columns[k].Name
	}
	return names
}

// Role finds the column with a lifecycle role; ok is false where the table has none.
func (t *Table) Role(r Role) (position int, ok bool) {
	for i := range t.columns {
		if t.columns[i].Role == r {
			return i, true
		}
	}
	return 0, false
}

// Indexes are all secondary indexes, the unique ones included.
func (t *Table) Indexes() []Index { return t.indexes }

// ForeignKeys are all foreign keys.
func (t *Table) ForeignKeys() []ForeignKey { return t.foreignKeys }

// Checks are the conditions declared by tags and options. Those that follow from Enum and Size are the dialect's.
func (t *Table) Checks() []Check { return t.checks }

// Comment is the table's comment, or empty.
func (t *Table) Comment() string { return t.comment }

// Was names the table that this one is to be made of by renaming, in the same namespace; ok is false where the model
// says nothing of the kind. It is no part of the shape.
func (t *Table) Was() (former Ref, ok bool) {
	return Ref{Namespace: t.ref.Namespace, Name: t.was}, t.was != ""
}

// AppendOnly reports whether rows are only ever added; see the option of that name.
func (t *Table) AppendOnly() bool { return t.appendOnly }

// Fingerprint is the SHA-256 of the table's canonical form in hexadecimal: equal for equal shapes, whatever the order
// of fields, the spelling of tags or the Go names.
func (t *Table) Fingerprint() string { return t.fingerprint }
