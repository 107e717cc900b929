package coordinator

import (
	"slices"
	"sync"

	"github.com/schemactor/schemactor/nodes/dynamic"
	"github.com/schemactor/schemactor/schema"
)

// handlers are the nodes that can be called by name.
type handlers struct {
	mu      sync.RWMutex
	all     []dynamic.Handler // in the order in which they came
	byTable map[string]int
	byName  map[string][]int // of the model, and of the table without its namespace
}

// Expose lets nodes be called by name, as workflows do: c.Expose(dynamic.New(users), dynamic.New(orders.WithHooks(…))). What
// is not exposed cannot be reached in this way. They are called as they are given, with their hooks. Of two handlers of one
// table the later one counts; what was built with the earlier one keeps it. One of a table that is not registered with this
// coordinator is schema.ErrInvalid, and none of them is taken in then.
func (c *Coordinator) Expose(all ...dynamic.Handler) error {
	const op = "expose"
	for _, h := range all {
		if h == nil {
			return schema.Invalid(op, "", "", "no handler given")
		}
		table := h.Table()
		registered, ok := c.system.Table(table.Ref())
		switch {
		case !ok:
			return schema.Invalid(op, table.String(), "", "no such table is registered")
		case registered.Model() != table:
			return schema.Invalid(op, table.String(), "", "the handler is of another node's table")
		}
	}
	for _, h := range all {
		c.handlers.keep(h)
	}
	return nil
}

// keep takes in a handler.
func (h *handlers) keep(handler dynamic.Handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	table := handler.Table()
	if at, ok := h.byTable[table.String()]; ok {
		h.all[at] = handler
		return
	}
	if h.byTable == nil {
		h.byTable, h.byName = map[string]int{}, map[string][]int{}
	}
	at := len(h.all)
	h.all = append(h.all, handler)
	h.byTable[table.String()] = at
	names := []string{table.GoType().Name(), table.Ref().Name}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		h.byName[name] = append(h.byName[name], at)
	}
}

// Handler gives an exposed node without its types, by the whole name of its table ("orders", "billing.orders"), or else by
// the name of its model ("Order") or that of its table without the namespace, where only one exposed table has it. The
// result is safe for concurrent use.
func (c *Coordinator) Handler(name string) (handler dynamic.Handler, ok bool) {
	h := &c.handlers
	h.mu.RLock()
	defer h.mu.RUnlock()
	if at, ok := h.byTable[name]; ok {
		return h.all[at], true
	}
	if all := h.byName[name]; len(all) == 1 {
		return h.all[all[0]], true
	}
	return nil, false
}

// Handlers gives all exposed nodes without their types, in the order in which they were exposed. The slice is the caller's.
func (c *Coordinator) Handlers() []dynamic.Handler {
	c.handlers.mu.RLock()
	defer c.handlers.mu.RUnlock()
	return slices.Clone(c.handlers.all)
}
