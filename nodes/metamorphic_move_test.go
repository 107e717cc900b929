package nodes_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// move is one operation, told without knowing what is stored: so any part of a run is a run.
type move struct {
	kind, table string
	rows        []record // given to the method; see keyOfCode and drift for what may stand in them
	key         record
	version     any // of IfVersion
	set         record
	query       refQuery
	json        bool // the condition is given in its JSON form
	by          []string
	terms       []refTerm
	conflict    conflict
	perRow      bool
	hooks       string
	wrong       string // what makes it invalid; empty: nothing does by intent

	moves     []move // of a transaction
	undo      bool   // at its end
	pass      bool   // what undoes it undoes the one around it, too
	isolation dialect.Isolation
	readOnly  bool
}

// keyOfCode is a key that is not known before: that of the row with this code. A drift is a version as far from the stored one.
type (
	keyOfCode string
	drift     int64
)

// absentKey is a key that no row has.
const absentKey = int64(-99)

// answer is what a method gives back.
type answer struct {
	rows   []record // what is read, or the rows that were given as they are afterwards
	counts [3]int64
	groups []record
}

// door is a node whose types are not known.
type door interface {
	perform(ctx context.Context, tx dialect.Tx, m move) (answer, error)
}

// typedDoor is a node with what only its types know.
type typedDoor[T any, K comparable] struct {
	node  *nodes.Node[T, K]
	keyOf func(record) K
	hooks func(level string) nodes.Hooks[T, K]
}

func (d *typedDoor[T, K]) perform(ctx context.Context, tx dialect.Tx, m move) (answer, error) {
	node := d.node
	if m.hooks != "" && d.hooks != nil {
		node = node.WithHooks(d.hooks(m.hooks))
	}
	if m.query.marked {
		node = node.WithDeleted()
	}
	if tx != nil {
		node = node.In(tx)
	}
	switch {
	case strings.HasPrefix(m.kind, "bulk "):
		return d.many(ctx, node, m)
	case m.key != nil || len(m.rows) > 0:
		return d.one(ctx, node, m)
	}
	return d.read(ctx, node, m)
}

// one performs what is about one row.
func (d *typedDoor[T, K]) one(ctx context.Context, node *nodes.Node[T, K], m move) (answer, error) {
	var row *T
	if len(m.rows) > 0 {
		row = new(rowOf[T](m.rows[0]))
	}
	var options []nodes.ChangeOption
	if m.version != nil {
		options = append(options, nodes.IfVersion(m.version.(int64)))
	}
	var out answer
	var err error
	switch m.kind {
	case "create":
		err = node.Create(ctx, row)
	case "update":
		err = node.Update(ctx, row)
	case "upsert":
		var created bool
		if created, err = node.Upsert(ctx, row, upsertOptions(m)...); created {
			out.counts[inserted] = 1
		}
	case "get":
		row, err = node.Get(ctx, d.keyOf(m.key))
	case "patch":
		row, err = node.Patch(ctx, d.keyOf(m.key), nodes.Set(m.set), options...)
	case "delete":
		err = node.Delete(ctx, d.keyOf(m.key), options...)
	case "restore":
		err = node.Restore(ctx, d.keyOf(m.key))
	case "purge":
		err = node.Purge(ctx, d.keyOf(m.key))
	default:
		panic("no operation " + m.kind)
	}
	if row != nil {
		out.rows = []record{recordOf(*row)}
	}
	return out, err
}

func upsertOptions(m move) (out []nodes.UpsertOption) {
	if len(m.conflict.target) > 0 {
		out = append(out, nodes.OnConflict(m.conflict.target...))
	}
	if len(m.conflict.only) > 0 {
		out = append(out, nodes.UpdateOnly(m.conflict.only...))
	}
	if m.conflict.nothing {
		out = append(out, nodes.DoNothing())
	}
	return out
}

// many performs what is about many rows.
func (d *typedDoor[T, K]) many(ctx context.Context, node *nodes.Node[T, K], m move) (out answer, err error) {
	rows := make([]T, len(m.rows))
	for i, r := range m.rows {
		rows[i] = rowOf[T](r)
	}
	var options []nodes.BulkOption
	if m.perRow {
		options = append(options, nodes.PerRow())
	}
	query, err := m.asked()
	if err != nil {
		return out, err
	}
	switch m.kind {
	case "bulk create":
		out.counts[inserted], err = node.BulkCreate(ctx, rows, options...)
	case "bulk sequence":
		out.counts[inserted], err = node.BulkCreateSeq(ctx, slices.Values(rows), options...)
	case "bulk update":
		out.counts[updated], err = node.BulkUpdate(ctx, query, nodes.Set(m.set))
	case "bulk delete":
		out.counts[updated], err = node.BulkDelete(ctx, query)
	case "bulk purge":
		out.counts[updated], err = node.BulkPurge(ctx, query)
	case "bulk update rows":
		out.counts[updated], err = node.BulkUpdateRows(ctx, rows, options...)
	case "bulk upsert":
		var all []nodes.BulkUpsertOption
		for _, o := range upsertOptions(m) {
			all = append(all, o)
		}
		for _, o := range options {
			all = append(all, o)
		}
		var result nodes.BulkResult
		result, err = node.BulkUpsert(ctx, rows, all...)
		out.counts = [3]int64{skipped: result.Skipped, inserted: result.Inserted, updated: result.Updated}
	default:
		panic("no operation " + m.kind)
	}
	for i := range rows {
		out.rows = append(out.rows, recordOf(rows[i]))
	}
	return out, err
}

// read performs what reads many rows.
func (d *typedDoor[T, K]) read(ctx context.Context, node *nodes.Node[T, K], m move) (out answer, err error) {
	query, err := m.asked()
	if err != nil {
		return out, err
	}
	var rows []T
	switch m.kind {
	case "list":
		rows, err = node.List(ctx, query)
	case "all":
		for row, failure := range node.All(ctx, query) {
			if err = failure; err == nil {
				rows = append(rows, row)
			}
		}
	case "page":
		for page, more := (nodes.Page[T]{}), true; more && err == nil; more = page.Next != "" {
			query.After = page.Next
			page, err = node.Page(ctx, query)
			rows = append(rows, page.Rows...)
		}
	case "first":
		var row *T
		if row, err = node.First(ctx, query); err == nil {
			rows = append(rows, *row)
		}
	case "count":
		out.counts[0], err = node.Count(ctx, query)
	case "exists":
		var there bool
		if there, err = node.Exists(ctx, query); there {
			out.counts[0] = 1
		}
	case "aggregate":
		out.groups, err = aggregateOf(ctx, node, query, m)
	default:
		panic("no operation " + m.kind)
	}
	for i := range rows {
		out.rows = append(out.rows, recordOf(rows[i]))
	}
	return out, err
}

// asked is the query as nodes take it.
func (m move) asked() (nodes.Query, error) {
	q := nodes.Query{
		Limit: m.query.limit, Offset: m.query.offset, Only: m.query.only, Distinct: m.query.distinct, All: m.query.everything,
	}
	for _, o := range m.query.order {
		q.OrderBy = append(q.OrderBy, nodes.Order{Column: o.column, Descending: o.descending})
	}
	if !m.json {
		q.Where = m.query.where.cond()
		return q, nil
	}
	text, err := json.Marshal(m.query.where.document())
	if err == nil {
		q.Where, err = nodes.ParseWhere(text)
	}
	return q, err
}

// cond is a condition as nodes take it.
func (c refCond) cond() nodes.Cond {
	parts := make([]nodes.Cond, len(c.parts))
	for i, part := range c.parts {
		parts[i] = part.cond()
	}
	switch c.op {
	case "":
		return nodes.Cond{}
	case "and":
		return nodes.And(parts...)
	case "or":
		return nodes.Or(parts...)
	case "not":
		return nodes.Not(parts[0])
	case "null":
		return nodes.Null(c.column)
	case "notnull":
		return nodes.NotNull(c.column)
	case "in":
		return nodes.In(c.column, c.values...)
	case "nin":
		return nodes.NotIn(c.column, c.values...)
	case "between":
		return nodes.Between(c.column, c.values[0], c.values[1])
	case "contains":
		return nodes.Contains(c.column, c.values[0].(string))
	case "prefix":
		return nodes.Prefix(c.column, c.values[0].(string))
	case "suffix":
		return nodes.Suffix(c.column, c.values[0].(string))
	case "like":
		return nodes.Like(c.column, c.values[0].(string))
	}
	compare := map[string]func(string, any) nodes.Cond{
		"eq": nodes.Eq, "ne": nodes.Ne, "lt": nodes.Lt, "lte": nodes.Le, "gt": nodes.Gt, "gte": nodes.Ge,
	}
	return compare[c.op](c.column, c.values[0])
}

// document is a condition in its JSON form.
func (c refCond) document() map[string]any {
	parts := []any{}
	for _, part := range c.parts {
		parts = append(parts, part.document())
	}
	switch c.op {
	case "":
		return map[string]any{}
	case "and", "or":
		return map[string]any{"$" + c.op: parts}
	case "not":
		return map[string]any{"$not": parts[0]}
	case "null", "notnull":
		return map[string]any{c.column: map[string]any{"$" + c.op: true}}
	case "in", "nin", "between":
		return map[string]any{c.column: map[string]any{"$" + c.op: append([]any{}, c.values...)}}
	}
	return map[string]any{c.column: map[string]any{"$" + c.op: c.values[0]}}
}

// resolved puts what is stored in the place of names and drifts.
func (w *world) resolved(m move) move {
	t := w.tables[m.table]
	fill := func(r record) record {
		if r == nil {
			return nil
		}
		out := record{}
		for name, v := range r {
			if code, ok := v.(keyOfCode); ok {
				v = absentKey
				if at := t.find(record{"code": string(code)}, []string{"code"}); at >= 0 {
					v = t.rows[at].of("id")
				}
			}
			out[name] = v
		}
		return out
	}
	stored := func(r record, v any) any {
		away, ok := v.(drift)
		if !ok {
			return v
		}
		if at := t.find(r, t.key); at >= 0 && t.version != "" {
			return t.rows[at][t.version].(int64) + int64(away)
		}
		return int64(1)
	}
	m.key, m.rows = fill(m.key), slices.Clone(m.rows)
	for i, r := range m.rows {
		m.rows[i] = fill(r)
		if t.version != "" {
			m.rows[i][t.version] = stored(m.rows[i], m.rows[i][t.version])
		}
	}
	m.version = stored(m.key, m.version)
	return m
}

// wareHooks are the hooks of a level, by the journal's node.
func wareHooks(journal *nodes.Node[line, int64]) func(level string) nodes.Hooks[ware, int64] {
	note := func(ctx context.Context, tx dialect.Tx, verb, subject string) error {
		return journal.In(tx).Create(ctx, &line{Verb: "before " + verb, Subject: subject})
	}
	before := func(verb string) func(context.Context, dialect.Tx, *ware) error {
		return func(ctx context.Context, tx dialect.Tx, row *ware) error {
			if row.Grade == "ask" {
				row.Grade = "told"
			}
			return note(ctx, tx, verb, row.Code)
		}
	}
	after := func(_ context.Context, _ dialect.Tx, row *ware) error {
		if row.Size != nil && *row.Size == 13 {
			return errRefused
		}
		return nil
	}
	return func(level string) nodes.Hooks[ware, int64] {
		h := nodes.Hooks[ware, int64]{Validate: func(_ context.Context, row *ware) error {
			if strings.Contains(row.Code, "!") {
				return nodes.Field("code", "no exclamation marks")
			}
			return nil
		}}
		if level == hooksCheck {
			return h
		}
		h.BeforeCreate, h.BeforeUpdate = before("create"), before("update")
		h.BeforeDelete = func(ctx context.Context, tx dialect.Tx, _ int64) error { return note(ctx, tx, "delete", "") }
		if level == hooksRefuse {
			h.AfterCreate, h.AfterUpdate = after, after
			h.AfterDelete = func(context.Context, dialect.Tx, int64) error { return errRefused }
		}
		return h
	}
}

// tableOf makes the table of a model under the name that the reference has for it.
func tableOf[T any](w *world, name string) (*schema.Table, error) {
	options := []schema.TableOption{schema.Named(name)}
	if w.tables[name].grows {
		options = append(options, schema.AppendOnly())
	}
	return schema.TableOf[T](options...)
}
