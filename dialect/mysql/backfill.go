package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/schemactor/schemactor/schema"
)

const (
	// batchRows is how many rows a batch looks at. Their writers wait for it, which it keeps to some ten milliseconds.
	batchRows = 1000

	// batchTries is how often one batch is begun before its step gives up, with pauses between that differ.
	batchTries = 30
	batchPause = 300 * time.Millisecond

	// pageMark stands between the query for the rows of a batch and the update of them.
	pageMark = "\n/* schemactor: and these rows */\n"
)

// keyType finds the types whose values are the same when they are bound as what they were read as.
var keyType = regexp.MustCompile(`^(?:(?:tiny|small|medium|big)?int(?:\(\d+\))?(?: unsigned)?|float|double|date|datetime(?:\(\d\))?|(?:var)?binary\(\d+\)|(?:var)?char\(\d+\).*)$`)

// keyValue is how a value of a key's column is bound. A decimal comes as text, which would be compared as a double.
func keyValue(kind string, n int) (text string, ok bool) {
	mark := Grammar{}.Placeholder(n)
	if strings.HasPrefix(kind, "decimal(") {
		return "CAST(" + mark + " AS " + kind + ")", true
	}
	return mark, keyType.MatchString(kind)
}

// fill sets a column in the rows that meet a condition. It goes through the table in the order of its key, so that each row is
// looked at once; what is written meanwhile is for others to care for. Where the key has types that cannot be bound as they
// were read, and where there is none, it is one statement.
func (a *alteration) fill(key []string, column, expr, where string, hazards ...schema.Hazard) schema.Statement {
	update := func(hint, rows string) string {
		return "UPDATE " + a.table + hint + " SET " + a.Quote(column) + " = (" + expr + ") WHERE " + rows + "(" + where + ")"
	}
	st := schema.Statement{SQL: update("", ""), Scans: true, Hazards: hazards}
	from, to, last := make([]string, len(key)), make([]string, len(key)), make([]string, len(key))
	for i, name := range key {
		last[i] = a.Quote(name) + " DESC"
		kind := a.before.raw[a.former(name)]
		var known bool
		if from[i], known = keyValue(kind, i+1); !known {
			return st
		}
		to[i], _ = keyValue(kind, len(key)+i+1)
	}
	if len(key) == 0 || !a.online() {
		return st
	}
	const hint = " FORCE INDEX (PRIMARY)"
	page := func(rows string) string {
		return fmt.Sprintf("SELECT count(*) OVER (), %[1]s FROM (SELECT %[1]s FROM %[2]s%[3]s%[4]s ORDER BY %[1]s LIMIT %[5]d) AS schemactor_page "+
			"ORDER BY %[6]s LIMIT 1", a.list(key), a.table, hint, rows, batchRows, strings.Join(last, ", "))
	}
	behind := "(" + a.beyond(key, from, ">", ">") + ")"
	st.Mode = schema.ModeBatches
	st.SQL = page("") + pageMark + update(hint, "("+a.beyond(key, from, "<", "<=")+") AND ")
	st.Next = page(" WHERE "+behind) + pageMark + update(hint, behind+" AND ("+a.beyond(key, to, "<", "<=")+") AND ")
	return st
}

// laterKey is the key by which a fill goes once the clauses are carried out: none where they change it.
func (a *alteration) laterKey() []string {
	changes := func(d schema.ColumnDelta) bool {
		return d.Want.Type != d.Have.Type && slices.Contains(a.live.Key, d.Want.Name)
	}
	if a.delta.Key || slices.ContainsFunc(a.delta.Columns, changes) {
		return nil
	}
	return a.live.Key
}

// unfilled is the comment of a column whose rows have not all got their values yet: a plan that was interrupted is known by it.
const unfilled = "schemactor: values are being filled in"

// fillable reports whether a new column can get its values once it is there.
func (a *alteration) fillable(want schema.LiveColumn) bool {
	return !slices.Contains(a.t.Born.Key, want.Name) && (!want.NotNull || a.rebuilding() == inPlace)
}

// addFilled adds a column that may be NULL, and fills it while others are at work. Its default is for new rows.
func (a *alteration) addFilled(want schema.LiveColumn, c *schema.Column) {
	bare := *c
	bare.Default, bare.Comment, bare.Nullable = "", unfilled, true
	a.change(instant, "ADD COLUMN "+a.column(a.t.Model, &bare))
	a.fillLater(want, c)
}

// fillLater goes on with a column from addFilled.
func (a *alteration) fillLater(want schema.LiveColumn, c *schema.Column) {
	alter := "ALTER TABLE " + a.table
	expr, coming := a.DefaultExpr(c), a.DefaultExpr(c)
	if c.Backfill != "" {
		expr = a.backfill(c)
	}
	if coming == "" && want.NotNull {
		coming = expr // those who write meanwhile do not know the column
	}
	if coming != "" {
		set := " ALTER COLUMN " + a.Quote(want.Name) + " SET DEFAULT (" + coming + "), ALGORITHM=INSTANT"
		a.later = append(a.later, schema.Statement{SQL: alter + set})
	}
	if expr != "" {
		a.later = append(a.later, a.fill(a.laterKey(), want.Name, expr, a.Quote(want.Name)+" IS NULL"))
	}
	done := schema.Statement{SQL: alter + " MODIFY COLUMN " + a.spelled(want, a.birth.raw[want.Name]) + ", ALGORITHM="}
	switch {
	case !want.NotNull:
		done.SQL += "INSTANT"
	case a.rebuilding() == copying:
		done.SQL, done.Rewrites, done.Scans = done.SQL+"COPY, LOCK=SHARED", true, true
	default:
		done.SQL, done.Scans = done.SQL+"INPLACE, LOCK=NONE", true
	}
	if want.NotNull && c.Default == "" {
		done.Hazards = []schema.Hazard{hazard(schema.HazardSetNotNull, want.Name)}
	}
	if done.Rewrites && a.t.Rows > smallTable {
		done.Hazards = append(done.Hazards, schema.Hazard{Kind: schema.HazardRewriteTable})
	}
	a.later = append(a.later, done)
}

// beyond is the condition for rows on one side of another one, by the order of a key. It is spelled out, for the server finds no
// range in a comparison of rows.
func (a *alteration) beyond(key, values []string, side, last string) string {
	terms := make([]string, len(key))
	same := ""
	for i, name := range key {
		op := side
		if i == len(key)-1 {
			op = last
		}
		terms[i] = same + a.Quote(name) + " " + op + " " + values[i]
		same += a.Quote(name) + " = " + values[i] + " AND "
	}
	return strings.Join(terms, " OR ")
}

// inBatches runs a statement of ModeBatches to its end.
func (d *DB) inBatches(ctx context.Context, conn *sql.Conn, st schema.Statement, progress func(rows int64)) error {
	var seen int64
	text, key := st.SQL, []any(nil)
	for {
		n, last, err := d.batchAgain(ctx, conn, text, key)
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		seen += n
		if progress != nil {
			progress(seen)
		}
		text, key = st.Next, last
	}
}

// batchAgain runs a batch until it has not met anybody who stood in its way.
func (d *DB) batchAgain(ctx context.Context, conn *sql.Conn, text string, key []any) (n int64, last []any, err error) {
	for tries := 1; ; tries++ {
		n, last, err = batch(ctx, conn, text, key)
		if err == nil {
			return n, last, nil
		}
		e := d.Classify(told(ctx, err))
		met := errors.Is(e, schema.ErrLockTimeout) || errors.Is(e, schema.ErrSerialization)
		if !met || tries == batchTries || !paused(ctx, rand.N(batchPause)) {
			return 0, nil, e
		}
	}
}

// batch looks for the last of the rows and updates those up to it, which is a transaction of its own.
func batch(ctx context.Context, conn *sql.Conn, text string, key []any) (n int64, last []any, err error) {
	query, update, _ := strings.Cut(text, pageMark)
	pages, rows := plain(query), plain(update)
	bound, err := pages.bind(key, 0)
	if err != nil {
		return 0, nil, err
	}
	found, err := conn.QueryContext(ctx, pages.sql, bound...)
	if err != nil {
		return 0, nil, err
	}
	if last, err = lastKey(found, &n); err != nil || n == 0 {
		return 0, nil, err
	}
	if bound, err = rows.bind(append(key, last...), 0); err != nil {
		return 0, nil, err
	}
	_, err = conn.ExecContext(ctx, rows.sql, bound...)
	return n, last, err
}

// lastKey reads the one row that there is at the most: how many rows a page has, and the key of the last.
func lastKey(found *sql.Rows, n *int64) (key []any, err error) {
	defer func() { err = errors.Join(err, found.Close()) }()
	columns, err := found.Columns()
	if err != nil || !found.Next() {
		return nil, errors.Join(err, found.Err())
	}
	key = make([]any, len(columns)-1)
	dest := []any{n}
	for i := range key {
		dest = append(dest, &key[i])
	}
	return key, found.Scan(dest...)
}

// paused waits, and reports whether ctx is still good.
func paused(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
