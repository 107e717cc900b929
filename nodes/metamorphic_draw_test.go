package nodes_test

import (
	"math/rand/v2"
	"slices"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// dice draws moves. Values are few, so that moves meet each other.
type dice struct{ *rand.Rand }

func one[V any](d dice, values ...V) V { return values[d.IntN(len(values))] }

// rarely is true once in n times.
func (d dice) rarely(n int) bool { return d.IntN(n) == 0 }

// some gives a few different values.
func some[V any](d dice, least, most int, values []V) []V {
	values = slices.Clone(values)
	d.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	return values[:min(len(values), least+d.IntN(most-least+1))]
}

var (
	codes  = []string{"a", "b", "é", "A", "a%", "b_", `\`, "'; DROP TABLE wares; --"}
	reads  = []string{"get", "list", "list", "all", "page", "page", "first", "count", "exists", "aggregate", "aggregate"}
	writes = []string{
		"create", "create", "create", "create", "update", "update", "update", "patch", "patch", "patch", "patch", "delete",
		"delete", "restore", "restore", "purge", "upsert", "upsert", "upsert", "upsert", "bulk create", "bulk create", "bulk sequence",
		"bulk update", "bulk update rows", "bulk update rows", "bulk upsert", "bulk upsert", "bulk delete", "bulk purge",
	}
)

// start draws the moves that a program begins with, so that the others find something.
func (d dice) start() (out []move) {
	create := func(table string, change func(r record)) {
		r := d.row(table, false)
		change(r)
		out = append(out, move{kind: "create", table: table, rows: []record{r}})
	}
	for id := range int64(4) {
		create("makers", func(r record) { r["id"], r["name"] = id+1, string(rune('k'+id)) })
	}
	for _, code := range some(d, 3, 6, codes) {
		create("wares", func(r record) { r["id"], r["code"] = int64(0), code })
	}
	for number := range int64(4) {
		create("stalls", func(r record) { r["hall"], r["number"] = one(d, "A", "é"), number })
	}
	return out
}

// moves draws some moves.
func (d dice) moves(count, depth int, readOnly bool) (out []move) {
	for range count {
		switch {
		case depth < 3 && d.rarely(14):
			out = append(out, d.transaction(depth, readOnly))
		case readOnly || d.rarely(4):
			out = append(out, d.move(one(d, reads...)))
		default:
			out = append(out, d.move(one(d, writes...)))
		}
	}
	return out
}

func (d dice) transaction(depth int, readOnly bool) move {
	m := move{kind: "transaction", undo: d.rarely(4), pass: d.rarely(2), readOnly: readOnly || depth == 0 && d.rarely(8)}
	m.isolation = one(d, dialect.DefaultIsolation, dialect.ReadCommitted, dialect.RepeatableRead, dialect.Serializable)
	m.moves = d.moves(1+d.IntN(5), depth+1, m.readOnly)
	return m
}

func (d dice) move(kind string) move {
	table := one(d, "wares", "wares", "wares", "wares", "wares", "wares", "stalls", "stalls", "makers", "journal")
	if (kind == "delete" || kind == "restore") && table != "journal" && !d.rarely(4) {
		table = "wares" // where rows are marked
	}
	m := move{kind: kind, table: table, json: d.rarely(3)}
	if table == "wares" && !slices.Contains(reads, kind) {
		m.hooks = one(d, "", "", "", hooksCheck, hooksLog, hooksRefuse)
	}
	t := newWorld().tables[table]
	switch kind {
	case "create", "update", "upsert":
		m.rows = []record{d.row(table, kind == "update")}
	case "get", "patch", "delete", "restore", "purge":
		m.key = d.key(table)
		m.query.marked = kind == "get" && d.rarely(3)
	case "bulk create", "bulk sequence", "bulk update rows", "bulk upsert":
		for range d.IntN(6) {
			m.rows = append(m.rows, d.row(table, kind == "bulk update rows"))
		}
		m.perRow = d.rarely(2)
	default:
		m.query = d.query(t, kind)
	}
	switch kind {
	case "patch", "bulk update":
		m.set = d.set(t)
	case "upsert", "bulk upsert":
		m.conflict = d.conflict(t)
	case "aggregate":
		m.by, m.terms = d.groups(t)
	}
	if (kind == "patch" || kind == "delete") && d.rarely(3) {
		m.version = one(d, drift(0), drift(0), drift(1))
	}
	d.spoil(&m, t)
	return m
}

// spoil makes some moves invalid.
func (d dice) spoil(m *move, t *refTable) {
	if !d.rarely(12) {
		return
	}
	switch m.kind {
	case "list", "all", "page", "first", "count", "exists":
		switch m.wrong = one(d, "column", "limit", "order", "distinct"); m.wrong {
		case "limit":
			m.query.limit = -1
		case "order":
			m.query.order = append(m.query.order, refOrder{column: "size; DROP TABLE wares"})
		case "distinct":
			m.query.only, m.query.distinct = nil, true
		}
	case "bulk update", "bulk delete", "bulk purge", "aggregate":
		m.wrong = "column"
	case "patch":
		m.wrong, m.set = "set", record{one(d, t.key[0], "nothing"): int64(1)}
	case "upsert", "bulk upsert":
		m.conflict = conflict{target: []string{one(d, "grade", "verb", "fee")}}
		m.wrong = "target"
	}
	if m.wrong == "column" {
		m.query.where = refCond{op: "eq", column: `id" OR 1=1 --`, values: []any{int64(1)}}
		m.query.everything = false
	}
}

// code draws that of a ware; one is refused by hooks, one by everybody.
func (d dice) code() string {
	if d.rarely(40) {
		return one(d, "a!", "a\x00b")
	}
	return one(d, codes...)
}

func (d dice) price() string {
	if d.rarely(40) {
		return one(d, "12345.00", "1.234")
	}
	return one(d, "0.00", "-0.50", "-10.00", "9.99", "10.00", "100.25", "9999.99")
}

// key draws the key of a row that may be there.
func (d dice) key(table string) record {
	switch table {
	case "wares":
		return record{"id": keyOfCode(d.code())}
	case "stalls":
		return record{"hall": one(d, "A", "é"), "number": int64(1 + d.IntN(3))}
	case "makers":
		return record{"id": int64(1 + d.IntN(4))}
	}
	return record{"id": int64(-1 - d.IntN(3))}
}

// row draws a row, for a change with the key of one that may be there and its version.
func (d dice) row(table string, change bool) record {
	r := d.key(table)
	switch table {
	case "wares":
		r["code"], r["maker_id"], r["size"] = d.code(), d.maker(), d.size()
		r["price"], r["grade"], r["hot"] = d.price(), one(d, "", "plain", "fine", "ask"), d.rarely(2)
		r["created_at"], r["updated_at"], r["deleted_at"] = one(d, zeroTime(), zeroTime(), longAgo()), zeroTime(), nil
		if !change {
			r["id"] = one[any](d, int64(0), int64(0), int64(0), int64(-1), int64(-2), int64(-3))
		} else if code, ok := r["id"].(keyOfCode); ok && !d.rarely(3) {
			r["code"] = string(code)
		}
		r["version"] = d.drift()
	case "stalls":
		r["floor"], r["owner"] = int64(d.IntN(2)), one[any](d, nil, "x", "y", "z")
		r["fee"], r["version"] = d.price(), d.drift()
	case "makers":
		r["name"] = one(d, "k", "l", "m", "n", "")
	case "journal":
		r["id"] = one(d, int64(0), int64(0), int64(-1), int64(-2), int64(-3))
		r["verb"], r["subject"] = one(d, "say", "sing", "say", "sing", "nonsense"), one(d, "", "x")
		r["ticket"] = one[any](d, nil, "t1", "t2", "t3")
	}
	return r
}

func (d dice) drift() any {
	if d.rarely(10) {
		return one(d, drift(1), drift(-1))
	}
	return drift(0)
}

func (d dice) maker() any {
	if d.rarely(30) {
		return int64(77)
	}
	return one[any](d, nil, nil, int64(1), int64(2), int64(3), int64(4))
}

func (d dice) size() any {
	if d.rarely(25) {
		return int64(95)
	}
	return one[any](d, nil, nil, int64(0), int64(0), int64(13), int64(50), int64(89), int64(-7))
}

// set draws what Patch sets; now and then what it must not.
func (d dice) set(t *refTable) record {
	row, out := d.row(t.name, true), record{}
	if d.rarely(25) {
		return out
	}
	free := t.names(func(c refColumn) bool { return !slices.Contains(t.fixed, c.name) && (c.name != "code" || d.rarely(3)) })
	for _, name := range some(d, 1, 3, free) {
		out[name] = row[name]
	}
	if price, ok := out["price"]; ok && d.rarely(2) {
		out["price"] = one[any](d, price, "7", "7.5", "-0")
	}
	if d.rarely(25) {
		out[t.columns[len(t.columns)/2].name] = nil
	}
	return out
}

// conflict draws the options of an upsert.
func (d dice) conflict(t *refTable) (c conflict) {
	if d.rarely(2) {
		c.target = slices.Clone(t.uniques[0])
		slices.Reverse(c.target)
	} else if d.rarely(2) {
		c.target = slices.Clone(t.key)
	}
	switch d.IntN(4) {
	case 0:
		c.nothing = true
	case 1:
		var names []string
		for _, name := range t.names(func(refColumn) bool { return true }) {
			if !slices.Contains(t.fixed, name) && !slices.Contains(c.target, name) || d.rarely(40) {
				names = append(names, name)
			}
		}
		c.only = some(d, 1, 2, names)
	}
	return c
}

// names gives the columns of which something is true.
func (t *refTable) names(holds func(refColumn) bool) (out []string) {
	for _, c := range t.columns {
		if holds(c) {
			out = append(out, c.name)
		}
	}
	return out
}

// groups draws what Aggregate computes.
func (d dice) groups(t *refTable) (by []string, terms []refTerm) {
	by = some(d, 0, 2, t.names(func(c refColumn) bool { return c.kind != schema.KindTime && c.name != t.auto }))
	numbers := t.names(func(c refColumn) bool { return c.kind.Integer() || c.kind == schema.KindDecimal })
	ordered := t.names(func(c refColumn) bool { return c.kind != schema.KindBool })
	for i := range 1 + d.IntN(4) {
		term := refTerm{fn: one(d, "count", "sum", "avg", "min", "max")}
		switch {
		case term.fn == "count" && d.rarely(2):
		case term.fn == "sum" || term.fn == "avg":
			term.column = one(d, numbers...)
		default:
			term.column = one(d, ordered...)
		}
		if term.as = term.fn + "(" + term.column + ")"; term.column == "" {
			term.as = term.fn
		}
		if d.rarely(2) || slices.ContainsFunc(terms, func(other refTerm) bool { return other.as == term.as }) {
			term.as = "term " + string(rune('a'+i))
		}
		terms = append(terms, term)
	}
	return by, terms
}
