package dialect

import "slices"

// WithDeleted gives the statements of the same table that see rows marked deleted, too. They are for reading: Get, Exists,
// Select, SelectOnly, Count, CountDistinct and Aggregate. Without a deleted column they are those of s.
func (s *Statements) WithDeleted() *Statements {
	if s.deleted < 0 {
		return s
	}
	seeing := *s
	seeing.live = ""
	seeing.Get, seeing.Exists = seeing.byKey(s.all, s.Get.Return), seeing.byKey("1", nil)
	return &seeing
}

// PurgeWhere writes a delete of the rows that match, marked deleted or not.
func (s *Statements) PurgeWhere(op string, where Cond) (sql string, args []any, err error) {
	w := &writer{Statements: s.WithDeleted(), op: op}
	w.write("DELETE FROM ", s.name)
	if err := w.where(where); err != nil {
		return "", nil, err
	}
	return w.sql.String(), w.args, nil
}

func (s *Statements) purge() Statement {
	every := *s
	every.live = ""
	return Statement{SQL: "DELETE FROM " + s.name + every.whereKey(1), Bind: slices.Clone(s.table.Key())}
}

func (s *Statements) restore() Statement {
	if s.deleted < 0 {
		return Statement{}
	}
	st := Statement{SQL: "UPDATE " + s.name + " SET " + s.columns[s.deleted].name + " = NULL"}
	if s.updated >= 0 {
		st.SQL += ", " + s.assign(s.updated, 1)
		st.Bind = append(st.Bind, s.updated)
	}
	if s.version >= 0 {
		st.SQL += ", " + s.countUp()
	}
	marked := *s
	marked.live = s.columns[s.deleted].name + " IS NOT NULL"
	st.SQL += marked.whereKey(len(st.Bind) + 1)
	st.Bind = append(st.Bind, s.table.Key()...)
	return st
}
