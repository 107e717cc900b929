package schema

import (
	"reflect"
	"slices"
	"sync"
)

// Models makes tables like TableOf and lets those of one struct type share what does not depend on a table's name: a
// program that keeps a table for each tenant reads the struct once, and holds its columns once. The zero value is ready
// for use, and is safe for concurrent use. It must not be copied.
type Models struct{ types sync.Map } // reflect.Type → *prototype

// prototype is what the tables of one struct type have in common.
type prototype struct {
	builder *builder // as it stands before the options; without faults
	first   *Table
}

// TableOf is the function of that name for a struct type that is known at run time, as TableOfType is.
func (m *Models) TableOf(rt reflect.Type, opts ...TableOption) (*Table, error) {
	if found, ok := m.types.Load(rt); ok {
		p := found.(*prototype)
		t, err := p.builder.again().finish(opts)
		if err == nil {
			t.share(p.first)
		}
		return t, err
	}
	b := newBuilder(rt)
	if rt.Kind() != reflect.Struct {
		return tableOf(rt, opts)
	}
	b.fields(rt, 0, "")
	if len(b.faults) > 0 {
		return b.finish(opts)
	}
	t, err := b.again().finish(opts)
	if err == nil {
		m.types.Store(rt, &prototype{builder: b, first: t})
	}
	return t, err
}

// again gives a builder that goes on where this one stands, and leaves this one as it is.
func (b *builder) again() *builder {
	t := *b.table
	// What options append goes elsewhere.
	t.indexes, t.foreignKeys, t.checks = slices.Clip(t.indexes), slices.Clip(t.foreignKeys), slices.Clip(t.checks)
	return &builder{table: &t, groups: b.groups, tags: b.tags, keyed: b.keyed}
}

// share has a table hold what is the same in another one of its type only once.
func (t *Table) share(other *Table) {
	if t.fingerprint == other.fingerprint {
		t.fingerprint = other.fingerprint
	}
	sameIndex := func(a, b Index) bool {
		return a.Name == b.Name && a.Unique == b.Unique && slices.Equal(a.Columns, b.Columns)
	}
	if slices.EqualFunc(t.indexes, other.indexes, sameIndex) {
		t.indexes = other.indexes
	}
	if slices.EqualFunc(t.foreignKeys, other.foreignKeys, func(a, b ForeignKey) bool { return a.Name == b.Name && a.same(b) }) {
		t.foreignKeys = other.foreignKeys
	}
	if slices.Equal(t.checks, other.checks) {
		t.checks = other.checks
	}
}
