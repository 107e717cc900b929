package dialect

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// writer puts one statement together whose text depends on what the caller asked for.
type writer struct {
	*Statements
	op   string
	sql  strings.Builder
	args []any
}

// newWriter makes a writer with room for a text.
func newWriter(s *Statements, op string, room int) *writer {
	w := &writer{Statements: s, op: op}
	w.sql.Grow(room + roomBeside)
	return w
}

// roomBeside is room for what usually stands in a text beside its list of columns.
const roomBeside = 160

// Select writes a query for all columns, in Table order. Values are coerced and encoded. A limit or offset of 0 is
// none. Errors are ErrInvalid and name the table and the column or operator at fault; op is the caller's operation.
func (s *Statements) Select(op string, where Cond, order []Order, limit, offset int) (sql string, args []any, err error) {
	w := newWriter(s, op, len(s.all))
	w.write("SELECT ", s.all, " FROM ", s.name)
	if err := w.where(where); err != nil {
		return "", nil, err
	}
	if err := w.orderBy(order); err != nil {
		return "", nil, err
	}
	if err := w.page(limit, offset); err != nil {
		return "", nil, err
	}
	return w.sql.String(), w.args, nil
}

// Count writes a query for the number of rows.
func (s *Statements) Count(op string, where Cond) (sql string, args []any, err error) {
	w := newWriter(s, op, 0)
	w.write("SELECT count(*) FROM ", s.name)
	if err := w.where(where); err != nil {
		return "", nil, err
	}
	return w.sql.String(), w.args, nil
}

// Any writes a query that gives a single 1 where some row matches, and else no row.
func (s *Statements) Any(op string, where Cond) (sql string, args []any, err error) {
	w := &writer{Statements: s, op: op}
	w.write("SELECT 1 FROM ", s.name)
	if err := w.where(where); err != nil {
		return "", nil, err
	}
	w.write(" LIMIT 1")
	return w.sql.String(), w.args, nil
}

// DeleteWhere writes a delete of the rows that match, or the update that marks them at now.
func (s *Statements) DeleteWhere(op string, where Cond, now time.Time) (sql string, args []any, err error) {
	w := &writer{Statements: s, op: op}
	if s.deleted < 0 {
		w.write("DELETE FROM ", s.name)
	} else {
		w.write("UPDATE ", s.name, " SET ")
		if err := w.set(s.deleted, now); err != nil {
			return "", nil, err
		}
		if err := w.touch(now); err != nil {
			return "", nil, err
		}
	}
	if err := w.where(where); err != nil {
		return "", nil, err
	}
	return w.sql.String(), w.args, nil
}

// Patch writes an update of the columns in set for one key, whose values (Table.Key order, encoded) the caller appends
// to args. All columns come back in Table order. Key, created, updated, deleted, version and generated columns cannot
// be set; updated becomes now and the version counts up. An empty set is ErrInvalid. The text for equal column names
// is equal.
func (s *Statements) Patch(op string, set map[string]any, now time.Time) (sql string, args []any, err error) {
	w := newWriter(s, op, 2*len(s.all))
	if err := w.update(set, now); err != nil {
		return "", nil, err
	}
	where := s.whereKey(len(w.args) + 1)
	before, behind := s.readBack(where)
	w.write(where, before, s.all, behind)
	return w.sql.String(), w.args, nil
}

func (w *writer) write(parts ...string) {
	for _, part := range parts {
		w.sql.WriteString(part)
	}
}

// fault is an ErrInvalid of this statement; the text must hold no values.
func (w *writer) fault(column, format string, args ...any) error {
	return schema.Invalid(w.op, w.table.String(), column, format, args...)
}

// column looks a name up, so that no other name can reach the text.
func (w *writer) column(name string) (int, error) {
	at, ok := w.table.Column(name)
	if !ok {
		return 0, w.fault(clip(name), "unknown column")
	}
	return at, nil
}

// coerce gives a value as the driver binds it, nil for null.
func (w *writer) coerce(column int, value any) (any, error) {
	v, err := w.table.Columns()[column].Coerce(value)
	if err != nil {
		return nil, w.located(err)
	}
	if encode := w.columns[column].encode; encode != nil && v != nil {
		v = encode(v)
	}
	return v, nil
}

// located gives an error the operation and the table; nil stays nil.
func (w *writer) located(err error) error {
	e, ok := errors.AsType[*schema.Error](err)
	if !ok {
		return err
	}
	out := *e
	out.Op, out.Table = w.op, w.table.String()
	return &out
}

// bind adds an encoded argument and gives its placeholder.
func (w *writer) bind(arg any) (placeholder string, err error) {
	if w.most > 0 && len(w.args) >= w.most {
		return "", w.fault("", "more than %d values in one statement", w.most)
	}
	w.args = append(w.args, arg)
	return w.grammar.Placeholder(len(w.args)), nil
}

// set writes the SET term of a column.
func (w *writer) set(column int, value any) error {
	v, err := w.coerce(column, value)
	if err != nil {
		return err
	}
	if _, err := w.bind(v); err != nil {
		return err
	}
	if len(w.args) > 1 {
		w.write(", ")
	}
	w.write(w.assign(column, len(w.args)))
	return nil
}

// touch writes the SET terms of the lifecycle columns that move with every change; there are others before them.
func (w *writer) touch(now time.Time) error {
	if w.updated >= 0 {
		if err := w.set(w.updated, now); err != nil {
			return err
		}
	}
	if w.version >= 0 {
		w.write(", ", w.countUp())
	}
	return nil
}

func (w *writer) orderBy(order []Order) error {
	for i, o := range order {
		at, err := w.column(o.Column)
		if err != nil {
			return err
		}
		if err := w.own(o.Column, o.Model); err != nil {
			return err
		}
		c := &w.table.Columns()[at]
		if !w.columns[at].ordered {
			return w.unordered(c)
		}
		if i == 0 {
			w.write(" ORDER BY ")
		} else {
			w.write(", ")
		}
		w.write(w.grammar.OrderTerm(w.columns[at].order, c.Nullable, o.Descending))
	}
	return nil
}

func (w *writer) unordered(c *schema.Column) error {
	return w.fault(c.Name, "values of this %s column have no order here", c.Kind)
}

func (w *writer) page(limit, offset int) error {
	if limit < 0 || offset < 0 {
		return w.fault("", "limit and offset cannot be negative")
	}
	if limit == 0 && offset == 0 {
		return nil
	}
	most := int64(limit)
	if limit == 0 {
		// SQLite has no offset without a limit; less the offset, because PostgreSQL adds the two.
		most = math.MaxInt64 - int64(offset)
	}
	placeholder, err := w.bind(most)
	if err != nil {
		return err
	}
	w.write(" LIMIT ", placeholder)
	if offset == 0 {
		return nil
	}
	if placeholder, err = w.bind(int64(offset)); err != nil {
		return err
	}
	w.write(" OFFSET ", placeholder)
	return nil
}

// clip keeps a name that came from outside from filling a log.
func clip(name string) string {
	const most = 64
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "…"
}
