package schema

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// before is a live table with old column names, and after what the model would make of it: the same with new ones.
func before() *Live {
	return &Live{
		Ref: Ref{"app", "items"},
		Columns: []LiveColumn{
			{Name: "no", Type: "bigint", NotNull: true},
			{Name: "parent", Type: "bigint"},
			{Name: "date", Type: "date", Default: "'2020-01-01'::date"},
			{Name: "Net", Type: "integer", NotNull: true},
			{Name: "Gross", Type: "integer", Generated: `("Net" * 2)`},
		},
		Key: []string{"no"},
		Indexes: []LiveIndex{
			{Name: "items__parent_ix", Definition: "btree (parent, lower(note))"},
			{Name: "items__net_uq", Definition: `btree ("Net") WHERE (date > '2020-01-01'::date)`, Unique: true},
		},
		ForeignKeys: []ForeignKey{
			{Name: "up", Columns: []string{"parent"}, References: Ref{"app", "items"}, RefColumns: []string{"no"}},
			{Name: "out", Columns: []string{"parent"}, References: Ref{"app", "others"}, RefColumns: []string{"no"}},
		},
		Checks: []LiveCheck{
			{Name: "a", Expr: `(("Net" > 0) AND (date >= '1999-01-01'::date))`},
			{Name: "b", Expr: `(no > 0)`},
			{Name: "c", Expr: `(label <> 'date'::text)`},
		},
	}
}

func after() *Live {
	l := before()
	l.Columns = []LiveColumn{
		{Name: "id", Type: "bigint", NotNull: true},
		{Name: "above", Type: "bigint"},
		{Name: "day", Type: "date", Default: "'2020-01-01'::date"},
		{Name: "net", Type: "integer", NotNull: true},
		{Name: "Gross", Type: "integer", Generated: `(net * 2)`},
	}
	l.Key = []string{"id"}
	l.Indexes = []LiveIndex{
		{Name: "items__above_ix", Definition: "btree (above, lower(note))"},
		{Name: "items__net_uq", Definition: `btree (net) WHERE (day > '2020-01-01'::date)`, Unique: true},
	}
	l.ForeignKeys[0].Columns, l.ForeignKeys[0].RefColumns = []string{"above"}, []string{"id"}
	l.ForeignKeys[1].Columns = []string{"above"}
	l.Checks[0].Expr = `((net > 0) AND (day >= '1999-01-01'::date))`
	l.Checks[1].Expr = `(id > 0)`
	return l
}

var renamesOfItems = []Rename{{"no", "id"}, {"parent", "above"}, {"date", "day"}, {"Net", "net"}}

func TestRenamedColumnsTakeAllElseAlong(t *testing.T) {
	d := Compare(after(), before(), renamesOfItems...)
	require.Equal(t, renamesOfItems, d.Renamed)
	var want []Change
	for _, r := range renamesOfItems {
		want = append(want, Change{Kind: RenamedColumn, Object: r.To, Have: r.From})
	}
	require.Equal(t, want, d.Changes(), "the names and nothing else")
	require.NotEmpty(t, Compare(after(), before()).Missing, "nothing is guessed")

	done := Compare(after(), after(), renamesOfItems...)
	require.Empty(t, done.Renamed, "it is done")
	require.Empty(t, done.Changes())
}

func TestRenamesLeaveTheLiveTableAlone(t *testing.T) {
	live := before()
	live.Ref = Ref{"app", "things"}
	live.ForeignKeys[0].References = live.Ref
	saved, err := json.Marshal(live)
	require.NoError(t, err)
	Compare(after(), live, renamesOfItems...)
	now, err := json.Marshal(live)
	require.NoError(t, err)
	require.Equal(t, string(saved), string(now))
}

func TestRenamedTableStillPointsAtItself(t *testing.T) {
	for _, c := range []struct{ born, live, target Ref }{
		{Ref{"app", "items"}, Ref{"app", "things"}, Ref{"app", "things"}},
		{Ref{"", "items"}, Ref{"", "things"}, Ref{"app", "things"}}, // the catalogue knows the namespace
		{Ref{"", "items"}, Ref{"", "things"}, Ref{"", "things"}},
	} {
		born, live := after(), before()
		born.Ref, live.Ref = c.born, c.live
		live.ForeignKeys[0].References = c.target
		born.ForeignKeys[0].References = Ref{c.target.Namespace, "items"}
		d := Compare(born, live, renamesOfItems...)
		require.Empty(t, d.ForeignKeys, c)
		live.ForeignKeys[0].References = Ref{"app", "elsewhere"}
		d = Compare(born, live, renamesOfItems...)
		require.Len(t, d.ForeignKeys.Missing, 1, "it points at another table")
		require.Len(t, d.ForeignKeys.Extra, 1)
	}
}

func TestOtherDifferencesAreSeenBesideRenames(t *testing.T) {
	live := before()
	live.Columns[3].Type, live.Columns[3].NotNull = "smallint", false
	live.Columns[4].Generated = `("Net" * 3)`
	live.Indexes[0].Definition = "btree (parent)"
	live.Checks[0].Expr = `("Net" > 1)`
	d := Compare(after(), live, renamesOfItems...)
	require.Len(t, d.Columns, 2)
	require.Equal(t, "net", d.Columns[0].Have.Name, "it is told under its new name")
	require.False(t, d.Columns[0].Fits)
	require.Equal(t, "(net * 3)", d.Columns[1].Have.Generated)
	require.True(t, d.Columns[1].Fits)
	require.Equal(t, []LiveIndex{{Name: "items__parent_ix", Definition: "btree (above)"}}, d.Indexes.Extra)
	require.Len(t, d.Indexes.Missing, 1)
	require.Equal(t, []LiveCheck{{Name: "a", Expr: "(net > 1)"}}, d.Checks.Extra)
	require.Len(t, d.Checks.Missing, 1)
	require.Empty(t, d.Replaced, "it is not over the same columns")
}

func TestWhatMentionsNoRenamedColumnKeepsItsSpelling(t *testing.T) {
	live := before()
	live.Checks = append(live.Checks, LiveCheck{Name: "d", Expr: `("Gross" > 0) AND ("user" <> 'x')`})
	live.Columns = append(live.Columns, LiveColumn{Name: "user", Type: "text"})
	d := Compare(after(), live, renamesOfItems...)
	require.Equal(t, live.Checks[3:], d.Checks.Extra)
}

func TestRenameConflict(t *testing.T) {
	live := before()
	live.Columns = append(live.Columns, LiveColumn{Name: "id", Type: "bigint", NotNull: true})
	d := Compare(after(), live, renamesOfItems...)
	require.Equal(t, []Rename{{"no", "id"}}, d.Conflicts)
	require.Equal(t, renamesOfItems[1:], d.Renamed)
	require.Equal(t, "no", d.Extra[0].Name, "the old one stays what it is: extra")
	require.Equal(t, Change{Kind: RenameConflict, Object: "id", Have: "no"}, d.Changes()[0])
	require.Empty(t, d.RenameHints())
	neither := Compare(after(), after(), Rename{"gone", "never"})
	require.Empty(t, neither.Renamed)
	require.Empty(t, neither.Conflicts)
}

func TestRenamesOfAModel(t *testing.T) {
	type row struct {
		ID   int64  `schema:"pk,was=no"`
		Note string ``
		Long string `db:"longer_name" schema:"was='long name'"`
		Same string `db:"longest_name" schema:"was=longest_nbme"`
	}
	model, err := TableOf[row](Named("rows"))
	require.NoError(t, err)
	require.Equal(t, []Rename{{"no", "id"}, {"long name", "longer_name"}, {"longest_nbme", "longest_name"}},
		Renames(model, func(name string) string { return name }))
	cut := func(name string) string { return name[:min(len(name), 8)] }
	require.Equal(t, []Rename{{"no", "id"}, {"long nam", "longer_n"}}, Renames(model, cut), "names that are one to the database are no rename")
	type plain struct {
		ID int64 `schema:"pk"`
	}
	model, err = TableOf[plain]()
	require.NoError(t, err)
	require.Nil(t, Renames(model, cut))
}

func TestRenameHints(t *testing.T) {
	text := func(names ...string) (out []LiveColumn) {
		for _, name := range names {
			out = append(out, LiveColumn{Name: name, Type: "text"})
		}
		return out
	}
	for _, c := range []struct {
		what       string
		born, live []LiveColumn
		want       []string
	}{
		{"one for one", text("a", "new"), text("a", "old"), []string{
			`column "new" is missing and "old" of the same type is not in the model: if it was renamed, say was=old`,
		}},
		{"a name in need of quotes", text("new"), text("it's, old"), []string{
			`column "new" is missing and "it's, old" of the same type is not in the model: if it was renamed, say was='it''s, old'`,
		}},
		{"two old ones", text("new"), text("old", "older"), nil},
		{"two new ones", text("new", "newer"), text("old"), nil},
		{"another type", text("new"), []LiveColumn{{Name: "old", Type: "bigint"}}, nil},
		{"other nullability", text("new"), []LiveColumn{{Name: "old", Type: "text", NotNull: true}}, nil},
		{"a generated one", text("new"), []LiveColumn{{Name: "old", Type: "text", Generated: "a"}}, nil},
		{"a plan's own leftover", text("new"), text("schemactor_x"), nil},
		{"nothing missing", text("a"), text("a", "old"), nil},
		{"nothing extra", text("a", "new"), text("a"), nil},
		{
			"each type for itself", append(text("new"), LiveColumn{Name: "n", Type: "bigint"}),
			append(text("old"), LiveColumn{Name: "o", Type: "bigint"}),
			[]string{
				`column "new" is missing and "old" of the same type is not in the model: if it was renamed, say was=old`,
				`column "n" is missing and "o" of the same type is not in the model: if it was renamed, say was=o`,
			},
		},
	} {
		require.Equal(t, c.want, Compare(&Live{Columns: c.born}, &Live{Columns: c.live}).RenameHints(), c.what)
	}
}

func TestReplacedChecks(t *testing.T) {
	born, live := stock(), stock()
	live.Checks = []LiveCheck{{"mine", "total < 10"}, {"orders__b_ck", "total > 0"}, {"theirs", "note <> ''"}, {"none", "1 < 2"}}
	d := Compare(born, live)
	require.Equal(t, []LiveCheck{{"orders__a_ck", "total < 9"}}, d.Checks.Missing)
	require.Equal(t, []LiveCheck{{"mine", "total < 10"}}, d.Replaced)
	require.Equal(t, []LiveCheck{{"theirs", "note <> ''"}, {"none", "1 < 2"}}, d.Checks.Extra)
	require.Equal(t, []Change{
		{Kind: MissingCheck, Object: "total < 9", Serves: true},
		{Kind: ExtraCheck, Object: "total < 10", Harmless: true, Serves: true},
		{Kind: ExtraCheck, Object: "note <> ''", Harmless: true, Serves: true},
		{Kind: ExtraCheck, Object: "1 < 2", Harmless: true, Serves: true},
	}, d.Changes())
	born.Checks = append(born.Checks, LiveCheck{"x", "2 < 3"})
	require.Contains(t, Compare(born, live).Checks.Extra, LiveCheck{"none", "1 < 2"}, "two that are over no column have nothing in common")
}

func TestNotValidAndInvalid(t *testing.T) {
	born, live := stock(), stock()
	live.Checks = append(live.Checks, LiveCheck{"theirs", "note <> ''"})
	live.NotValid = []string{"orders__b_ck", "orders__id_fk", "theirs"}
	live.Invalid = []string{"half"}
	d := Compare(born, live)
	require.Equal(t, []string{"orders__b_ck", "orders__id_fk"}, d.NotValid, "what the model does not want need not hold")
	require.Equal(t, []Change{
		{Kind: ExtraCheck, Object: "note <> ''", Harmless: true, Serves: true},
		{Kind: NotValidated, Object: "orders__b_ck", Serves: true},
		{Kind: NotValidated, Object: "orders__id_fk", Serves: true},
		{Kind: InvalidIndex, Object: "half", Harmless: true, Serves: true},
	}, d.Changes())
	born.ForeignKeys = nil
	require.Equal(t, []string{"orders__b_ck"}, Compare(born, live).NotValid)
	born.Parsed, live.ForeignKeys = true, stock().ForeignKeys
	born.ForeignKeys = stock().ForeignKeys
	require.Contains(t, Compare(born, live).NotValid, "orders__id_fk", "also where expressions prove nothing")
}

// TestParsedModel has the same table in two spellings.
func TestParsedModel(t *testing.T) {
	born := stock()
	born.Parsed = true
	born.Columns[1].Default, born.Columns[3].Generated = "(0)", "id*2"
	born.Checks = []LiveCheck{{"orders__a_ck", "total<9"}, {"orders__b_ck", "total>0"}}
	live := stock()
	require.Empty(t, Compare(born, live).Changes())
	live.Checks = append(live.Checks, LiveCheck{"by hand", "note <> ''"})
	require.Empty(t, Compare(born, live).Changes(), "an extra one cannot be told from the others")

	live = stock()
	live.Columns[1].Default, live.Columns[3].Generated, live.Checks = "", "", live.Checks[:1]
	d := Compare(born, live)
	require.Len(t, d.Columns, 2)
	require.Equal(t, []ChangeKind{ColumnDefault, ColumnGenerated, MissingCheck}, kinds(d.Changes()))
	require.Len(t, d.Checks.Missing, 1)
	live = stock()
	live.Columns[2].Default = "'x'"
	require.Equal(t, []ChangeKind{ColumnDefault}, kinds(Compare(born, live).Changes()), "one that the model does not have at all")
	live = stock()
	live.Columns[2].Type = "integer"
	require.Equal(t, []ChangeKind{ColumnType}, kinds(Compare(born, live).Changes()), "types are no expressions")
}

func kinds(changes []Change) (out []ChangeKind) {
	for _, c := range changes {
		out = append(out, c.Kind)
	}
	return out
}

func TestCollationAndVolatilityAreNotCompared(t *testing.T) {
	live := stock()
	live.Columns[2].Collation, live.Columns[2].Volatile = `"de_DE"`, true
	require.Empty(t, Diff(stock(), live))
	live.Columns[2].NotNull = true
	require.Equal(t, `"de_DE"`, Compare(stock(), live).Columns[0].Have.Collation, "what alters the column can keep it")
}
