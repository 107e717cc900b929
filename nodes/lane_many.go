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
}

// newCreateMany gives what stores new rows of many callers; nil where the database takes them one by one.
func newCreateMany[T any, K comparable](c *core[T, K], cmd *command, auto bool) *createMany[T, K] {
	if _, arrays := c.statements.Arrays(); !arrays || len(cmd.bind) == 0 {
		return nil
	}
	m := &createMany[T, K]{core: c, auto: auto, numbered: c.auto >= 0 && !slices.Contains(cmd.bind, c.auto)}
	m.known = !m.numbered && !slices.ContainsFunc(c.keys, func(at int) bool { return !comesBackAsSent(&c.columns[at]) })
	if !m.known && !m.numbered && len(cmd.back) > 0 {
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

// Back implements dialect.Many.
func (m *createMany[T, K]) Back(lenient bool) bool { return len(m.statement(lenient).Return) > 0 }

// Columns implements dialect.Many.
func (m *createMany[T, K]) Columns() []*schema.Column { return m.columns }

// Receive implements dialect.Many.
func (m *createMany[T, K]) Receive(
	writes []*dialect.Write, rows dialect.Rows, lenient bool,
) (done []*dialect.Write, err error) {
	c, st := m.core, m.statement(lenient)
	come, err := c.scanAll(make([]T, 0, len(writes)), rows, st.Return)
	if err != nil || rows.Err() != nil { // of the latter the caller knows
		return nil, err
	}
	sent := make([]*T, len(writes))
	for i, w := range writes {
		sent[i] = w.Row.(*received[T]).row
	}
	places, ok, err := c.places(come, sent, m.numbered)
	if err != nil {
		return nil, err
	}
	if !ok || !lenient && len(come) != len(writes) {
		return nil, c.strange("create")
	}
	for at, i := range places {
		for _, column := range st.Return {
			c.rows.Copy(sent[i], &come[at], column)
		}
		writes[i].Found = true
		done = append(done, writes[i])
	}
	return done, nil
}
