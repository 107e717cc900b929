package telemetry

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/schemactor/schemactor/schema"
)

// otherTables is the label of tables that have none of their own.
const otherTables = "_OTHER"

// shelf has what is recorded of each table, by its label.
type shelf struct {
	of   *Telemetry
	most int // tables with a label of their own; negative: no labels for tables

	mu     sync.RWMutex
	system string // db.system.name
	each   map[schema.Ref]*shelved
	rest   *shelved
}

// where is db.system.name, db.namespace and db.collection.name: what a table may share with those that have no label of their own,
// if it is called as their label is.
type where [3]string

// shelved is what is recorded under one label.
type shelved struct {
	where      where
	by         *Telemetry
	warm       atomic.Pointer[counter] // nil before the first one
	byMethod   [schema.Methods]atomic.Pointer[recorded]
	ownsLabels bool
}

// setSystem learns from the dialect's name which database it is.
func (s *shelf) setSystem(database string) {
	switch database { // as the conventions have it
	case "postgres":
		database = "postgresql"
	case "mysql":
		database = "mariadb" // the only one that the dialect opens
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system = database
}

// here are the labels of what is no table's.
func (s *shelf) here() (system, namespace string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.system, s.of.config.Namespace
}

// table gives what a table is recorded under. The zero Ref is that of transactions.
func (s *shelf) table(ref schema.Ref) *shelved {
	s.mu.RLock()
	found := s.each[ref]
	if found == nil && len(s.each) > s.most && ref.Name != "" {
		found = s.rest
	}
	s.mu.RUnlock()
	if found != nil {
		return found
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.each[ref]; found != nil {
		return found
	}
	if s.each == nil { // transactions have their place from the beginning, beside those for tables
		s.each = map[schema.Ref]*shelved{{}: s.put("", s.of.config.Namespace, false)}
	}
	switch {
	case ref.Name == "":
		return s.each[ref]
	case len(s.each) <= s.most:
		found = s.put(label(ref.Name), s.namespace(ref), true)
		s.each[ref] = found
		return found
	case s.rest == nil && s.most < 0:
		s.rest = s.put("", s.of.config.Namespace, false)
	case s.rest == nil:
		s.rest = s.put(otherTables, s.of.config.Namespace, false)
	}
	return s.rest
}

// namespace is where a table is.
func (s *shelf) namespace(ref schema.Ref) string {
	switch own := s.of.config.Namespace; {
	case ref.Namespace == "":
		return own
	case own == "":
		return label(ref.Namespace)
	default:
		return own + "|" + label(ref.Namespace)
	}
}

// put makes the place for a label. The caller holds the lock, for reading at least.
func (s *shelf) put(table, namespace string, own bool) *shelved {
	return &shelved{where: where{s.system, namespace, table}, by: s.of, ownsLabels: own}
}

// ledger gives what the library's own tables are recorded under: they take no label from others.
func (s *shelf) ledger(ref schema.Ref) *shelved {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.most < 0 {
		return s.put("", s.of.config.Namespace, false)
	}
	return s.put(label(ref.Name), s.namespace(ref), true)
}

// warmCalls counts calls that found the table ready.
func (p *shelved) warmCalls() *counter {
	if c := p.warm.Load(); c != nil {
		return c
	}
	c := p.by.counters.of(p.by.metrics.warm, p.values()...)
	p.warm.Store(c)
	return c
}

// values are the values of a table's labels, and of what comes behind them.
func (p *shelved) values(more ...string) []string { return append(p.where[:3:3], more...) }

// count adds to one of the table's counters.
func (p *shelved) count(m *metric, by int, more ...string) {
	p.by.counters.of(m, p.values(more...)...).n.Add(int64(by))
}

// label makes a name fit for a label.
func label(name string) string { return strings.ToValidUTF8(name, "�") }
