package schema

import "slices"

// Groups puts tables into the order in which they can be made: a table comes after those that its foreign keys point
// to, and tables that point at each other in a circle form one group, sorted by name. Targets that are not among the
// tables do not count. The same tables give the same groups, whatever their order.
func Groups(tables []*Table) [][]*Table {
	sorted := slices.Clone(tables)
	slices.SortFunc(sorted, func(a, b *Table) int { return a.ref.Compare(b.ref) })
	w := &walk{
		byRef: make(map[Ref]*Table, len(sorted)),
		found: make(map[*Table]int, len(sorted)), low: make(map[*Table]int, len(sorted)), open: map[*Table]bool{},
	}
	for _, t := range sorted {
		w.byRef[t.ref] = t
	}
	for _, t := range sorted {
		if w.found[t] == 0 {
			w.visit(t)
		}
	}
	return w.groups
}

// walk is Tarjan's search for strongly connected components (SIAM J. Comput. 1, 1972), which gives them in the order
// wanted here: what is pointed to comes first.
type walk struct {
	byRef  map[Ref]*Table
	found  map[*Table]int // when the table was found, from 1; 0 is not yet
	low    map[*Table]int // the earliest table that is reached from it and still open
	open   map[*Table]bool
	stack  []*Table
	groups [][]*Table
}

func (w *walk) visit(t *Table) {
	w.found[t] = len(w.found) + 1
	w.low[t] = w.found[t]
	w.stack, w.open[t] = append(w.stack, t), true
	for _, fk := range t.foreignKeys {
		target := w.byRef[fk.References]
		switch {
		case target == nil:
		case w.found[target] == 0:
			w.visit(target)
			w.low[t] = min(w.low[t], w.low[target])
		case w.open[target]:
			w.low[t] = min(w.low[t], w.found[target])
		}
	}
	if w.low[t] != w.found[t] {
		return
	}
	at := slices.Index(w.stack, t)
	group := slices.Clone(w.stack[at:])
	w.stack = w.stack[:at]
	for _, member := range group {
		w.open[member] = false
	}
	slices.SortFunc(group, func(a, b *Table) int { return a.ref.Compare(b.ref) })
	w.groups = append(w.groups, group)
}
