package schema

// Live is a table as a catalogue shows it, in the server's own canonical words, so that two of them can be compared
// without parsing SQL. Names of indexes and constraints are kept for people and for the statements that drop them, and
// do not take part in comparisons. Inspectors make it; it is not changed afterwards. As JSON it is what the ledger
// remembers of a table.
type Live struct {
	Ref         Ref          `json:"ref"`
	Columns     []LiveColumn `json:"columns"` // in the table's order
	Key         []string     `json:"key"`     // primary key columns, in key order
	KeyName     string       `json:"keyName,omitempty"`
	Indexes     []LiveIndex  `json:"indexes,omitempty"` // unique constraints are unique indexes here; the primary key's own index is left out
	ForeignKeys []ForeignKey `json:"foreignKeys,omitempty"`
	Checks      []LiveCheck  `json:"checks,omitempty"` // sorted by expression
	Comment     string       `json:"comment,omitempty"`
	// NotValid names the foreign keys and checks that hold for new rows only: they were added without a look at the old
	// ones.
	NotValid []string `json:"notValid,omitempty"`
	// Invalid names the indexes that were begun and never finished. They are not among Indexes.
	Invalid []string `json:"invalid,omitempty"`
	// Parsed marks a born table that was put together from the model because no scratch table could be made: its
	// expressions are the model's spelling. That such a one differs from the server's proves nothing.
	Parsed bool `json:"parsed,omitempty"`
	// Source holds the catalogue's own CREATE texts where a dialect needs them to alter the table: the table's first, then
	// those of its indexes and triggers. It is not compared.
	Source []string `json:"source,omitempty"`
	Hash   string   `json:"hash,omitempty"` // digest of all that the catalogue says of this table; never empty for a table that is there
}

// LiveColumn is one column of a Live table.
type LiveColumn struct {
	Name      string `json:"name"`
	Type      string `json:"type"` // canonical type
	NotNull   bool   `json:"notNull,omitempty"`
	Identity  bool   `json:"identity,omitempty"`  // numbered by the database
	Default   string `json:"default,omitempty"`   // canonical expression; empty is none
	Generated string `json:"generated,omitempty"` // canonical expression; empty is none
	Comment   string `json:"comment,omitempty"`
	// Collation is the column's own, quoted, where it is not the type's. It is not compared, and kept by what alters the column.
	Collation string `json:"collation,omitempty"`
	// Volatile marks a default that gives every row another value: a column added with it would rewrite the table.
	Volatile bool `json:"volatile,omitempty"`
}

// LiveIndex is one secondary index of a Live table.
type LiveIndex struct {
	Name       string `json:"name"`
	Unique     bool   `json:"unique,omitempty"`
	Constraint bool   `json:"constraint,omitempty"` // it belongs to a UNIQUE constraint of the same name, and goes with it
	Definition string `json:"definition"`           // canonical: what it covers, without its own and its table's name
}

// LiveCheck is one check of a Live table.
type LiveCheck struct {
	Name string `json:"name,omitempty"` // empty where the database gives checks no names
	Expr string `json:"expr"`           // canonical
}

// Column finds a live column by name.
func (l *Live) Column(name string) (LiveColumn, bool) {
	for _, c := range l.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return LiveColumn{}, false
}
