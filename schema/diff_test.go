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
		Checks:  []LiveCheck{{Name: "orders__a_ck", Expr: "total < 9"}, {Name: "orders__b_ck", Expr: "total > 0"}},
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
		{"column gone", nil, func(l *Live) { l.Columns = l.Columns[1:] }, []Change{{Kind: MissingColumn, Object: "id", Want: "bigint"}}},
		{"another type", nil, column(2, func(c *LiveColumn) { c.Type = "int" }), []Change{{Kind: ColumnType, Object: "note", Want: "text", Have: "int"}}},
		{"null allowed", nil, column(1, func(c *LiveColumn) { c.NotNull = false }), []Change{{Kind: ColumnNullability, Object: "total", Want: "not null", Have: "null"}}},
		{"null forbidden", nil, column(2, func(c *LiveColumn) { c.NotNull = true }), []Change{{Kind: ColumnNullability, Object: "note", Want: "null", Have: "not null", Serves: true}}},
		{"not numbered", nil, column(0, func(c *LiveColumn) { c.Identity = false }), []Change{{Kind: ColumnIdentity, Object: "id", Want: "numbered by the database", Have: "not numbered"}}},
		{"numbered", column(0, func(c *LiveColumn) { c.Identity = false }), nil, []Change{{Kind: ColumnIdentity, Object: "id", Want: "not numbered", Have: "numbered by the database", Harmless: true, Serves: true}}},
		{"default gone", nil, column(1, func(c *LiveColumn) { c.Default = "" }), []Change{{Kind: ColumnDefault, Object: "total", Want: "0", Serves: true}}},
		{"another default", nil, column(1, func(c *LiveColumn) { c.Default = "1" }), []Change{{Kind: ColumnDefault, Object: "total", Want: "0", Have: "1", Serves: true}}},
		{"unknown default", nil, column(2, func(c *LiveColumn) { c.Default = "'x'" }), []Change{{Kind: ColumnDefault, Object: "note", Have: "'x'", Harmless: true, Serves: true}}},
		{"not generated", nil, column(3, func(c *LiveColumn) { c.Generated = "" }), []Change{{Kind: ColumnGenerated, Object: "twice", Want: "id * 2"}}},
		{"generated", nil, column(2, func(c *LiveColumn) { c.Generated = "'x'" }), []Change{{Kind: ColumnGenerated, Object: "note", Have: "'x'"}}},
		{"column comment", nil, column(1, func(c *LiveColumn) { c.Comment = "" }), []Change{{Kind: ColumnComment, Object: "total", Want: "in euro", Harmless: true, Serves: true}}},
		{"extra nullable column", nil, extra(LiveColumn{}), []Change{{Kind: ExtraColumn, Object: "more", Have: "text", Harmless: true, Serves: true}}},
		{"extra column", nil, extra(LiveColumn{NotNull: true}), []Change{{Kind: ExtraColumn, Object: "more", Have: "text"}}},
		{"extra column with default", nil, extra(LiveColumn{NotNull: true, Default: "1"}), []Change{{Kind: ExtraColumn, Object: "more", Have: "text", Harmless: true, Serves: true}}},
		{"extra generated column", nil, extra(LiveColumn{NotNull: true, Generated: "1"}), []Change{{Kind: ExtraColumn, Object: "more", Have: "text", Harmless: true, Serves: true}}},
		{"extra numbered column", nil, extra(LiveColumn{NotNull: true, Identity: true}), []Change{{Kind: ExtraColumn, Object: "more", Have: "text", Harmless: true, Serves: true}}},
		{"another key", nil, func(l *Live) { l.Key = []string{"id", "note"} }, []Change{{Kind: PrimaryKey, Want: "id", Have: "id, note"}}},
		{"no key", nil, func(l *Live) { l.Key = nil }, []Change{{Kind: PrimaryKey, Want: "id"}}},
		{"index gone", nil, func(l *Live) { l.Indexes = l.Indexes[1:] }, []Change{{Kind: MissingIndex, Object: "btree (total)", Serves: true}}},
		{"unique index gone", nil, func(l *Live) { l.Indexes = l.Indexes[:1] }, []Change{{Kind: MissingUnique, Object: "btree (note)", Serves: true}}},
		{"extra index", func(l *Live) { l.Indexes = l.Indexes[1:] }, nil, []Change{{Kind: ExtraIndex, Object: "btree (total)", Have: "orders__total_ix", Harmless: true, Serves: true}}},
		{"extra unique index", func(l *Live) { l.Indexes = l.Indexes[:1] }, nil, []Change{{Kind: ExtraUnique, Object: "btree (note)", Have: "orders__note_uq", Harmless: true, Serves: true}}},
		{"twice the same index", nil, func(l *Live) { l.Indexes = append(l.Indexes, LiveIndex{Name: "again", Definition: "btree (total)"}) }, []Change{{Kind: ExtraIndex, Object: "btree (total)", Have: "again", Harmless: true, Serves: true}}},
		{"index no longer unique", nil, func(l *Live) { l.Indexes[1].Unique = false }, []Change{
			{Kind: MissingUnique, Object: "btree (note)", Serves: true}, {Kind: ExtraIndex, Object: "btree (note)", Have: "orders__note_uq", Harmless: true, Serves: true},
		}},
		{"foreign key gone", nil, func(l *Live) { l.ForeignKeys = nil }, []Change{{Kind: MissingForeignKey, Object: fk, Serves: true}}},
		{"extra foreign key", func(l *Live) { l.ForeignKeys = nil }, nil, []Change{{Kind: ExtraForeignKey, Object: fk, Harmless: true, Serves: true}}},
		{"another action", nil, func(l *Live) { l.ForeignKeys[0].OnDelete = Restrict }, []Change{
			{Kind: MissingForeignKey, Object: fk, Serves: true}, {Kind: ExtraForeignKey, Object: "(id) to app.users (id) on delete RESTRICT on update NO ACTION", Harmless: true, Serves: true},
		}},
		{"check gone", nil, func(l *Live) { l.Checks = l.Checks[:1] }, []Change{{Kind: MissingCheck, Object: "total > 0", Serves: true}}},
		{"extra check", func(l *Live) { l.Checks = l.Checks[:1] }, nil, []Change{{Kind: ExtraCheck, Object: "total > 0", Harmless: true, Serves: true}}},
		{"table comment", nil, func(l *Live) { l.Comment = "" }, []Change{{Kind: TableComment, Want: "what was sold", Harmless: true, Serves: true}}},
		{
			"an order of its own", nil, func(l *Live) {
				l.Columns, l.Key, l.Indexes, l.ForeignKeys, l.Checks, l.Comment = []LiveColumn{{Name: "new"}, l.Columns[2]}, nil, nil, nil, nil, ""
			},
			[]Change{
				{Kind: MissingColumn, Object: "id", Want: "bigint"},
				{Kind: MissingColumn, Object: "total", Want: "numeric(9,2)"},
				{Kind: MissingColumn, Object: "twice", Want: "bigint"},
				{Kind: ExtraColumn, Object: "new", Harmless: true, Serves: true},
				{Kind: PrimaryKey, Want: "id"},
				{Kind: MissingIndex, Object: "btree (total)", Serves: true},
				{Kind: MissingUnique, Object: "btree (note)", Serves: true},
				{Kind: MissingForeignKey, Object: fk, Serves: true},
				{Kind: MissingCheck, Object: "total < 9", Serves: true},
				{Kind: MissingCheck, Object: "total > 0", Serves: true},
				{Kind: TableComment, Want: "what was sold", Harmless: true, Serves: true},
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
	require.Equal(t, "app.users: 2 changes, 1 statement\n  ~ extra index i\n  ~ missing column c\n  > CREATE TABLE users\n", p.String())
	require.False(t, (&Plan{Statements: p.Statements}).Empty())
}
