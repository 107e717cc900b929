package nodes

import (
	"database/sql"
	"errors"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Node is the typed door to one table: T is the struct of its rows, K the Go type of its key (for a composite key a
// struct with one field for each key column). It is immutable and safe for concurrent use; one bound to a transaction
// by In is for one goroutine at a time, as the transaction is.
type Node[T any, K comparable] struct {
	door
	inner *inner[T, K] // shared with nodes made from this one
	hooks *Hooks[T, K] // nil: none

	marked bool // made by WithDeleted
}

// inner is what a node and those made from it share. Most of it is made at the first call: a program may have many more
// tables than it uses.
type inner[T any, K comparable] struct{ made atomic.Pointer[core[T, K]] }

// core gives what stays the same from call to call.
func (n *Node[T, K]) core() *core[T, K] {
	if c := n.inner.made.Load(); c != nil {
		return c
	}
	return n.makeCore()
}

func (n *Node[T, K]) makeCore() *core[T, K] {
	// New has seen that both fit.
	rows, _ := schema.AccessorOf[T](n.table)
	appendKey, _ := schema.KeyAppender[K](n.table)
	n.inner.made.CompareAndSwap(nil, newCore(n.dialect, n.table, rows, appendKey))
	return n.inner.made.Load()
}

// core is what stays the same from call to call.
type core[T any, K comparable] struct {
	rows      *schema.Accessor[T]
	appendKey func(dst []any, key K) ([]any, error)
	columns   []schema.Column
	encode    []func(any) any // by column position; nil where the portable value is bound as it is
	all       []int           // every column's position, as Select and Patch give them back
	keys      []int           // the key's columns
	zeros     []any           // by column position; see zeroBesideNull

	statements                                        *dialect.Statements
	seeing                                            *dialect.Statements // of rows that are marked deleted, too
	getMarked, restore, purge                         command
	insert, insertAuto, get, exists, update, deletion command
	deletionOf                                        command // of one version; empty without a version column

	many, manyAuto *createMany[T, K] // insert and insertAuto of many callers; nil where the database takes them one by one

	auto, created, updated, version int // column positions; -1 where the table has none
	now                             func() time.Time
	upserts                         sync.Map // upsertKind → *upsertPlan
	scanners                        []*scanners[T]
}

// command is a fixed statement and what its values need on their way to the driver.
type command struct {
	sql      string
	bind     []int
	back     []int
	encode   []func(any) any // along bind
	optional []int           // indexes into bind: a zero field is bound as NULL, which the statement turns into the default
}

// New makes the node of a table. It touches no database. T must be the struct that the table was made from and K must
// fit its key; every fault is reported at once and matches schema.ErrInvalid. Neither d nor gate is owned by the node.
func New[T any, K comparable](d dialect.Dialect, t *schema.Table, gate schema.Gate) (*Node[T, K], error) {
	switch {
	case d == nil:
		return nil, schema.Invalid("new node", "", "", "no database given")
	case t == nil:
		return nil, schema.Invalid("new node", "", "", "no table given")
	case gate == nil:
		return nil, schema.Invalid("new node", t.String(), "", "no gate given")
	}
	_, rowsErr := schema.AccessorOf[T](t)
	_, keyErr := schema.KeyAppender[K](t)
	if err := errors.Join(rowsErr, keyErr); err != nil {
		return nil, &schema.Error{Op: "new node", Table: t.String(), Kind: schema.ErrInvalid, Detail: err.Error(), Cause: err}
	}
	way := door{dialect: d, table: t, name: t.String(), gate: gate, futile: &futile{}}
	return &Node[T, K]{door: way, inner: &inner[T, K]{}}, nil
}

// newCore works out all that stays the same from call to call.
func newCore[T any, K comparable](
	d dialect.Dialect, t *schema.Table, rows *schema.Accessor[T], appendKey func(dst []any, key K) ([]any, error),
) *core[T, K] {
	c := &core[T, K]{
		rows: rows, appendKey: appendKey, columns: t.Columns(), keys: t.Key(),
		statements: dialect.NewStatements(d, t),
		auto:       -1,
		now:        func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
	}
	for i := range c.columns {
		c.encode = append(c.encode, d.Encoder(&c.columns[i]))
		c.all = append(c.all, i)
		c.zeros = append(c.zeros, zeroBesideNull(t.GoType(), &c.columns[i]))
		if c.columns[i].Auto {
			c.auto = i
		}
	}
	c.created = position(t, schema.RoleCreated)
	c.updated = position(t, schema.RoleUpdated)
	c.version = position(t, schema.RoleVersion)

	c.insert = c.command(c.statements.Insert, true)
	c.insertAuto = c.command(c.statements.InsertAuto, true)
	c.many, c.manyAuto = newCreateMany(c, &c.insert, false), newCreateMany(c, &c.insertAuto, true)
	c.get = c.command(c.statements.Get, false)
	c.exists = c.command(c.statements.Exists, false)
	c.seeing = c.statements.WithDeleted()
	c.getMarked = c.command(c.seeing.Get, false)
	c.restore = c.command(c.statements.Restore, false)
	c.purge = c.command(c.statements.Purge, false)
	c.update = c.command(c.statements.Update, false)
	c.deletion = c.command(c.statements.Delete, false)
	if ofVersion, ok := c.statements.DeleteVersion(); ok {
		c.deletionOf = c.command(ofVersion, false)
	}
	c.scanners = scannersOf[T](c.all, c.insert.back, c.insertAuto.back, c.update.back)
	return c
}

// Table gives the table that the node serves.
func (n *Node[T, K]) Table() *schema.Table { return n.table }

// Statements gives what writes the node's statements, for those who check names and conditions before a call.
func (n *Node[T, K]) Statements() *dialect.Statements { return n.core().statements }

// position finds the column of a role, or gives -1.
func position(t *schema.Table, role schema.Role) int {
	if i, ok := t.Role(role); ok {
		return i
	}
	return -1
}

// zeroBesideNull gives the portable zero value of a nullable column whose field has no null of its own, so that NULL
// and the zero value look the same in the struct. It is nil for every other column.
func zeroBesideNull(row reflect.Type, c *schema.Column) any {
	if !c.Nullable {
		return nil
	}
	at, ok := fieldOf(row, c)
	if !ok || at.Kind() == reflect.Pointer || at.PkgPath() == "database/sql" {
		return nil
	}
	// A zero value that is no value of the kind, as "" is no decimal, cannot be what is stored.
	zero, err := c.Coerce(reflect.Zero(at).Interface())
	if err != nil {
		return nil
	}
	return zero
}

// fieldOf gives the type of a column's field.
func fieldOf(row reflect.Type, c *schema.Column) (at reflect.Type, ok bool) {
	at = row
	for name := range strings.SplitSeq(c.Field, ".") {
		field, ok := at.FieldByName(name)
		if !ok {
			return nil, false
		}
		at = field.Type
	}
	return at, true
}

// readsItself reports whether code of the program's runs where a column's value is read into its field.
func readsItself(row reflect.Type, c *schema.Column) bool {
	at, ok := fieldOf(row, c)
	if !ok || c.Kind == schema.KindJSON {
		return true
	}
	if at.Kind() == reflect.Pointer {
		at = at.Elem()
	}
	if at.PkgPath() == "database/sql" {
		return strings.HasPrefix(at.Name(), "Null[")
	}
	bytes := at.Kind() == reflect.Array // a UUID, whose Scan is not asked
	return !bytes && reflect.PointerTo(at).Implements(reflect.TypeFor[sql.Scanner]())
}

// command works out once what the values of a fixed statement need; inserting says that zero fields take defaults.
func (c *core[T, K]) command(s dialect.Statement, inserting bool) command {
	out := command{sql: s.SQL, bind: s.Bind, back: s.Return, encode: make([]func(any) any, len(s.Bind))}
	for i, column := range s.Bind {
		out.encode[i] = c.encode[column]
		if inserting && c.columns[column].Default != "" {
			out.optional = append(out.optional, i)
		}
	}
	return out
}

// values gives what a command binds for a row.
func (c *core[T, K]) values(cmd *command, row *T) ([]any, error) {
	args, err := c.rows.Append(make([]any, 0, len(cmd.bind)), row, cmd.bind)
	if err != nil {
		return nil, err
	}
	for _, i := range cmd.optional {
		if c.rows.Zero(row, cmd.bind[i]) {
			args[i] = nil
		}
	}
	for i, encode := range cmd.encode {
		if encode != nil && args[i] != nil {
			args[i] = encode(args[i])
		}
	}
	return args, nil
}

// key appends what is bound for a key.
func (c *core[T, K]) key(args []any, key K) ([]any, error) {
	start := len(args)
	args, err := c.appendKey(args, key)
	if err != nil {
		return nil, err
	}
	for i, column := range c.keys {
		if encode := c.encode[column]; encode != nil && args[start+i] != nil {
			args[start+i] = encode(args[start+i])
		}
	}
	return args, nil
}
