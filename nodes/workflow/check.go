package workflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

func (w *building) fault(format string, args ...any) {
	w.faults.add(func() error { return schema.Invalid("build workflow", w.name, "", format, args...) })
}

// wrong reports what was found out about a step elsewhere.
func (w *building) wrong(name string, err error) {
	if err != nil {
		w.faults.add(func() error { return fmt.Errorf("build workflow %s: step %s: %w", w.name, name, err) })
	}
}

// take copies the steps and learns their names.
func (w *building) take() {
	for i, s := range w.builder.steps {
		w.steps[i] = planned{name: s.name, fn: s.fn, input: merged([]Input{s.input})}
		switch {
		case s.name == "" || strings.Contains(s.name, "."):
			w.fault("step %d: %.60q is no name for a step", i, s.name)
		case s.name == inputName:
			w.fault("step %d: %q means the inputs of the workflow", i, s.name)
		case s.call == nil && s.fn == nil:
			w.fault("step %s: no function given", s.name)
		}
		if _, twice := w.places[s.name]; twice {
			w.fault("two steps have the name %.60q", s.name)
			continue
		}
		w.places[s.name] = i
	}
	for _, wait := range w.builder.waits {
		later, ok := w.places[wait.name]
		if !ok {
			w.fault("there is no step %.60q to come after others", wait.name)
			continue
		}
		for _, name := range wait.earlier {
			if earlier, ok := w.places[name]; ok {
				w.depend(later, earlier)
			} else {
				w.fault("step %s comes after %.60q, which is no step", wait.name, name)
			}
		}
	}
}

// depend has one step wait for another.
func (w *building) depend(later, earlier int) {
	if later == earlier {
		w.fault("step %s depends on itself", w.steps[later].name)
		return
	}
	if !slices.Contains(w.steps[later].needs, earlier) {
		w.steps[later].needs = append(w.steps[later].needs, earlier)
		w.steps[earlier].feeds = append(w.steps[earlier].feeds, later)
	}
}

// connect lays the wires.
func (w *building) connect() {
	inputs := map[string]bool{}
	for _, c := range w.builder.connections {
		from, path, _ := strings.Cut(c.from, ".")
		to, field, _ := strings.Cut(c.to, ".")
		target, known := w.places[to]
		if !known {
			w.fault("connection %.60q → %.60q: there is no step %.60q", c.from, c.to, to)
			continue
		}
		name, in, _ := strings.Cut(field, ".")
		line := wire{from: fromInput, path: path, to: name, in: in}
		source, found := w.places[from]
		switch {
		case path == "" || field == "":
			w.fault("connection %.60q → %.60q: want step.output and step.input", c.from, c.to)
			continue
		case from == inputName:
			input, _, _ := strings.Cut(path, ".")
			inputs[input] = true
		case !found:
			w.fault("connection %.60q → %.60q: there is no step %.60q", c.from, c.to, from)
			continue
		default:
			line.from = source
			w.depend(target, source)
		}
		w.steps[target].wires = append(w.steps[target].wires, line)
	}
	w.inputs = slices.Sorted(maps.Keys(inputs))
	for i := range w.steps {
		slices.Sort(w.steps[i].needs)
		w.once(&w.steps[i])
	}
}

// once finds inputs that are given twice: as a whole and in part, or the same part.
func (w *building) once(s *planned) {
	given := make(map[string]map[string]bool, len(s.input)) // "" is the whole
	for name, value := range s.input {
		given[name] = map[string]bool{}
		object, ok := value.(map[string]any)
		if !ok {
			given[name][""] = true
		}
		for part := range object {
			given[name][part] = true
		}
	}
	for _, line := range s.wires {
		parts := given[line.to]
		if parts == nil {
			parts = map[string]bool{}
			given[line.to] = parts
		} else if line.in == "" || parts[""] || parts[line.in] {
			w.fault("step %s: input %.60q is given twice", s.name, strings.TrimSuffix(line.to+"."+line.in, "."))
		}
		parts[line.in] = true
	}
}

// look looks everything up in the models.
func (w *building) look() {
	for i := range w.steps {
		s, call := &w.steps[i], w.builder.steps[i].call
		if call == nil {
			continue
		}
		handler, ok := w.registry.Handler(call.model)
		if !ok {
			w.fault("step %s: unknown model %.60q: no exposed table has this name, or more than one", s.name, call.model)
			continue
		}
		s.handler, s.operation = handler, call.operation
		var later []string
		for _, line := range s.wires {
			later = append(later, strings.TrimSuffix(line.to+"."+line.in, "."))
		}
		for _, err := range handler.Check(call.operation, s.input, later...) {
			w.wrong(s.name, err)
		}
	}
	checked := map[string]bool{}
	for i := range w.steps {
		for _, line := range w.steps[i].wires {
			if line.from == fromInput {
				continue
			}
			s := &w.steps[line.from]
			if s.handler == nil || checked[s.name+"."+line.path] || !w.has(s) {
				continue
			}
			checked[s.name+"."+line.path] = true
			w.wrong(s.name, s.handler.CheckOutput(s.operation, line.path))
		}
	}
}

// has reports whether a step's operation is one: Check has said so already where it is none.
func (w *building) has(s *planned) bool {
	for _, o := range s.handler.Operations() {
		if o.Name == s.operation {
			return true
		}
	}
	return false
}

// sort puts the steps in an order: of those that are ready, the one that was given first.
func (w *building) sort() {
	open := make([]int, len(w.steps))
	done := make([]bool, len(w.steps))
	for i := range w.steps {
		open[i] = len(w.steps[i].needs)
	}
	ready := &indexes{}
	for i, n := range open {
		if n == 0 {
			ready.push(i)
		}
	}
	for !ready.empty() {
		i := ready.pop()
		done[i] = true
		w.order = append(w.order, i)
		for _, next := range w.steps[i].feeds {
			if open[next]--; open[next] == 0 {
				ready.push(next)
			}
		}
	}
	if len(w.order) < len(w.steps) {
		w.fault("steps depend on each other in a circle: %s", strings.Join(w.circle(done), " → "))
	}
}

// mostNames is how many steps of a circle are named.
const mostNames = 20

// circle finds steps that depend on each other: whoever goes back from a step that never got ready comes round.
func (w *building) circle(done []bool) []string {
	at := slices.Index(done, false)
	seen := map[int]int{}
	var way []int
	for {
		if first, again := seen[at]; again {
			way = append(way[first:], at)
			break
		}
		seen[at] = len(way)
		way = append(way, at)
		for _, before := range w.steps[at].needs {
			if !done[before] {
				at = before
				break
			}
		}
	}
	slices.Reverse(way)
	names := make([]string, len(way))
	for i, at := range way {
		names[i] = w.steps[at].name
	}
	if len(names) > mostNames {
		names = slices.Replace(names, mostNames/2, len(names)-mostNames/2, "…")
	}
	return names
}
