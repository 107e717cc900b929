package mysql

import (
	"context"
	"fmt"
	"strings"

	"github.com/schemactor/schemactor/dialect"
)

// InsertedExpr is empty: it takes more than an expression; see Upsert.
func (Grammar) InsertedExpr() string { return "" }

// insteadMark stands before what is done where a row stands in the way by another unique key than the one that was meant.
const insteadMark = " /*\x00 schemactor: instead */ "

const (
	// updatedMark is a variable of the session that takes the number of the statement which has updated a row. ?0 is this
	// number, which no other statement has.
	updatedMark = "@schemactor_updated"

	// keyMark stands on either side of the name of the unique index in the way of which the row is to be.
	keyMark = "/* schemactor: key */"
)

// astray fails, with error 1242, when it is evaluated. Before that the server has looked for the index, of which it knows nothing by
// ON DUPLICATE KEY: where it is gone, nothing is inserted (1176). No row is read for it.
func astray(u dialect.Upsertion) string {
	index := u.Index
	if index == "" {
		index = "PRIMARY"
	}
	return "(SELECT 1 FROM " + u.Table + " FORCE INDEX (" + keyMark + index + keyMark + ") WHERE FALSE UNION ALL SELECT 1 UNION ALL SELECT 2)"
}

// indexOver is a query for the name of a unique index over the target: an index may have another name than the model gives it.
func indexOver(u dialect.Upsertion) string {
	texts := make([]string, len(u.Target))
	for i, column := range u.Target {
		name, _ := unquoted(column, 0)
		texts[i] = quotedText(name)
	}
	table, _ := unquoted(u.Table, 0)
	return fmt.Sprintf("SELECT index_name FROM information_schema.statistics WHERE table_schema = database() AND table_name = %s "+
		"GROUP BY index_name HAVING max(non_unique) = 0 AND count(*) = %d AND sum(column_name IN (%s)) = %[2]d LIMIT 1",
		quotedText(table), len(u.Target), strings.Join(texts, ", "))
}

// Upsert is ON DUPLICATE KEY UPDATE, which heeds every unique key: where the row in the way is not one with the same target, the
// statement fails and changes nothing. The row that was meant is then looked for by its target, as it may be there, too;
// and where it is not, the plain insert says which key is in the way.
func (g Grammar) Upsert(u dialect.Upsertion) (text string, ok bool) {
	meant := make([]string, len(u.Target))
	for i, name := range u.Target {
		meant[i] = name + " = VALUES(" + name + ")"
	}
	set := []string{u.Key + " = IF(" + strings.Join(meant, " AND ") + ", IF((" + updatedMark + " := ?0), " + u.Key + ", " + u.Key + "), " + astray(u) + ")"}
	for _, name := range u.Take {
		set = append(set, name+" = VALUES("+name+")")
	}
	set = append(set, u.Assign...)
	first := u.Insert + " ON DUPLICATE KEY UPDATE " + strings.Join(set, ", ") + " RETURNING " + u.List + ", NOT (" + updatedMark + " <=> ?0)"

	found := append(append([]string{u.Key + " = " + u.Key}, u.TakeBound...), u.Assign...)
	update := "UPDATE " + u.Table + " SET " + strings.Join(found, ", ") + " WHERE " + u.Same
	query := "SELECT " + u.List + ", FALSE FROM " + u.Table + " WHERE " + u.Same
	return strings.Join([]string{first, update + readBackMark + query, u.Insert, indexOver(u)}, insteadMark), true
}

// InsertNew is ON DUPLICATE KEY UPDATE that updates nothing. The mark of a row that is left out is taken away again, so that it
// tells nothing of the next one.
func (Grammar) InsertNew(insert, key, list string) string {
	if list != "" {
		list += ", "
	}
	return insert + " ON DUPLICATE KEY UPDATE " + key + " = IF((" + updatedMark + " := ?0), " + key + ", " + key + ") RETURNING " + list +
		"IF(" + updatedMark + " <=> ?0, (" + updatedMark + " := 0), 1)"
}

// noSuchIndex is the error of a hint that names an index which is not there.
const noSuchIndex = 1176

// renamed gives an upsert whose index has another name than the model gives it, nil where there is no such index.
func (q querier) renamed(ctx context.Context, made *program) (*piece, error) {
	var name string
	found, err := dialect.QueryRow(ctx, q, made.index, nil, &name)
	if err != nil || !found {
		return nil, err
	}
	before, rest, _ := strings.Cut(made.first.sql, keyMark)
	_, after, _ := strings.Cut(rest, keyMark)
	p := made.first
	p.sql = before + keyMark + quoteName(name) + keyMark + after
	made.renamed.Store(&p)
	return &p, nil
}
