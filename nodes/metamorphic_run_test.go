package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// errUndone is what undoes a transaction of a program.
var errUndone = errors.New("undone")

// machine does moves on a database and on the reference.
type machine struct {
	database dialect.Dialect
	lane     dialect.Lane // nil: none
	world    *world
	doors    map[string]door
	tally    map[string]*outcomes
}

// outcomes is how often a kind of move was done, and how often refused.
type outcomes struct{ done, refused int }

// newMachine makes one whose writes pass a lane, unless that is nil.
func newMachine(t *testing.T, d dialect.Dialect, lane dialect.Lane) *machine {
	x := &machine{database: d, lane: lane, world: newWorld(), doors: map[string]door{}, tally: map[string]*outcomes{}}
	sys := nodetest.System(t, d)
	makers := nodeOf[maker, int64](t, x, sys, "makers")
	wares := nodeOf[ware, int64](t, x, sys, "wares")
	stalls := nodeOf[stall, stallKey](t, x, sys, "stalls")
	journal := nodeOf[line, int64](t, x, sys, "journal")
	number := func(r record) int64 { return r["id"].(int64) }
	x.doors["makers"] = &typedDoor[maker, int64]{node: makers, keyOf: number}
	x.doors["wares"] = &typedDoor[ware, int64]{node: wares, keyOf: number, hooks: wareHooks(journal)}
	x.doors["journal"] = &typedDoor[line, int64]{node: journal, keyOf: number}
	x.doors["stalls"] = &typedDoor[stall, stallKey]{node: stalls, keyOf: rowOf[stallKey]}
	return x
}

// nodeOf makes the node of a model, and its table.
func nodeOf[T any, K comparable](t *testing.T, x *machine, sys *actors.System, name string) *nodes.Node[T, K] {
	table, err := tableOf[T](x.world, name)
	require.NoError(t, err)
	gate, err := sys.Add(table)
	require.NoError(t, err)
	node, err := nodes.New[T, K](x.database, table, gate)
	require.NoError(t, err)
	_, err = gate.Ready(t.Context())
	require.NoError(t, err)
	return node.Through(x.lane)
}

// play does a program from empty tables, and tells the first difference between database and reference.
func (x *machine) play(ctx context.Context, moves []move) error {
	for _, name := range []string{"wares", "makers", "stalls", "journal"} {
		if _, err := x.database.Writer().Exec(ctx, "DELETE FROM "+x.database.Quote(name)); err != nil {
			return err
		}
		x.world.tables[name].rows = nil
	}
	for i, m := range moves {
		if _, err := x.step(ctx, nil, m); err != nil {
			return fmt.Errorf("move %d: %w", i, err)
		}
	}
	return x.look(ctx, nil, "wares", "makers", "stalls", "journal")
}

// takesOver reports whether a row of many that are updated at once is to have the unique value of another one of them: whether that one
// has given it up by then is for PostgreSQL's plan to decide, as the method says.
func (t *refTable) takesOver(m move) bool {
	if m.kind != "bulk update rows" {
		return false
	}
	for _, stored := range t.rows {
		if !slices.ContainsFunc(m.rows, func(r record) bool { return r.same(stored, t.key) }) {
			continue
		}
		for _, unique := range t.uniques {
			if slices.ContainsFunc(m.rows, func(r record) bool { return r.same(stored, unique) && !r.same(stored, t.key) }) {
				return true
			}
		}
	}
	return false
}

// step does one move on both sides. It reports whether a transaction cannot go on behind it.
func (x *machine) step(ctx context.Context, tx dialect.Tx, m move) (stop bool, err error) {
	if m.kind == "transaction" {
		return x.transaction(ctx, tx, m)
	}
	m = x.world.resolved(m)
	if x.world.tables[m.table].takesOver(m) {
		return false, nil
	}
	x.world.from = time.Now().UTC().Truncate(time.Microsecond)
	got, failure := x.doors[m.table].perform(ctx, tx, m)
	x.world.to = time.Now().UTC()
	want, faults := x.world.expect(m)
	if err := m.refused(failure, faults); err != nil {
		return true, err
	}
	if got.counts != want.counts {
		return true, fmt.Errorf("want counts %v, got %v", want.counts, got.counts)
	}
	if err := agreeAll(want.rows, got.rows); err != nil {
		return true, err
	}
	if err := agreeAll(want.groups, got.groups); err != nil {
		return true, fmt.Errorf("group: %w", err)
	}
	x.count(m.label(), failure == nil)
	switch {
	case slices.Contains(reads, m.kind):
		return false, nil
	case tx != nil && m.dooms(faults):
		return true, nil
	}
	return false, x.look(ctx, tx, m.table, "journal")
}

func (x *machine) count(label string, done bool) {
	o := x.tally[label]
	if o == nil {
		o = &outcomes{}
		x.tally[label] = o
	}
	if done {
		o.done++
	} else {
		o.refused++
	}
}

// label tells kinds of moves apart.
func (m move) label() string {
	words := []string{m.kind}
	switch {
	case m.kind == "transaction" && m.readOnly:
		words = append(words, "read-only")
	case m.perRow:
		words = append(words, "per row")
	}
	switch {
	case m.conflict.nothing:
		words = append(words, "do nothing")
	case len(m.conflict.only) > 0:
		words = append(words, "update only")
	}
	if m.version != nil {
		words = append(words, "if version")
	}
	if m.hooks != "" && !slices.Contains(reads, m.kind) {
		words = append(words, "with hooks")
	}
	return strings.Join(words, ", ")
}

// dooms reports whether a refused move leaves a transaction of PostgreSQL of no use: what the database refuses does, what
// the node finds out does not, and methods of several statements undo themselves.
func (m move) dooms(faults []fault) bool {
	if len(faults) == 0 || faults[0].index >= 0 {
		return false
	}
	return !slices.Contains([]error{schema.ErrNotFound, schema.ErrConflict, schema.ErrInvalid, errRefused}, faults[0].kind)
}

// refused compares an error with what was to be refused.
func (m move) refused(err error, faults []fault) error {
	bulk, isBulk := errors.AsType[*nodes.BulkError](err)
	switch {
	case len(faults) == 0 && err == nil:
		return nil
	case err == nil:
		return fmt.Errorf("want %v, got no error", faults)
	case len(faults) == 0:
		return fmt.Errorf("want no error: %w", err)
	case !strings.HasPrefix(err.Error(), m.op()+" "+m.table+": "):
		return fmt.Errorf("the error does not begin with operation and table: %w", err)
	case faults[0].index < 0:
		if kindOf(err) != faults[0].kind || isBulk {
			return fmt.Errorf("want %v: %w", faults[0].kind, err)
		}
		return nil
	case !isBulk || bulk.Total != len(faults) || len(bulk.Rows) != len(faults):
		return fmt.Errorf("want %v: %w", faults, err)
	}
	for i, row := range bulk.Rows {
		if row.Index != faults[i].index || kindOf(row.Err) != faults[i].kind {
			return fmt.Errorf("want %v: %w", faults, err)
		}
	}
	return nil
}

// op is the method's name in errors.
func (m move) op() string {
	if m.kind == "bulk sequence" {
		return "bulk create"
	}
	return m.kind
}

// transaction does moves all together; what is undone is so on both sides.
func (x *machine) transaction(ctx context.Context, tx dialect.Tx, m move) (stop bool, err error) {
	before := x.world.snapshot()
	settings, nested := nodes.Surrounding(ctx, x)
	if !nested {
		settings = nodes.Transaction{
			Dialect: x.database, Owner: x, Options: dialect.TxOptions{Isolation: m.isolation, ReadOnly: m.readOnly},
		}
	}
	var broken error
	err = nodes.Transact(ctx, settings, func(ctx context.Context, tx dialect.Tx) error {
		for i, part := range m.moves {
			stop, err := x.step(ctx, tx, part)
			if err != nil {
				broken = fmt.Errorf("of a transaction, %d: %w", i, err)
			}
			if stop || err != nil {
				return errUndone
			}
		}
		if m.undo {
			return errUndone
		}
		return nil
	})
	switch {
	case broken != nil:
		return true, broken
	case err != nil && !errors.Is(err, errUndone):
		return true, err
	case err != nil:
		x.world.put(before)
	}
	x.count(m.label(), err == nil)
	return err != nil && m.pass, x.look(ctx, tx, "wares", "makers", "stalls", "journal")
}

// look compares all rows of tables, read by plain SQL, in a transaction or outside.
func (x *machine) look(ctx context.Context, tx dialect.Tx, names ...string) error {
	var q dialect.Querier = x.database.Reader()
	if tx != nil {
		q = tx
	}
	for _, name := range names {
		t := x.world.tables[name]
		rows, err := x.stored(ctx, q, t)
		if err != nil {
			return err
		}
		if err := t.stands(rows); err != nil {
			return fmt.Errorf("the rows of %s: %w", name, err)
		}
	}
	return nil
}

// stands compares the rows of a table, whatever their order. Rows whose key is not known yet are known again by other
// columns, or by the order in which they were numbered.
func (t *refTable) stands(rows []record) error {
	if len(rows) != len(t.rows) {
		return fmt.Errorf("want %d: %v, got %d: %v", len(t.rows), t.rows, len(rows), rows)
	}
	for _, want := range t.rows {
		at := slices.IndexFunc(rows, func(got record) bool {
			switch {
			case want.of(t.key[0]) != nil:
				return want.same(got, t.key)
			case len(t.known) > 0:
				return want.same(got, t.known)
			}
			return got["id"].(int64) > 0 && t.find(got, t.key) < 0
		})
		if at < 0 {
			return fmt.Errorf("%v is not there: %v", want, rows)
		}
		if err := agrees(want, rows[at]); err != nil {
			return err
		}
	}
	return nil
}

// stored reads a table as text, in the order of its key.
func (x *machine) stored(ctx context.Context, q dialect.Querier, t *refTable) (out []record, err error) {
	exprs := make([]string, len(t.columns))
	for i, c := range t.columns {
		exprs[i] = "CAST(" + c.name + " AS TEXT)"
		if x.database.Name() == "mysql" {
			exprs[i] = "CAST(" + c.name + " AS CHAR)"
		}
		if c.kind == schema.KindTime && x.database.Name() == "postgres" {
			exprs[i] = "to_char(" + c.name + " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
		}
	}
	rows, err := q.Query(ctx, "SELECT "+strings.Join(exprs, ", ")+" FROM "+t.name+" ORDER BY "+t.name+"."+t.key[0])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		texts, dest, r := make([]*string, len(t.columns)), make([]any, len(t.columns)), record{}
		for i := range texts {
			dest[i] = &texts[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		for i, c := range t.columns {
			if r[c.name], err = c.parse(texts[i]); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
