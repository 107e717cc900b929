package actors

// family gives the registered tables that foreign keys lead to from t, t itself first.
func (s *System) family(t *Table) []*Table {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.reach(t)
}

// group gives the tables that must be made together with t, for foreign keys lead from t to them and back, t itself
// first, and those that must be ready before: referenced by the group and not part of it. Tables that are not
// registered are left to the database, whose own error tells when they are missing.
//
// What waits for what never forms a circle, also while tables are being registered: of a circle the table that began
// last sees all of it, and takes it for one group.
func (s *System) group(t *Table) (members, before []*Table) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	family := s.reach(t)
	into := make(map[*Table][]*Table, len(family)) // who references this one
	for _, u := range family {
		for _, v := range s.references(u) {
			into[v] = append(into[v], u)
		}
	}
	inGroup := map[*Table]bool{t: true}
	members = []*Table{t}
	for i := 0; i < len(members); i++ {
		for _, u := range into[members[i]] {
			if !inGroup[u] {
				inGroup[u] = true
				members = append(members, u)
			}
		}
	}
	seen := map[*Table]bool{}
	for _, u := range members {
		for _, v := range s.references(u) {
			if !inGroup[v] && !seen[v] {
				seen[v] = true
				before = append(before, v)
			}
		}
	}
	return members, before
}

// reach is family for callers that hold s.mu.
func (s *System) reach(t *Table) []*Table {
	seen := map[*Table]bool{t: true}
	family := []*Table{t}
	for i := 0; i < len(family); i++ {
		for _, v := range s.references(family[i]) {
			if !seen[v] {
				seen[v] = true
				family = append(family, v)
			}
		}
	}
	return family
}

// references gives the registered tables that t's own foreign keys point to. The caller holds s.mu.
func (s *System) references(t *Table) []*Table {
	var out []*Table
	for _, key := range t.model.ForeignKeys() {
		if u, ok := s.byName[s.fold(key.References)]; ok {
			out = append(out, u)
		}
	}
	return out
}

// referencing gives the other registered tables whose foreign keys point to t.
func (s *System) referencing(t *Table) []*Table {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*Table
	for _, u := range s.pointed[s.fold(t.model.Ref())] {
		if u != t {
			out = append(out, u)
		}
	}
	return out
}
