package mysql

import (
	"strings"

	"github.com/schemactor/schemactor/dialect"
)

// InsertedExpr is empty: it takes more than an expression; see Upsert.
func (Grammar) InsertedExpr() string { return "" }

// insteadMark stands before what is done where a row stands in the way by another unique key than the one that was meant.
const insteadMark = " /* schemactor: instead */ "

const (
	// updatedMark is a variable of the session that takes the number of the statement which has updated a row. ?0 is this
	// number, which no other statement has.
	updatedMark = "@schemactor_updated"

	// astray fails, with error 1242.
	astray = "(SELECT 1 UNION ALL SELECT 2)"
)

// Upsert is ON DUPLICATE KEY UPDATE, which heeds every unique key: where the row in the way is not one with the same target, the
// statement fails and changes nothing. The row that was meant is then looked for by its target, as it may be there, too;
// and where it is not, the plain insert says which key is in the way.
func (g Grammar) Upsert(u dialect.Upsertion) (text string, ok bool) {
	meant := make([]string, len(u.Target))
	for i, name := range u.Target {
		meant[i] = name + " = VALUES(" + name + ")"
	}
	set := []string{u.Key + " = IF(" + strings.Join(meant, " AND ") + ", IF((" + updatedMark + " := ?0), " + u.Key + ", " + u.Key + "), " + astray + ")"}
	for _, name := range u.Take {
		set = append(set, name+" = VALUES("+name+")")
	}
	set = append(set, u.Assign...)
	first := u.Insert + " ON DUPLICATE KEY UPDATE " + strings.Join(set, ", ") + " RETURNING " + u.List + ", NOT (" + updatedMark + " <=> ?0)"

	found := append(append([]string{u.Key + " = " + u.Key}, u.TakeBound...), u.Assign...)
	update := "UPDATE " + u.Table + " SET " + strings.Join(found, ", ") + " WHERE " + u.Same
	query := "SELECT " + u.List + ", FALSE FROM " + u.Table + " WHERE " + u.Same
	return first + insteadMark + update + readBackMark + query + insteadMark + u.Insert, true
}
