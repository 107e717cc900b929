package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// Names of what a plan makes for its own use, and takes away when it has come so far. They begin with more than the
// library's prefix, for the ledger's own indexes and checks begin with that, too.
const (
	requiredPrefix = "schemactor_nn_"   // a check that stands for NOT NULL until that can be said without a look at the rows
	fillingPrefix  = "schemactor_fill_" // a check that holds always: the column's old rows are not all filled yet
	keyPrefix      = "schemactor_key_"  // a unique index that is to become the primary key
	ownPrefix      = "schemactor_"      // columns; no column of a model begins so
)

// leftovers are what an interrupted plan has made: true marks what is complete.
type leftovers struct {
	checks  map[string]bool
	indexes map[string]bool
	columns []string
}

func (a *alteration) requiredName(column string) string { return a.FitName(requiredPrefix + column) }

func (a *alteration) fillingName(column string) string { return a.FitName(fillingPrefix + column) }

// keyName names the index that is to become a key. Another table's key may change at the same time.
func keyName(table string, columns []string) string {
	sum := sha256.Sum256([]byte(table + "\x00" + strings.Join(columns, "\x00")))
	return keyPrefix + hex.EncodeToString(sum[:])[:8]
}

// leftovers takes from a table what an interrupted plan has left in it.
func (a *alteration) leftovers(live *schema.Live) (leftovers, *schema.Live) {
	ours, out := leftovers{checks: map[string]bool{}, indexes: map[string]bool{}}, *live
	out.Checks = slices.DeleteFunc(slices.Clone(out.Checks), func(c schema.LiveCheck) bool {
		mine := strings.HasPrefix(c.Name, requiredPrefix) || strings.HasPrefix(c.Name, fillingPrefix)
		if mine {
			ours.checks[c.Name] = !slices.Contains(live.NotValid, c.Name)
		}
		return mine
	})
	out.Indexes = slices.DeleteFunc(slices.Clone(out.Indexes), func(ix schema.LiveIndex) bool {
		mine := strings.HasPrefix(ix.Name, keyPrefix)
		if mine {
			ours.indexes[ix.Name] = true
		}
		return mine
	})
	out.Columns = slices.DeleteFunc(slices.Clone(out.Columns), func(c schema.LiveColumn) bool {
		mine := strings.HasPrefix(c.Name, ownPrefix)
		if mine {
			ours.columns = append(ours.columns, c.Name)
		}
		return mine
	})
	return ours, &out
}

// clear takes away what an interrupted plan has left behind and this one does not go on with.
func (a *alteration) clear() {
	for _, name := range a.live.Invalid {
		if a.derived(name) {
			a.dropIndex(name)
		} else {
			a.taken[name] = true
		}
	}
	for _, ix := range sorted(a.ours.indexes) {
		if !a.delta.Key || ix != keyName(a.t.Model.Ref().Name, a.t.Born.Key) {
			a.dropIndex(ix)
		}
	}
	for _, name := range sorted(a.ours.checks) {
		if !a.goesOn(name) {
			a.change("DROP CONSTRAINT " + a.Quote(name))
		}
	}
}

// abandoned tells of columns that were to take the place of others whose type was to change, and that nothing refers to
// any more. They are left to a person: a trigger may still write to them, and without them every write would fail.
func (a *alteration) abandoned() {
	for _, name := range a.ours.columns {
		mentioned := func(s schema.Statement) bool { return strings.Contains(s.SQL, a.Quote(name)) }
		if !slices.ContainsFunc(a.plan.Statements, mentioned) {
			a.plan.Notes = append(a.plan.Notes, "column "+naming([]string{name})+" is left over from a change of type that is no longer wanted")
		}
	}
}

// goesOn reports whether a left-behind check belongs to a column that is still to be filled, or to become NOT NULL.
func (a *alteration) goesOn(check string) bool {
	for _, want := range a.t.Born.Columns {
		have, ok := a.live.Column(want.Name)
		switch {
		case !ok:
		case check == a.fillingName(want.Name):
			return true
		case check == a.requiredName(want.Name):
			return want.NotNull && !have.NotNull
		}
	}
	return false
}

// derived reports whether an unfinished index has a name that this library gives.
func (a *alteration) derived(name string) bool {
	if strings.HasPrefix(name, keyPrefix) {
		return true
	}
	for _, ref := range []schema.Ref{a.t.Model.Ref(), a.t.Live.Ref} {
		for _, ix := range a.t.Model.Indexes() {
			if name == a.FitName(schema.IndexName(ref, ix)) {
				return true
			}
		}
		if strings.HasPrefix(name, ref.Name+"__") && (strings.Contains(name, "_ix") || strings.Contains(name, "_uq")) {
			return true
		}
	}
	return false
}

// dropIndex drops one that nobody uses, and on a table with rows keeps nobody waiting.
func (a *alteration) dropIndex(name string) {
	s := schema.Statement{SQL: "DROP INDEX IF EXISTS " + a.inNamespace(name), Lock: accessExclusive}
	if a.online() {
		s.SQL = "DROP INDEX CONCURRENTLY IF EXISTS " + a.inNamespace(name)
		s.Mode, s.Lock = schema.ModeConcurrent, shareUpdateExclusive
	}
	a.add(s)
	delete(a.taken, name)
}

// inNamespace quotes the name of something that stands where the table does.
func (a *alteration) inNamespace(name string) string {
	return a.QuoteTable(schema.Ref{Namespace: a.t.Model.Ref().Namespace, Name: name})
}

func sorted(set map[string]bool) []string {
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// without gives a table without columns, and without what the server drops with them.
func without(live *schema.Live, gone []schema.Rename) *schema.Live {
	out := *live
	is := func(name string) bool {
		return slices.ContainsFunc(gone, func(r schema.Rename) bool { return r.From == name })
	}
	over := func(expr string) bool {
		return slices.ContainsFunc(gone, func(r schema.Rename) bool { return schema.Mentions(expr, r.From) })
	}
	out.Columns = slices.DeleteFunc(slices.Clone(out.Columns), func(c schema.LiveColumn) bool { return is(c.Name) })
	out.Indexes = slices.DeleteFunc(slices.Clone(out.Indexes), func(ix schema.LiveIndex) bool { return over(ix.Definition) })
	out.Checks = slices.DeleteFunc(slices.Clone(out.Checks), func(c schema.LiveCheck) bool { return over(c.Expr) })
	out.ForeignKeys = slices.DeleteFunc(slices.Clone(out.ForeignKeys), func(fk schema.ForeignKey) bool {
		return slices.ContainsFunc(fk.Columns, is)
	})
	return &out
}
