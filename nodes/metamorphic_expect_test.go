package nodes_test

import (
	"maps"

	"github.com/schemactor/schemactor/schema"
)

// expect does a move on the reference and says what the method must give.
func (w *world) expect(m move) (out answer, faults []fault) {
	w.hooks = m.hooks
	t := w.tables[m.table]
	out.rows = m.rows
	if m.wrong != "" {
		return out, []fault{{-1, schema.ErrInvalid}}
	}
	var err error
	switch {
	case len(m.rows) == 1 && m.key == nil && (m.kind == "create" || m.kind == "update" || m.kind == "upsert"):
		err = w.expectRow(t, m, &out)
	case m.key != nil:
		err = w.expectKey(t, m, &out)
	case m.kind == "bulk create" || m.kind == "bulk sequence" || m.kind == "bulk update rows" || m.kind == "bulk upsert":
		return w.expectRows(t, m)
	case m.kind == "bulk update" || m.kind == "bulk delete" || m.kind == "bulk purge":
		out.counts[updated], err = w.sweep(t, m)
	default:
		err = t.expectRead(m, &out)
	}
	if err != nil {
		return out, []fault{{-1, err}}
	}
	return out, nil
}

// expectRow does what is given one row.
func (w *world) expectRow(t *refTable, m move, out *answer) (err error) {
	row := m.rows[0]
	var r record
	switch m.kind {
	case "create":
		r, err = w.between(t, "create", row, func(r record) (record, error) { return w.create(t, r) })
	case "update":
		if t.grows {
			return schema.ErrInvalid
		}
		r, err = w.between(t, "update", row, func(r record) (record, error) { return w.update(t, r) })
	case "upsert":
		var c conflict
		if c, err = t.checked(m.conflict); err != nil {
			return err
		}
		var what int
		if r, what, err = w.upsert(t, row, c); err == nil && what == inserted {
			out.counts[inserted] = 1
		} else if what == skipped {
			r = row
		}
	}
	if err == nil {
		out.rows = []record{r}
	}
	return err
}

// expectKey does what is given a key.
func (w *world) expectKey(t *refTable, m move, out *answer) error {
	switch m.kind {
	case "get":
		at := t.find(m.key, t.key)
		if at < 0 || !m.query.marked && !t.live(t.rows[at]) {
			return schema.ErrNotFound
		}
		out.rows = []record{maps.Clone(t.rows[at])}
		return nil
	case "patch":
		return w.expectPatch(t, m, out)
	case "delete":
		if t.grows || m.version != nil && t.version == "" {
			return schema.ErrInvalid
		}
		return w.removal(t, func() error { return w.delete(t, m.key, m.version) })
	case "purge":
		return w.removal(t, func() error { return w.purge(t, m.key) })
	case "restore":
		return w.restore(t, m.key)
	}
	panic("no operation " + m.kind)
}

// expectPatch does a patch, of which hooks see the row that it has made.
func (w *world) expectPatch(t *refTable, m move, out *answer) error {
	before := w.snapshot()
	r, err := w.patch(t, m.key, m.set, m.version)
	if err == nil && t.subjects != "" {
		if err = w.forbidden(r); err == nil {
			err = w.unlucky(r)
		}
	}
	if err != nil {
		w.put(before)
		return err
	}
	out.rows = []record{r}
	return nil
}

// expectRows does what is given many rows.
func (w *world) expectRows(t *refTable, m move) (out answer, faults []fault) {
	what := inserted
	switch m.kind {
	case "bulk upsert":
		out.rows, out.counts, faults = w.bulkUpsert(t, m.rows, m.conflict, m.perRow)
		return out, faults
	case "bulk update rows":
		out.rows, faults = w.bulkUpdateRows(t, m.rows, m.perRow)
		what = updated
	default:
		out.rows, faults = w.bulkCreate(t, m.rows, m.perRow)
	}
	if len(faults) == 0 || m.perRow && faults[0].index >= 0 {
		out.counts[what] = int64(len(m.rows) - len(faults))
	}
	if m.kind == "bulk sequence" {
		out.rows = m.rows
	}
	return out, faults
}

// says is what can be known of a condition from its form alone.
func (t *refTable) says(c refCond) truth {
	if c.op == "and" || c.op == "or" || c.op == "not" {
		parts := make([]refCond, len(c.parts))
		for i, part := range c.parts {
			parts[i] = map[truth]refCond{
				yes: {op: "nin", column: t.key[0]}, no: {op: "in", column: t.key[0]}, unknown: {op: "eq", column: t.key[0], values: []any{int64(0)}},
			}[t.says(part)]
		}
		return t.holds(refCond{op: c.op, parts: parts}, record{})
	}
	if c.op == "" || c.op == "nin" && len(c.values) == 0 {
		return yes
	}
	if c.op == "in" && len(c.values) == 0 {
		return no
	}
	return unknown
}

// sweep changes or removes all rows of a condition, or none of them.
func (w *world) sweep(t *refTable, m move) (int64, error) {
	q := m.query
	if t.grows || !q.everything && t.says(q.where) == yes || q.everything && q.where.op != "" {
		return 0, schema.ErrInvalid
	}
	places, before := t.matching(q.where, m.kind == "bulk purge"), w.snapshot()
	var err error
	if m.kind == "bulk update" {
		err = w.spread(t, places, m.set)
	} else {
		err = w.drop(t, places, m.kind == "bulk purge")
	}
	if err != nil {
		w.put(before)
		return 0, err
	}
	return int64(len(places)), nil
}

// spread sets the same values in many rows. References are looked at when all else is done.
func (w *world) spread(t *refTable, places []int, set record) error {
	set, err := t.setting(set)
	if err != nil {
		return err
	}
	for _, at := range places {
		r := maps.Clone(t.rows[at])
		maps.Copy(r, set)
		if err := t.collides(r, at); err != nil {
			return err
		}
		w.touch(t, r)
		t.rows[at] = r
	}
	for _, at := range places {
		if err := w.orphan(t, t.rows[at]); err != nil {
			return err
		}
	}
	return nil
}

// expectRead does what reads many rows.
func (t *refTable) expectRead(m move, out *answer) error {
	q := m.query
	rows := t.list(q)
	switch m.kind {
	case "list", "all":
		out.rows = window(rows, q.limit, q.offset)
	case "page":
		out.rows = window(rows, 0, q.offset)
	case "first":
		out.rows = window(rows, 1, q.offset)
		if len(out.rows) == 0 {
			return schema.ErrNotFound
		}
	case "count":
		out.counts[0] = int64(len(rows))
	case "exists":
		out.counts[0] = int64(min(1, len(rows)))
	case "aggregate":
		out.groups = t.aggregate(q, m.by, m.terms)
	default:
		panic("no operation " + m.kind)
	}
	return nil
}
