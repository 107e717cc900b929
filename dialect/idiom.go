package dialect

// Idiom is the part of a Grammar that databases say in words of their own where others agree: those embed Standard.
type Idiom interface {
	// OrderTerm is a term of ORDER BY, under which nulls, of which there are some only where it is nullable, are larger than
	// all values.
	OrderTerm(expr string, nullable, descending bool) string
	// EmptyRow is what stands behind the table in an INSERT that names no column.
	EmptyRow() string
	// Overwrite is what stands behind the values of an INSERT to give the row in its way new values. The columns, quoted, are
	// those of the primary key and those that take the values of the new row.
	Overwrite(key, columns []string) string
	// ReadBack stands between an update of at most one row and the query that reads this row, in one text in which both bind
	// the same values. A Querier's Query runs it as one unit, and gives the rows of the query where the update has found its
	// row. It is empty where an update says by itself what it has made, by RETURNING.
	ReadBack() string
	// Upsert is a text that does an upsert and gives its row, followed by whether it was inserted: also where u says that
	// nothing is done about a row in the way, which then comes back as it is. ok is false where ON CONFLICT does it.
	Upsert(u Upsertion) (text string, ok bool)
	// InsertNew is an insert of many rows that leaves out those which a unique key refuses. It gives a row for each, in their
	// order: the list, which may be empty, followed by whether the row was stored. The key is a column of the primary key. It
	// is empty where ON CONFLICT DO NOTHING does it.
	InsertNew(insert, key, list string) string
}

// Standard is what PostgreSQL and SQLite say.
type Standard struct{}

var _ Idiom = Standard{}

// OrderTerm spells out where nulls stand only where there can be some: it keeps SQLite from reading the order off an index.
func (Standard) OrderTerm(expr string, nullable, descending bool) string {
	switch {
	case descending && nullable:
		return expr + " DESC NULLS FIRST"
	case descending:
		return expr + " DESC"
	case nullable:
		return expr + " NULLS LAST"
	}
	return expr
}

// EmptyRow is the standard's.
func (Standard) EmptyRow() string { return " DEFAULT VALUES" }

// Overwrite is ON CONFLICT DO UPDATE.
func (Standard) Overwrite(key, columns []string) string {
	text := " ON CONFLICT ("
	for i, name := range key {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	text += ") DO UPDATE SET "
	for i, name := range columns {
		if i > 0 {
			text += ", "
		}
		text += name + " = excluded." + name
	}
	return text
}

// ReadBack is not needed.
func (Standard) ReadBack() string { return "" }

// Upsert is not needed.
func (Standard) Upsert(Upsertion) (string, bool) { return "", false }

// InsertNew is not needed.
func (Standard) InsertNew(_, _, _ string) string { return "" }
