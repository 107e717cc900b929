package sqlite

import (
	"context"
	"fmt"

	"github.com/schemactor/schemactor/dialect"
)

// Location implements dialect.Located: the file, or which private database in memory it is.
func (d *DB) Location(ctx context.Context) (where string, err error) {
	_, err = dialect.QueryRow(ctx, d.reader, "SELECT coalesce(file, '') FROM pragma_database_list WHERE name = 'main'", nil, &where)
	switch {
	case err != nil:
		return "", d.Classify(err)
	case where == "":
		return fmt.Sprintf("memory %p", d), nil
	}
	return "file " + where, nil
}
