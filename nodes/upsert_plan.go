package nodes

import (
	"github.com/schemactor/schemactor/dialect"
)

// upsertPlan is a conflict that was looked up, and the statements for it.
type upsertPlan struct {
	dialect.Conflict
	byKey     bool            // the target is the primary key
	given     *upsertCommands // for rows whose auto key is not zero, and for tables without one
	automatic *upsertCommands // for rows whose auto key is zero
}

// upsertCommands are the statements of one upsert. They bind the same values.
type upsertCommands struct {
	first command // where told is not set, it inserts or does nothing
	then  command // updates the row that kept the first from inserting; without text: it stays as it is
	told  bool    // first does all, and tells whether it has inserted
	stays bool    // a row that is there stays as it is, also where it comes back
}

// outcome tells what became of a row: whether one has come back, by the second statement, or as a new one by the first.
func (u *upsertCommands) outcome(found, second, fresh bool) outcome {
	switch {
	case !found, u.told && !fresh && u.stays:
		return left
	case second, u.told && !fresh:
		return updated
	}
	return inserted
}

// upsertKind tells apart the plans that are kept: as many as a table has unique indexes and its key, twice.
type upsertKind struct {
	index   int // place in Table.Indexes, -1 for the primary key
	nothing bool
}

// plan checks a wish and gives the statements for it.
func (n *Node[T, K]) plan(op string, w *upsertWish) (*upsertPlan, error) {
	if err := n.contradiction(op, w); err != nil {
		return nil, err
	}
	if !w.nothing {
		if err := n.changeable(op); err != nil {
			return nil, err
		}
	}
	target, index, err := n.target(op, w)
	if err != nil {
		return nil, err
	}
	kind := upsertKind{index, w.nothing}
	if kept, ok := n.core().upserts.Load(kind); ok && w.onlys == 0 {
		return kept.(*upsertPlan), nil
	}
	p := &upsertPlan{Conflict: dialect.Conflict{Target: target, Nothing: w.nothing}, byKey: index < 0}
	if p.Set, err = n.settled(op, w, target); err != nil {
		return nil, err
	}
	n.core().prepare(p)
	if w.onlys == 0 {
		n.core().upserts.Store(kind, p)
	}
	return p, nil
}

func (c *core[T, K]) prepare(p *upsertPlan) {
	p.given = c.upsertCommands(p.Conflict, false)
	switch {
	case c.auto < 0:
		p.automatic = p.given
	case p.byKey:
		// Not even a number that is there already, for want of care with the sequence, may lead to another's row.
		p.automatic = &upsertCommands{first: c.insertAuto}
	default:
		p.automatic = c.upsertCommands(p.Conflict, true)
	}
}

func (c *core[T, K]) upsertCommands(conflict dialect.Conflict, auto bool) *upsertCommands {
	st := c.statements.Upsert(conflict, auto)
	settle := c.command(st, true)
	if conflict.Nothing || st.Told {
		return &upsertCommands{first: settle, told: st.Told, stays: conflict.Nothing}
	}
	conflict.Nothing = true
	return &upsertCommands{first: c.command(c.statements.Upsert(conflict, auto), true), then: settle}
}
