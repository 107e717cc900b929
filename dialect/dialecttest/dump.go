package dialecttest

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
)

// dump gives a table as the database itself writes it down, piece by piece, without the names of table, indexes and
// constraints and without the order of columns: two tables with equal dumps were made alike. It looks past the library's
// own inspection.
func dump(t tester, d dialect.Dialect, table string) []string {
	t.Helper()
	var pieces []string
	switch d.Name() {
	case "sqlite":
		for _, row := range texted(t, d, "SELECT type || ' ' || coalesce(sql, name) FROM sqlite_schema WHERE tbl_name = "+
			quoted(table)+" AND name NOT LIKE 'sqlite_autoindex%'") {
			pieces = append(pieces, sqlPieces(row, table)...)
		}
	case "mysql":
		for _, line := range strings.Split(showCreate(t, d, table), "\n") {
			pieces = append(pieces, mysqlPiece(line, table))
		}
	default:
		for _, row := range texted(t, d, strings.ReplaceAll(postgresDump, "$table", quoted(table)+"::regclass")) {
			pieces = append(pieces, nameless(row, table))
		}
	}
	slices.Sort(pieces)
	require.NotEmpty(t, pieces)
	return pieces
}

// showCreate reads a table's text.
func showCreate(t tester, d dialect.Dialect, table string) string {
	t.Helper()
	var name, text string
	_, err := dialect.QueryRow(t.Context(), d.Reader(), "SHOW CREATE TABLE "+table, nil, &name, &text)
	require.NoError(t, err)
	return text
}

var (
	mysqlNames  = regexp.MustCompile(`(KEY|CONSTRAINT) "(?:[^"]|"")*" `)
	mysqlNumber = regexp.MustCompile(`AUTO_INCREMENT=\d+ `)
)

// mysqlPiece is a line of SHOW CREATE TABLE without the names of table, index and constraint.
func mysqlPiece(line, table string) string {
	line = mysqlNumber.ReplaceAllString(strings.TrimSuffix(strings.TrimSpace(line), ","), "")
	line = mysqlNames.ReplaceAllString(line, "$1 ")
	return strings.ReplaceAll(line, `"`+table+`"`, "_")
}

// postgresDump reads what pg_dump reads.
const postgresDump = `
SELECT concat_ws(' ', 'column', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation::text,
  CASE WHEN a.attnotnull THEN 'NOT NULL' END, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attstorage,
  a.attcompression, a.attstattarget, a.attoptions, a.attacl, col_description(a.attrelid, a.attnum))
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $table AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT concat_ws(' ', 'constraint', k.contype, pg_get_constraintdef(k.oid), CASE WHEN k.convalidated THEN '' ELSE 'not validated' END)
FROM pg_constraint k WHERE k.conrelid = $table AND k.contype <> 'n'
UNION ALL
SELECT concat_ws(' ', 'index', pg_get_indexdef(x.indexrelid), x.indisprimary, x.indisunique, x.indisvalid, x.indisready, x.indisreplident)
FROM pg_index x WHERE x.indrelid = $table
UNION ALL
SELECT 'trigger ' || pg_get_triggerdef(g.oid) FROM pg_trigger g WHERE g.tgrelid = $table AND NOT g.tgisinternal
UNION ALL
SELECT concat_ws(' ', 'table', c.relkind, c.relpersistence, c.relreplident, c.reloptions, obj_description(c.oid, 'pg_class'))
FROM pg_class c WHERE c.oid = $table
UNION ALL
SELECT 'left behind: ' || proname FROM pg_proc WHERE proname LIKE 'schemactor%'
UNION ALL
SELECT 'left behind: ' || relname FROM pg_class WHERE relname LIKE 'schemactor%'`

// texted reads all rows of a query, which are texts.
func texted(t tester, d dialect.Dialect, sql string) []string {
	t.Helper()
	rows, err := d.Reader().Query(t.Context(), sql)
	require.NoError(t, err, sql)
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text), sql)
		out = append(out, text)
	}
	require.NoError(t, errors.Join(rows.Close(), rows.Err()), sql)
	return out
}

var (
	indexNames      = regexp.MustCompile(`INDEX ("(?:[^"]|"")*"|\S+) ON `)
	constraintNames = regexp.MustCompile(`CONSTRAINT ("(?:[^"]|"")*"|\S+) `)
)

// nameless takes the names out of a text that the server wrote.
func nameless(text, table string) string {
	text = indexNames.ReplaceAllString(text, "INDEX _ ON ")
	text = constraintNames.ReplaceAllString(text, "")
	return strings.ReplaceAll(text, table, "_")
}

// sqlToken is a comment, a text or name in quotes, a word, or one other character.
var sqlToken = regexp.MustCompile("(?s)--[^\n]*|/\\*.*?\\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\\[[^]]*\\]|[\\pL\\pN_.$]+|\\S")

// plainNames are those that mean the same with and without quotes. No column is called as a keyword is.
var plainNames = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

// sqlPieces cuts the text of a CREATE statement into the items of its list, and those into their clauses, for a check or
// a foreign key means the same behind a column and behind all columns.
func sqlPieces(text, table string) []string {
	var tokens []string
	for _, token := range sqlToken.FindAllString(text, -1) {
		switch {
		case strings.HasPrefix(token, "--"), strings.HasPrefix(token, "/*"):
		case token[0] == '\'':
			tokens = append(tokens, token)
		case strings.ContainsRune("\"`[", rune(token[0])):
			name := strings.ReplaceAll(token[1:len(token)-1], token[:1]+token[:1], token[:1])
			if name = strings.ToLower(name); !plainNames.MatchString(name) {
				name = `"` + name + `"`
			}
			tokens = append(tokens, name)
		default:
			tokens = append(tokens, strings.ToLower(token))
		}
	}
	for i := range tokens {
		if tokens[i] == strings.ToLower(table) {
			tokens[i] = "_"
		}
	}
	if tokens[0] != "table" {
		at := slices.Index(tokens, "on")
		return []string{strings.Join(append(tokens[:3:3], tokens[at+1:]...), " ")}
	}
	open := slices.Index(tokens, "(")
	end := closingAt(tokens, open)
	pieces := []string{"table " + strings.Join(tokens[end+1:], " ")}
	for _, item := range items(tokens[open+1 : end]) {
		pieces = append(pieces, clauses(item)...)
	}
	return pieces
}

// closingAt gives the position of the bracket that closes the one at open.
func closingAt(tokens []string, open int) int {
	depth := 0
	for i := open; i < len(tokens); i++ {
		switch tokens[i] {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(tokens)
}

// items cuts a list at its outer commas.
func items(tokens []string) [][]string {
	var out [][]string
	from := 0
	for i := 0; i < len(tokens); i++ {
		switch tokens[i] {
		case "(":
			i = closingAt(tokens, i)
		case ",":
			out, from = append(out, tokens[from:i]), i+1
		}
	}
	return append(out, tokens[from:])
}

// clauses cuts an item of a table's list: constraints for themselves, and a column with its clauses in one order.
func clauses(item []string) []string {
	name := ""
	if !slices.Contains(clauseWords, item[0]) {
		name, item = item[0], item[1:]
	}
	var out, own []string
	var clause []string
	end := func() {
		text := strings.Join(clause, " ")
		switch {
		case len(clause) == 0:
		case clause[0] == "check":
			out = append(out, text)
		case clause[0] == "references":
			out = append(out, "foreign key ( "+name+" ) "+text)
		case clause[0] == "primary" && name != "" && len(clause) == 2:
			out = append(out, "primary key ( "+name+" )")
		case name == "":
			out = append(out, text)
		default:
			own = append(own, text)
		}
		clause = nil
	}
	for i := 0; i < len(item); i++ {
		switch word := item[i]; {
		case word == "constraint":
			end()
			i++
			continue
		case word == "autoincrement":
			// SQLite numbers every INTEGER key; without this word it may only use the numbers of deleted rows again, which
			// a table is not written anew for.
			continue
		case word == "(":
			stop := closingAt(item, i)
			clause = append(clause, item[i:stop+1]...)
			i = stop
			continue
		case slices.Contains(clauseWords, word) && !inside(clause, word):
			end()
		}
		clause = append(clause, item[i])
	}
	end()
	if name != "" {
		slices.Sort(own)
		out = append(out, "column "+name+" "+strings.Join(own, "; "))
	}
	return out
}

var clauseWords = []string{"constraint", "not", "null", "default", "generated", "check", "references", "primary", "unique", "collate", "foreign"}

// inside reports whether a word belongs to the clause before it.
func inside(clause []string, word string) bool {
	if len(clause) == 0 {
		return false
	}
	switch clause[0] {
	case "not":
		return len(clause) == 1
	case "foreign":
		return word == "references" || word == "null" || word == "default"
	case "references":
		return word == "null" || word == "default"
	case "default":
		return len(clause) == 1
	}
	return false
}
