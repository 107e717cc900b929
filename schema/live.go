package schema

// Live is a table as a catalogue shows it, in the server's own canonical words, so that two of them can be compared
// without parsing SQL. Names of indexes and constraints are kept for people and do not take part in comparisons.
// Inspectors make it; it is not changed afterwards.
type Live struct {
	Ref         Ref
	Columns     []LiveColumn // in the table's order
	Key         []string     // primary key columns, in key order
	Indexes     []LiveIndex  // unique constraints are unique indexes here; the primary key's own index is left out
	ForeignKeys []ForeignKey
	Checks      []string // canonical expressions, sorted
	Comment     string
	Hash        string // digest of all that the catalogue says of this table; never empty
}

// LiveColumn is one column of a Live table.
type LiveColumn struct {
	Name      string
	Type      string // canonical type
	NotNull   bool
	Identity  bool   // numbered by the database
	Default   string // canonical expression; empty is none
	Generated string // canonical expression; empty is none
	Comment   string
}

// LiveIndex is one secondary index of a Live table.
type LiveIndex struct {
	Name       string
	Unique     bool
	Definition string // canonical: what it covers, without its own and its table's name
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
