package nodes

import (
	"slices"
	"sync"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// createMany is the statement that stores new rows of many callers.
type createMany[T any, K comparable] struct {
	core        *core[T, K]
	auto        bool
	numbered    bool  // the database gives the keys, in the order of the rows
	known       bool  // a row that comes back is known by its key
	keyDefaults []int // indexes into what is bound: of the key, where nil asks for a default
	columns     []*schema.Column

	once            sync.Once // the texts are written when they are first needed
	strict, lenient dialect.Statement
	byRows          [2]sync.Map // where there are no arrays: the strict and the lenient text by the number of rows
}

// newCreateMany gives what stores new rows of many callers; nil where they are stored one by one.
func newCreateMany[T any, K comparable](c *core[T, K], cmd *command, auto bool) *createMany[T, K] {
	if len(cmd.bind) == 0 {
		return nil
	}
	m := &createMany[T, K]{core: c, auto: auto, numbered: c.auto >= 0 && !slices.Contains(cmd.bind, c.auto)}
	m.known = !m.numbered && !slices.ContainsFunc(c.keys, func(at int) bool { return !comesBackAsSent(&c.columns[at]) })
	if !m.known && !m.numbered && len(cmd.back) > 0 {
		return nil
	}
	// What a type of the program's own says or does about its row is its caller's affair alone.
	reading := append(slices.Clone(c.keys), cmd.back...)
	if slices.ContainsFunc(reading, func(at int) bool { return readsItself(c.statements.Table().GoType(), &c.columns[at]) }) {
		return nil
	}
	for _, at := range cmd.bind {
		m.columns = append(m.columns, &c.columns[at])
	}
	for _, i := range cmd.optional {
		if slices.Contains(c.keys, cmd.bind[i]) {
			m.keyDefaults = append(m.keyDefaults, i)
		}
	}
	return m
}

// comesBackAsSent reports whether the database gives a value of the column back just as it got it.
func comesBackAsSent(c *schema.Column) bool {
	switch c.Kind {
	case schema.KindInt16, schema.KindInt32, schema.KindInt64, schema.KindString, schema.KindBytes, schema.KindUUID:
		return c.Generated == ""
	}
	return false
}

// manyOf gives what does an insert for many callers; nil where there is nothing.
func (c *core[T, K]) manyOf(cmd *command) *createMany[T, K] {
	if cmd == &c.insertAuto {
		return c.manyAuto
	}
	return c.many
}

// takes reports whether a row with these arguments can be stored so: its key must be told by them, or be a number to come.
func (m *createMany[T, K]) takes(args []any) bool {
	return m != nil && !slices.ContainsFunc(m.keyDefaults, func(i int) bool { return args[i] == nil })
}

func (m *createMany[T, K]) statement(lenient bool) *dialect.Statement {
	m.once.Do(func() {
		if _, arrays := m.core.statements.Arrays(); !arrays {
			m.strict, m.lenient = m.core.statements.InsertRows(m.auto, true, 1), m.core.statements.InsertRowsNew(m.auto, 1)
			m.strict.SQL, m.lenient.SQL = "", ""
			return
		}
		m.strict = m.core.statements.InsertMany(m.auto, true)
		if m.known {
			m.lenient = m.core.statements.InsertManyNew(m.auto)
		}
	})
	if lenient {
		return &m.lenient
	}
	return &m.strict
}

// Table implements dialect.Many.
func (m *createMany[T, K]) Table() string { return m.core.statements.QuotedTable() }

// SQL implements dialect.Many.
func (m *createMany[T, K]) SQL(lenient bool) string { return m.statement(lenient).SQL }

// Rows implements dialect.Many. The texts are kept: a dialect asks for few numbers.
func (m *createMany[T, K]) Rows(n int, lenient bool) string {
	kept := &m.byRows[0]
	if lenient {
		kept = &m.byRows[1]
	}
	if text, ok := kept.Load(n); ok {
		return text.(string)
	}
	text := m.core.statements.InsertRows(m.auto, true, n).SQL
	if lenient {
		text = m.core.statements.InsertRowsNew(m.auto, n).SQL
	}
	kept.Store(n, text)
	return text
}

// Back implements dialect.Many.
func (m *createMany[T, K]) Back(lenient bool) bool {
	st := m.statement(lenient)
	return st.Told || len(st.Return) > 0
}

// Columns implements dialect.Many.
func (m *createMany[T, K]) Columns() []*schema.Column { return m.columns }

// Distinct implements dialect.Many. Rows are known by their keys: of two with the same one, nobody could tell which was stored
// where the database may leave out either.
func (m *createMany[T, K]) Distinct(writes []*dialect.Write) []*dialect.Write {
	seen, out := make(map[string]bool, len(writes)), make([]*dialect.Write, 0, len(writes))
	for _, w := range writes {
		key, err := m.core.identity(m.sentBy(w))
		if err != nil || seen[key] {
			continue
		}
		seen[key] = true
		out = append(out, w)
	}
	return out
}

func (*createMany[T, K]) sentBy(w *dialect.Write) *T { return &w.Row.(*received[T, K]).row }

// Receive implements dialect.Many.
func (m *createMany[T, K]) Receive(
	writes []*dialect.Write, rows dialect.Rows, lenient bool,
) (done []*dialect.Write, err error) {
	c, st := m.core, m.statement(lenient)
	if st.Told {
		return m.told(writes, rows, st.Return)
	}
	come, err := c.scanAll(make([]T, 0, len(writes)), rows, st.Return)
	if err != nil || rows.Err() != nil { // of the latter the caller knows
		return nil, err
	}
	var places []int
	if m.numbered {
		if len(come) != len(writes) {
			return nil, m.unclear()
		}
		var ok bool
		if places, ok, err = c.placesByNumber(come); err == nil && !ok {
			err = m.unclear()
		}
	} else {
		sent := make([]*T, len(writes))
		for i, w := range writes {
			sent[i] = m.sentBy(w)
		}
		places, err = c.placesByKey(come, sent)
	}
	if err != nil {
		return nil, err
	}
	return m.settle(writes, come, places, lenient), nil
}

// told reads rows that stand in the order of the writes, and tell each whether its row was stored. A row in the way of another is no
// business of this program's, and is not read.
func (m *createMany[T, K]) told(writes []*dialect.Write, rows dialect.Rows, columns []int) (done []*dialect.Write, err error) {
	scanner := m.core.scanner(columns)
	defer m.core.keep(scanner, columns)
	var stored bool
	look := make([]any, len(columns), len(columns)+1)
	for i := range columns {
		look[i] = unread{}
	}
	look = append(look, &stored)
	come, at := make([]T, 0, len(writes)), 0
	for ; rows.Next(); at++ {
		if err := rows.Scan(look...); err != nil {
			return nil, err
		}
		if !stored || at >= len(writes) {
			continue
		}
		var zero T
		come, done = append(come, zero), append(done, writes[at])
		if err := rows.Scan(append(scanner.Dest(&come[len(come)-1]), &stored)...); err != nil {
			return nil, err
		}
		if err := scanner.Done(); err != nil {
			return nil, err
		}
	}
	switch {
	case rows.Err() != nil: // of which the caller knows
		return nil, nil
	case at != len(writes):
		return nil, m.unclear()
	}
	for i, w := range done {
		m.take(w, &come[i], true)
	}
	return done, nil
}

// unread takes in a value that nobody wants.
type unread struct{}

// Scan implements sql.Scanner.
func (unread) Scan(any) error { return nil }

// settle gives the writes that are done. Keys that have come back and were not sent are those of rows that a trigger has
// changed, or a type has cut short; whose they are is known only where there is one.
func (m *createMany[T, K]) settle(writes []*dialect.Write, come []T, places []int, lenient bool) (done []*dialect.Write) {
	var strange []int
	found := make([]bool, len(writes))
	for at, i := range places {
		if i < 0 {
			strange = append(strange, at)
			continue
		}
		found[i] = true
		done = append(done, m.take(writes[i], &come[at], lenient))
	}
	var missing []*dialect.Write
	for i, w := range writes {
		if !found[i] {
			missing = append(missing, w)
		}
	}
	switch {
	case len(strange) == 0 && lenient: // they were refused
	case len(strange) == 0: // a trigger has kept them out, which is no failure of a statement that runs by itself either
		done = append(done, missing...)
	case len(strange) == 1 && len(missing) == 1:
		done = append(done, m.take(missing[0], &come[strange[0]], lenient))
	default:
		for _, w := range missing {
			w.Settle(m.unclear())
		}
	}
	return done
}

// take has a write take its row in.
func (m *createMany[T, K]) take(w *dialect.Write, row *T, lenient bool) *dialect.Write {
	for _, column := range m.statement(lenient).Return {
		m.core.rows.Copy(m.sentBy(w), row, column)
	}
	w.Found = true
	return w
}

// unclear says that rows are stored, and not whose.
func (m *createMany[T, K]) unclear() error {
	return &schema.Error{
		Op: "create", Table: m.core.statements.Table().String(), Kind: schema.ErrOutcomeUnknown,
		Detail: "the rows that came back are not those that were sent",
	}
}
