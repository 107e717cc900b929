package nodes

import "github.com/schemactor/schemactor/schema"

// changeable refuses what would change or remove rows of a table that only grows (schema.AppendOnly). Every method that
// does either asks it before anything is sent.
func (d *door) changeable(op string) error {
	if d.table.AppendOnly() {
		return schema.Invalid(op, d.name, "", "the table is append-only")
	}
	return nil
}
