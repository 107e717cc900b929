package nodes_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// errRefused is what the hooks of these tests say no with.
var errRefused = errors.New("a hook says no")

// The hooks of a node, each with what those before it do.
const (
	hooksCheck  = "check"  // Validate refuses codes with an exclamation mark
	hooksLog    = "log"    // Before hooks write the journal, and give the word for which a row asks
	hooksRefuse = "refuse" // After hooks refuse rows of an unlucky size, and every removal
)

// forbidden is what Validate says.
func (w *world) forbidden(r record) error {
	if code, _ := r["code"].(string); w.hooks != "" && strings.Contains(code, "!") {
		return schema.ErrInvalid
	}
	return nil
}

// unlucky is what After hooks say.
func (w *world) unlucky(r record) error {
	if w.hooks == hooksRefuse && r["size"] == int64(13) {
		return errRefused
	}
	return nil
}

// calls reports whether there are Before or After hooks.
func (w *world) calls() bool { return w.hooks == hooksLog || w.hooks == hooksRefuse }

// write adds to the journal.
func (w *world) write(verb, subject string) error {
	row := record{"id": int64(0), "verb": "before " + verb, "subject": subject, "ticket": nil}
	_, err := w.create(w.tables["journal"], row)
	return err
}

// between stores a row between the hooks of a verb. What is refused leaves nothing behind.
func (w *world) between(t *refTable, verb string, row record, store func(record) (record, error)) (record, error) {
	if w.hooks == "" || t.subjects == "" {
		return store(row)
	}
	before, r := w.snapshot(), maps.Clone(row)
	var err error
	if w.calls() && verb != "" {
		if r["grade"] == "ask" {
			r["grade"] = "told"
		}
		err = w.write(verb, r[t.subjects].(string))
	}
	if err == nil {
		err = w.forbidden(r)
	}
	if err == nil {
		r, err = store(r)
	}
	if err == nil && verb != "" {
		err = w.unlucky(r)
	}
	if err != nil {
		w.put(before)
		return nil, err
	}
	return r, nil
}

// removal removes a row between the hooks.
func (w *world) removal(t *refTable, remove func() error) error {
	if !w.calls() || t.subjects == "" || t.grows {
		return remove()
	}
	before := w.snapshot()
	err := w.write("delete", "")
	if err == nil {
		err = remove()
	}
	if err == nil && w.hooks == hooksRefuse {
		err = errRefused
	}
	if err != nil {
		w.put(before)
	}
	return err
}

// conflict is the options of an upsert.
type conflict struct {
	target, only []string
	nothing      bool
}

// what has become of a row.
const (
	skipped = iota
	inserted
	updated
)

// checked refuses a conflict that makes no sense, and completes it.
func (t *refTable) checked(c conflict) (conflict, error) {
	if len(c.target) == 0 {
		c.target = t.key
	}
	unique := false
	for _, columns := range append([][]string{t.key}, t.uniques...) {
		if slices.Equal(slices.Sorted(slices.Values(columns)), slices.Sorted(slices.Values(c.target))) {
			c.target, unique = columns, true
		}
	}
	settable := !slices.ContainsFunc(c.only, func(name string) bool {
		return slices.Contains(t.fixed, name) || slices.Contains(c.target, name)
	})
	if !unique || !settable || c.nothing && len(c.only) > 0 || t.grows && !c.nothing {
		return c, schema.ErrInvalid
	}
	return c, nil
}

// upsert stores a row by a conflict that was checked, and gives the row as it is stored.
func (w *world) upsert(t *refTable, row record, c conflict) (out record, what int, err error) {
	at := t.find(w.begun(t, row), c.target)
	verb := map[bool]string{true: "create", false: "update"}[at < 0]
	if at >= 0 && c.nothing {
		verb = ""
	}
	what = map[string]int{"create": inserted, "update": updated}[verb]
	out, err = w.between(t, verb, row, func(row record) (record, error) {
		r := w.begun(t, row)
		if t.invalid(row) {
			return nil, schema.ErrInvalid
		}
		if err := t.unfit(r); err != nil {
			return nil, err
		}
		switch what {
		case skipped:
			return row, nil
		case inserted:
			return w.create(t, row)
		}
		set := t.free(r, c.target...)
		if len(c.only) > 0 {
			maps.DeleteFunc(set, func(name string, _ any) bool { return !slices.Contains(c.only, name) })
		}
		if t.deleted != "" {
			set[t.deleted] = nil
		}
		if err := w.change(t, at, set); err != nil {
			return nil, err
		}
		return maps.Clone(t.rows[at]), nil
	})
	return out, what, err
}

// fault is what was wrong: with a row of a bulk method, or with the whole call.
type fault struct {
	index int // -1: the call
	kind  error
}

// String tells it.
func (f fault) String() string { return fmt.Sprintf("row %d: %v", f.index, f.kind) }

// each stores rows in an order, all or none of them, or with perRow those that can be stored. Rows that early refuses are
// not sent.
func (w *world) each(
	rows []record, perRow bool, early func(i int) error, order func(left []int) []int, store func(i int) error,
) (faults []fault) {
	var left []int
	for i := range rows {
		if err := early(i); err == nil {
			left = append(left, i)
		} else if faults = append(faults, fault{i, err}); !perRow {
			return faults
		}
	}
	before := w.snapshot()
	for _, i := range order(left) {
		if err := store(i); err != nil {
			if faults = append(faults, fault{i, err}); !perRow {
				w.put(before)
				return faults
			}
		}
	}
	slices.SortFunc(faults, func(a, b fault) int { return a.index - b.index })
	return faults
}

// early is what is found out of a row before anything is sent: with Before hooks, which may still change it, of some
// columns alone.
func (w *world) early(t *refTable, r record, columns []string) error {
	hooked := t.subjects != "" && w.calls()
	if !hooked {
		columns = nil
		if t.subjects != "" && w.forbidden(r) != nil {
			return schema.ErrInvalid
		}
	}
	if t.invalid(r, columns...) {
		return schema.ErrInvalid
	}
	return nil
}

// bulkCreate stores rows that bring a key, then those whose number is to come; with hooks as they come. On success they are
// as they are stored.
func (w *world) bulkCreate(t *refTable, rows []record, perRow bool) (out []record, faults []fault) {
	out = slices.Clone(rows)
	faults = w.each(rows, perRow,
		func(i int) error { return w.early(t, rows[i], []string{"-"}) },
		func(left []int) []int {
			if t.auto != "" && (t.subjects == "" || !w.calls()) {
				slices.SortStableFunc(left, func(i, j int) int {
					return cmp.Compare(truthOf(rows[i][t.auto] == int64(0)), truthOf(rows[j][t.auto] == int64(0)))
				})
			}
			return left
		},
		func(i int) error {
			r, err := w.between(t, "create", rows[i], func(r record) (record, error) { return w.create(t, r) })
			if err == nil {
				out[i] = r
			}
			return err
		})
	return settled(rows, out, faults, perRow)
}

// settled gives the rows as they are handed back.
func settled(rows, out []record, faults []fault, perRow bool) ([]record, []fault) {
	if len(faults) > 0 && !perRow {
		return rows, faults
	}
	return out, faults
}

// bulkUpdateRows stores rows in the order of their keys.
func (w *world) bulkUpdateRows(t *refTable, rows []record, perRow bool) (out []record, faults []fault) {
	if t.grows {
		return rows, []fault{{-1, schema.ErrInvalid}}
	}
	out = slices.Clone(rows)
	var taken []int
	faults = w.each(rows, perRow,
		func(i int) error {
			if err := w.early(t, rows[i], t.key); err != nil {
				return err
			}
			if slices.ContainsFunc(taken, func(j int) bool { return rows[i].same(rows[j], t.key) }) {
				return schema.ErrInvalid
			}
			taken = append(taken, i)
			return nil
		},
		func(left []int) []int {
			slices.SortFunc(left, func(i, j int) int { return byColumns(rows[i], rows[j], t.key) })
			return left
		},
		func(i int) error {
			r, err := w.between(t, "update", rows[i], func(r record) (record, error) { return w.update(t, r) })
			if err == nil {
				out[i] = r
			}
			return err
		})
	return settled(rows, out, faults, perRow)
}

// byColumns orders keys, whose values are numbers and texts.
func byColumns(a, b record, columns []string) int {
	for _, c := range columns {
		x, number := a.of(c).(int64)
		if !number {
			if order := strings.Compare(a.of(c).(string), b.of(c).(string)); order != 0 {
				return order
			}
			continue
		}
		if order := cmp.Compare(x, b.of(c).(int64)); order != 0 {
			return order
		}
	}
	return 0
}

// bulkUpsert stores of rows that are the same the last one, or the first one where nothing is done about those that are
// there; in the order of the conflict's columns, rows with a number to come behind the others, then those that are the
// same as none.
func (w *world) bulkUpsert(
	t *refTable, rows []record, c conflict, perRow bool,
) (out []record, counts [3]int64, faults []fault) {
	c, err := t.checked(c)
	if err != nil {
		return rows, counts, []fault{{-1, err}}
	}
	out = slices.Clone(rows)
	faults = w.each(rows, perRow,
		func(i int) error { return w.early(t, rows[i], c.target) },
		func(left []int) []int { return t.winners(rows, left, c) },
		func(i int) error {
			r, what, err := w.upsert(t, rows[i], c)
			if err == nil && what != skipped {
				out[i] = r
				counts[what]++
			}
			return err
		})
	if len(faults) > 0 && !perRow {
		return rows, [3]int64{}, faults
	}
	counts[skipped] = int64(len(rows)-len(faults)) - counts[inserted] - counts[updated]
	return out, counts, faults
}

// winners are the rows of a bulk upsert that are stored, in their order.
func (t *refTable) winners(rows []record, left []int, c conflict) []int {
	numbered := func(i int) bool { return t.auto != "" && rows[i][t.auto] == int64(0) }
	single := func(i int) bool {
		return slices.ContainsFunc(c.target, func(name string) bool {
			return rows[i].of(name) == nil || name == t.auto && numbered(i)
		})
	}
	rank := func(i int) (rank int) {
		if numbered(i) {
			rank = 1
		}
		if single(i) {
			rank += 2
		}
		return rank
	}
	var out []int
	for _, i := range left {
		twin := slices.IndexFunc(out, func(j int) bool { return !single(i) && !single(j) && rows[i].same(rows[j], c.target) })
		switch {
		case twin < 0:
			out = append(out, i)
		case !c.nothing:
			out[twin] = i
		}
	}
	slices.SortFunc(out, func(i, j int) int {
		if order := rank(i) - rank(j); order != 0 {
			return order
		}
		if single(i) {
			return i - j
		}
		return byColumns(rows[i], rows[j], c.target)
	})
	return out
}
