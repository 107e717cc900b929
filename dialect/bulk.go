package dialect

import (
	"context"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// Copier is a Querier, or a transaction, of a database that takes many rows as one stream, without a statement's way of
// binding values: PostgreSQL's COPY, MariaDB's LOAD DATA LOCAL. It neither fills in defaults that are asked for by a value nor
// gives anything back.
type Copier interface {
	// CopyIn stores rows, all of them or none, and gives their number as the database counted it. Each row holds encoded
	// values in the order of columns; table and columns are quoted already. Where the table takes these rows by INSERT only,
	// the error matches errors.ErrUnsupported.
	CopyIn(ctx context.Context, table string, columns []string, rows [][]any) (int64, error)
}

// CopierOf gives the Copier that a Querier is, or that stands behind a transaction; ok is false where there is none. The
// error is that of a transaction that has ended.
func CopierOf(q Querier) (c Copier, ok bool, err error) {
	if tx, is := q.(Tx); is {
		if q, err = Innermost(tx); err != nil {
			return nil, false, err
		}
	}
	c, ok = q.(Copier)
	return c, ok, nil
}

// Copy stores rows through c, with the values that Insert, or InsertAuto (auto), binds for each of them. None of these
// may be a nil that stands for a default.
func (s *Statements) Copy(ctx context.Context, c Copier, auto bool, rows [][]any) (int64, error) {
	_, _, names, _ := s.written(auto)
	return c.CopyIn(ctx, s.name, names, rows)
}

// InsertMany is Insert or InsertAuto for rows that are bound as arrays; the grammar must be an ArrayBinder. With back, and
// where the database fills in something, the key comes back as well, so that a row can be known by it; the order is not
// promised by the database, but keys of an auto column are given in the order of the rows.
func (s *Statements) InsertMany(auto, back bool) Statement {
	bind, filled, _, _ := s.written(auto)
	return s.known(Statement{SQL: "INSERT INTO " + s.name + s.selectGiven(auto), Bind: bind}, filled, back)
}

// InsertManyNew is InsertMany where rows that a unique index refuses are left out. The key comes back for each row that is
// stored, so that these are known.
func (s *Statements) InsertManyNew(auto bool) Statement {
	bind, filled, _, _ := s.written(auto)
	st := Statement{SQL: "INSERT INTO " + s.name + s.selectGiven(auto) + " ON CONFLICT DO NOTHING", Bind: bind}
	return s.withKey(st, filled)
}

// selectGiven is what an insert of rows that are bound as arrays says behind the table.
func (s *Statements) selectGiven(auto bool) string {
	binder, _ := s.Arrays()
	bind, _, names, _ := s.written(auto)
	values := make([]string, len(bind))
	for i, at := range bind {
		values[i] = s.orDefault(at, s.givenColumn(i))
	}
	return " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") +
		" FROM " + s.unnest(binder, bind) + " ORDER BY " + s.givenPlace()
}

// InsertRows is Insert or InsertAuto for a number of rows whose values are bound one row after the other, no more values
// than MostRows allows. What comes back is as with InsertMany.
func (s *Statements) InsertRows(auto, back bool, rows int) Statement {
	bind, filled, _, _ := s.written(auto)
	return s.known(Statement{SQL: s.insertRows(auto, rows), Bind: bind}, filled, back)
}

// InsertRowsNew is InsertRows where rows that a unique key refuses are left out. Something comes back for each row, in their
// order, and no key is needed: the Statement is Told, and of a row that was left out the columns are those of the one in its way.
func (s *Statements) InsertRowsNew(auto bool, rows int) Statement {
	bind, filled, _, _ := s.written(auto)
	text := s.grammar.InsertNew(s.insertRows(auto, rows), s.columns[s.table.Key()[0]].name, s.list(filled))
	return Statement{SQL: text, Bind: bind, Return: filled, Told: true}
}

// insertRows is the insert of a number of rows without what comes back.
func (s *Statements) insertRows(auto bool, rows int) string {
	bind, _, names, _ := s.written(auto)
	var text strings.Builder
	text.Grow(rows * (len(bind)*8 + 4))
	text.WriteString("INSERT INTO " + s.name + " (" + strings.Join(names, ", ") + ") VALUES ")
	for row := range rows {
		if row > 0 {
			text.WriteString(", ")
		}
		for i, at := range bind {
			text.WriteString(separator(i))
			text.WriteString(s.orDefault(at, s.value(at, row*len(bind)+i+1)))
		}
		text.WriteByte(')')
	}
	return text.String()
}

func separator(i int) string {
	if i == 0 {
		return "("
	}
	return ", "
}

// MostRows is how many rows InsertRows can take, at least 1 and no more than limit. It is 1 where a row binds nothing.
func (s *Statements) MostRows(auto bool, limit int) int {
	bind, _, _, _ := s.written(auto)
	switch {
	case len(bind) == 0:
		return 1
	case s.most > 0:
		limit = min(limit, s.most/len(bind))
	}
	return max(limit, 1)
}

// known completes an insert of many rows by what comes back.
func (s *Statements) known(st Statement, filled []int, back bool) Statement {
	if !back || len(filled) == 0 {
		return st
	}
	return s.withKey(st, filled)
}

// withKey has the key come back, and the columns that the database fills.
func (s *Statements) withKey(st Statement, filled []int) Statement {
	for _, at := range s.table.Key() {
		if !slices.Contains(filled, at) {
			st.Return = append(st.Return, at)
		}
	}
	st.Return = append(st.Return, filled...)
	st.SQL += s.returning(st.Return)
	return st
}

// Defaults writes a query for values of a column's default, as many as are bound, each worked out anew.
func (s *Statements) Defaults(column int) Statement {
	c := &s.table.Columns()[column]
	number := schema.Column{Kind: schema.KindInt64}
	return Statement{
		SQL: "WITH RECURSIVE schemactor_n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM schemactor_n WHERE n < " +
			s.grammar.ValueExpr(&number, s.grammar.Placeholder(1)) + ") SELECT " + s.grammar.ValueExpr(c, "("+s.grammar.DefaultExpr(c)+")") +
			" FROM schemactor_n",
		Return: []int{column},
	}
}
