package schema

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// stock is a live table with one of everything. Each call makes a new one.
func stock() *Live {
	return &Live{
		Ref: Ref{"app", "orders"},
		Columns: []LiveColumn{
			{Name: "id", Type: "bigint", NotNull: true, Identity: true},
			{Name: "total", Type: "numeric(9,2)", NotNull: true, Default: "0", Comment: "in euro"},
			{Name: "note", Type: "text"},
			{Name: "twice", Type: "bigint", Generated: "id * 2"},
		},
		Key: []string{"id"},
		Indexes: []LiveIndex{
			{Name: "orders__total_ix", Definition: "btree (total)"},
			{Name: "orders__note_uq", Definition: "btree (note)", Unique: true},
		},
		ForeignKeys: []ForeignKey{{
			Name: "orders__id_fk", Columns: []string{"id"}, References: Ref{"app", "users"}, RefColumns: []string{"id"}, OnDelete: Cascade,
		}},
		Checks:  []string{"total < 9", "total > 0"},
		Comment: "what was sold",
		Hash:    "h",
	}
}

func TestDiffOfTheSameIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		born, live := stock(), stock()
		// A table that was made elsewhere: other names, another order of all that has none.
		live.Ref, live.Hash = Ref{"scratch", "x"}, "another"
		live.Columns = rapid.Permutation(live.Columns).Draw(t, "columns")
		live.Indexes = rapid.Permutation(live.Indexes).Draw(t, "indexes")
		live.Checks = rapid.Permutation(live.Checks).Draw(t, "checks")
		for i := range live.Indexes {
			live.Indexes[i].Name = rapid.String().Draw(t, "index")
		}
		live.ForeignKeys[0].Name = rapid.String().Draw(t, "foreign key")
		require.Empty(t, Diff(born, live))
	})
}

func TestDiff(t *testing.T) {
	column := func(i int, change func(*LiveColumn)) func(*Live) { return func(l *Live) { change(&l.Columns[i]) } }
	extra := func(c LiveColumn) func(*Live) {
		c.Name, c.Type = "more", "text"
		return func(l *Live) { l.Columns = append(l.Columns, c) }
	}
	fk := "(id) to app.users (id) on delete CASCADE on update NO ACTION"
	for _, c := range []struct {
		what string
		born func(*Live) // nil: as in stock
		live func(*Live)
		want []Change
	}{
		{"column gone", nil, func(l *Live) { l.Columns = l.Columns[1:] }, []Change{{MissingColumn, "id", "bigint", "", false}}},
		{"another type", nil, column(2, func(c *LiveColumn) { c.Type = "int" }), []Change{{ColumnType, "note", "text", "int", false}}},
		{"null allowed", nil, column(1, func(c *LiveColumn) { c.NotNull = false }), []Change{{ColumnNullability, "total", "not null", "null", false}}},
		{"null forbidden", nil, column(2, func(c *LiveColumn) { c.NotNull = true }), []Change{{ColumnNullability, "note", "null", "not null", false}}},
		{"not numbered", nil, column(0, func(c *LiveColumn) { c.Identity = false }), []Change{{ColumnIdentity, "id", "numbered by the database", "not numbered", false}}},
		{"numbered", column(0, func(c *LiveColumn) { c.Identity = false }), nil, []Change{{ColumnIdentity, "id", "not numbered", "numbered by the database", true}}},
		{"default gone", nil, column(1, func(c *LiveColumn) { c.Default = "" }), []Change{{ColumnDefault, "total", "0", "", false}}},
		{"another default", nil, column(1, func(c *LiveColumn) { c.Default = "1" }), []Change{{ColumnDefault, "total", "0", "1", false}}},
		{"unknown default", nil, column(2, func(c *LiveColumn) { c.Default = "'x'" }), []Change{{ColumnDefault, "note", "", "'x'", true}}},
		{"not generated", nil, column(3, func(c *LiveColumn) { c.Generated = "" }), []Change{{ColumnGenerated, "twice", "id * 2", "", false}}},
		{"generated", nil, column(2, func(c *LiveColumn) { c.Generated = "'x'" }), []Change{{ColumnGenerated, "note", "", "'x'", false}}},
		{"column comment", nil, column(1, func(c *LiveColumn) { c.Comment = "" }), []Change{{ColumnComment, "total", "in euro", "", true}}},
		{"extra nullable column", nil, extra(LiveColumn{}), []Change{{ExtraColumn, "more", "", "text", true}}},
		{"extra column", nil, extra(LiveColumn{NotNull: true}), []Change{{ExtraColumn, "more", "", "text", false}}},
		{"extra column with default", nil, extra(LiveColumn{NotNull: true, Default: "1"}), []Change{{ExtraColumn, "more", "", "text", true}}},
		{"extra generated column", nil, extra(LiveColumn{NotNull: true, Generated: "1"}), []Change{{ExtraColumn, "more", "", "text", true}}},
		{"extra numbered column", nil, extra(LiveColumn{NotNull: true, Identity: true}), []Change{{ExtraColumn, "more", "", "text", true}}},
		{"another key", nil, func(l *Live) { l.Key = []string{"id", "note"} }, []Change{{PrimaryKey, "", "id", "id, note", false}}},
		{"no key", nil, func(l *Live) { l.Key = nil }, []Change{{PrimaryKey, "", "id", "", false}}},
		{"index gone", nil, func(l *Live) { l.Indexes = l.Indexes[1:] }, []Change{{MissingIndex, "btree (total)", "", "", false}}},
		{"unique index gone", nil, func(l *Live) { l.Indexes = l.Indexes[:1] }, []Change{{MissingUnique, "btree (note)", "", "", false}}},
		{"extra index", func(l *Live) { l.Indexes = l.Indexes[1:] }, nil, []Change{{ExtraIndex, "btree (total)", "", "orders__total_ix", true}}},
		{"extra unique index", func(l *Live) { l.Indexes = l.Indexes[:1] }, nil, []Change{{ExtraUnique, "btree (note)", "", "orders__note_uq", true}}},
		{"twice the same index", nil, func(l *Live) { l.Indexes = append(l.Indexes, LiveIndex{Name: "again", Definition: "btree (total)"}) }, []Change{{ExtraIndex, "btree (total)", "", "again", true}}},
		{"index no longer unique", nil, func(l *Live) { l.Indexes[1].Unique = false }, []Change{
			{MissingUnique, "btree (note)", "", "", false}, {ExtraIndex, "btree (note)", "", "orders__note_uq", true},
		}},
		{"foreign key gone", nil, func(l *Live) { l.ForeignKeys = nil }, []Change{{MissingForeignKey, fk, "", "", false}}},
		{"extra foreign key", func(l *Live) { l.ForeignKeys = nil }, nil, []Change{{ExtraForeignKey, fk, "", "", true}}},
		{"another action", nil, func(l *Live) { l.ForeignKeys[0].OnDelete = Restrict }, []Change{
			{MissingForeignKey, fk, "", "", false}, {ExtraForeignKey, "(id) to app.users (id) on delete RESTRICT on update NO ACTION", "", "", true},
		}},
		{"check gone", nil, func(l *Live) { l.Checks = l.Checks[:1] }, []Change{{MissingCheck, "total > 0", "", "", false}}},
		{"extra check", func(l *Live) { l.Checks = l.Checks[:1] }, nil, []Change{{ExtraCheck, "total > 0", "", "", true}}},
		{"table comment", nil, func(l *Live) { l.Comment = "" }, []Change{{TableComment, "", "what was sold", "", true}}},
		{
			"an order of its own", nil, func(l *Live) {
				l.Columns, l.Key, l.Indexes, l.ForeignKeys, l.Checks, l.Comment = []LiveColumn{{Name: "new"}, l.Columns[2]}, nil, nil, nil, nil, ""
			},
			[]Change{
				{MissingColumn, "id", "bigint", "", false},
				{MissingColumn, "total", "numeric(9,2)", "", false},
				{MissingColumn, "twice", "bigint", "", false},
				{ExtraColumn, "new", "", "", true},
				{PrimaryKey, "", "id", "", false},
				{MissingIndex, "btree (total)", "", "", false},
				{MissingUnique, "btree (note)", "", "", false},
				{MissingForeignKey, fk, "", "", false},
				{MissingCheck, "total < 9", "", "", false},
				{MissingCheck, "total > 0", "", "", false},
				{TableComment, "", "what was sold", "", true},
			},
		},
	} {
		born, live := stock(), stock()
		if c.born != nil {
			c.born(born)
		}
		if c.live != nil {
			c.live(live)
		}
		require.Equal(t, c.want, Diff(born, live), c.what)
	}
}

func TestChangeInWords(t *testing.T) {
	for want, c := range map[string]Change{
		"column type note: want text, have int": {Kind: ColumnType, Object: "note", Want: "text", Have: "int"},
		"missing column id: want bigint":        {Kind: MissingColumn, Object: "id", Want: "bigint"},
		"extra column more: have text":          {Kind: ExtraColumn, Object: "more", Have: "text"},
		"missing check a > 0":                   {Kind: MissingCheck, Object: "a > 0"},
		"table comment: want a":                 {Kind: TableComment, Want: "a"},
		"primary key: want id, have no":         {Kind: PrimaryKey, Want: "id", Have: "no"},
		"table comment":                         {Kind: TableComment},
	} {
		require.Equal(t, want, c.String())
	}
}

func TestPlanInWords(t *testing.T) {
	p := &Plan{Table: Ref{"app", "users"}}
	require.True(t, p.Empty())
	require.Equal(t, "app.users: matches\n", p.String())
	p.Changes = []Change{{Kind: ExtraIndex, Object: "i", Harmless: true}, {Kind: MissingColumn, Object: "c"}}
	require.False(t, p.Empty())
	require.Equal(t, p.Changes[1:], p.Blocking())
	p.Statements = []Statement{{SQL: "CREATE TABLE users"}}
	require.Equal(t, "app.users: 2 changes, 1 statements\n  ~ extra index i\n  ~ missing column c\n  > CREATE TABLE users\n", p.String())
	require.False(t, (&Plan{Statements: p.Statements}).Empty())
}
