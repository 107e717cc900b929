package schema

import "slices"

// TableOption shapes a table as a whole. Columns are named as in the database. Options are values: one may be given to
// many tables.
type TableOption func(*builder)

// Named gives the table a name of its own in place of the one derived from the Go type, as it is.
func Named(name string) TableOption {
	return func(b *builder) { b.table.ref.Name = name }
}

// Was says that the table was called so before. Where the database has a table of the old name and none of the new one,
// it is renamed, rows and all, if the policy allows it. Renames are never guessed.
func Was(name string) TableOption {
	return func(b *builder) {
		if name == "" {
			b.fault("", "Was: empty name")
		}
		b.table.was = name
	}
}

// InNamespace puts the table into a namespace, a schema on PostgreSQL, which is created with the first table in it.
func InNamespace(namespace string) TableOption {
	return func(b *builder) {
		if namespace == "" {
			b.fault("", "InNamespace: empty namespace")
		}
		b.table.ref.Namespace = namespace
	}
}

// WithIndex adds an index over columns, in their order.
func WithIndex(columns ...string) TableOption {
	return withIndex(Index{Columns: slices.Clone(columns)})
}

// WithUnique adds a unique index over columns, in their order.
func WithUnique(columns ...string) TableOption {
	return withIndex(Index{Columns: slices.Clone(columns), Unique: true})
}

func withIndex(ix Index) TableOption {
	return func(b *builder) { b.table.indexes = append(b.table.indexes, ix) }
}

// WithCheck adds a condition that every row must meet, in SQL.
func WithCheck(expr string) TableOption {
	return func(b *builder) { b.table.checks = append(b.table.checks, Check{Expr: expr}) }
}

// WithForeignKey adds a foreign key, which may be of several columns. An empty namespace of its target is the table's own.
func WithForeignKey(fk ForeignKey) TableOption {
	fk.Columns, fk.RefColumns = slices.Clone(fk.Columns), slices.Clone(fk.RefColumns)
	return func(b *builder) { b.table.foreignKeys = append(b.table.foreignKeys, fk) }
}

// WithComment sets the table's comment, where the database keeps such.
func WithComment(text string) TableOption {
	return func(b *builder) { b.table.comment = text }
}

// Reserved lets a table have a name that begins with schemactor_, which is kept for the library's own history.
func Reserved() TableOption {
	return func(b *builder) { b.table.reserved = true }
}

// AppendOnly says that rows of the table are written once: a node creates and reads them, and refuses with ErrInvalid
// every method that would change or remove one. It is a rule for this program's nodes; the table itself, and so the
// fingerprint, is the same with and without it, and nothing in the database keeps others from changing rows.
func AppendOnly() TableOption {
	return func(b *builder) { b.table.appendOnly = true }
}
