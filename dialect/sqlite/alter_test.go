package sqlite

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

type (
	item struct {
		ID   int64  `db:"id" schema:"pk"`
		Name string `db:"name"`
	}
	itemNote struct {
		item
		Note *string `db:"note" schema:"size=9"`
	}
	itemState struct {
		item
		State string `db:"state" schema:"enum=new|old,default='new'"`
	}
	itemOwner struct {
		item
		Owner *int64 `db:"owner" schema:"references=owners.id,ondelete=set null"`
	}
	itemMade struct {
		item
		Made time.Time `db:"made" schema:"default=now"`
	}
	itemTwice struct {
		item
		Twice int64 `db:"twice" schema:"generated=id * 2"`
	}
	itemFilled struct {
		item
		Code string `db:"code" schema:"backfill=upper(name)"`
	}
	itemUnfilled struct {
		item
		Code string `db:"code"`
	}
	itemRenamed struct {
		ID    int64  `db:"id" schema:"pk"`
		Title string `db:"title" schema:"was=name"`
	}
	itemRenamedFilled struct {
		ID    int64   `db:"id" schema:"pk"`
		Title string  `db:"title" schema:"was=name,check=title <> 'x'"`
		Slug  *string `db:"slug" schema:"backfill=name || title"`
	}
	itemMaybe struct {
		ID   int64   `db:"id" schema:"pk"`
		Name *string `db:"name"`
	}
	itemNeverNull struct {
		ID   int64  `db:"id" schema:"pk"`
		Name string `db:"name" schema:"backfill='none'"`
	}
	itemDefault struct {
		ID   int64  `db:"id" schema:"pk"`
		Name string `db:"name" schema:"default='x'"`
	}
	itemShort struct {
		ID   int64  `db:"id" schema:"pk"`
		Name string `db:"name" schema:"size=5"`
	}
	itemLong struct {
		ID   int64  `db:"id" schema:"pk"`
		Name string `db:"name" schema:"size=50"`
	}
	itemNumber struct {
		ID   int64 `db:"id" schema:"pk"`
		Name int64 `db:"name"`
	}
	itemLength struct {
		ID   int64 `db:"id" schema:"pk"`
		Name int64 `db:"name" schema:"backfill=length(name)"`
	}
	itemByName struct {
		ID   int64  `db:"id"`
		Name string `db:"name" schema:"pk"`
	}
	itemAuto struct {
		ID   int64  `db:"id" schema:"pk,auto"`
		Name string `db:"name"`
	}
	itemBool struct {
		ID   int64 `db:"id" schema:"pk"`
		Name bool  `db:"name"`
	}
	itemPrice struct {
		ID   int64  `db:"id" schema:"pk"`
		Name string `db:"name" schema:"type=decimal,precision=6,scale=2"`
	}
)

const plainItems = "CREATE TABLE items (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL) STRICT"

type alterCase struct {
	make    string
	model   *schema.Table
	policy  schema.Policy
	hazards []string
	rebuild bool
	rows    string // afterwards, as JSON of what is not fixed
	columns string
}

func items[T any](t testing.TB, opts ...schema.TableOption) *schema.Table {
	return model[T](t, append(opts, schema.Named("items"))...)
}

func alterCases(t *testing.T) map[string]alterCase {
	const two = `[1,"a"][2,"b"]`
	text := func(columns string) string { return "CREATE TABLE items (" + columns + ")" }
	return map[string]alterCase{
		"nullable column":   {plainItems, items[itemNote](t), schema.Policy{}, nil, false, `[1,"a",null][2,"b",null]`, "id, name, note"},
		"defaulted column":  {plainItems, items[itemState](t), schema.Policy{}, nil, false, `[1,"a","new"][2,"b","new"]`, "id, name, state"},
		"reference":         {plainItems, items[itemOwner](t), schema.Policy{}, nil, false, `[1,"a",null][2,"b",null]`, "id, name, owner"},
		"default now":       {plainItems, items[itemMade](t), schema.Policy{}, nil, true, `[1,26][2,26]`, "id, length(made)"},
		"computed column":   {plainItems, items[itemTwice](t), schema.Policy{}, nil, true, `[1,"a",2][2,"b",4]`, "id, name, twice"},
		"backfilled column": {plainItems, items[itemFilled](t), schema.Policy{}, []string{"set-not-null(code)"}, true, `[1,"a","A"][2,"b","B"]`, "id, name, code"},
		"renamed column":    {plainItems, items[itemRenamed](t), schema.Policy{}, []string{"rename-column(title)"}, false, two, "id, title"},
		"renamed, checked and filled from": {
			plainItems, items[itemRenamedFilled](t),
			schema.Policy{},
			[]string{"add-check(title)", "rename-column(title)"},
			true,
			`[1,"a","aa"][2,"b","bb"]`, "id, title, slug",
		},
		"letters":            {text("ID INTEGER NOT NULL PRIMARY KEY, Name TEXT NOT NULL"), items[item](t), schema.Policy{}, nil, false, two, "id, name"},
		"null":               {plainItems, items[itemMaybe](t), schema.Policy{}, []string{"drop-not-null(name)"}, true, two, "id, name"},
		"not null":           {text("id INTEGER PRIMARY KEY, name TEXT"), items[item](t), schema.Policy{}, []string{"set-not-null(name)"}, true, two, "id, name"},
		"not null, filled":   {text("id INTEGER PRIMARY KEY, name TEXT"), items[itemNeverNull](t), schema.Policy{}, []string{"set-not-null(name)"}, true, two, "id, name"},
		"default":            {plainItems, items[itemDefault](t), schema.Policy{}, []string{"change-default(name)"}, true, two, "id, name"},
		"default not known":  {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'q'"), items[item](t), schema.Policy{}, nil, false, two, "id, name"},
		"default goes":       {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'q'"), items[item](t), anything(), []string{"drop-default(name)"}, true, two, "id, name"},
		"wider":              {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (length(name) <= 5)"), items[itemLong](t), schema.Policy{}, nil, true, two, "id, name"},
		"without bound":      {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (length(name) <= 5)"), items[item](t), schema.Policy{}, nil, true, two, "id, name"},
		"narrower":           {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (length(name) <= 50)"), items[itemShort](t), schema.Policy{}, []string{"change-check(name)"}, true, two, "id, name"},
		"check":              {plainItems, items[item](t, schema.WithCheck("name <> 'z'")), schema.Policy{}, []string{"add-check(name)"}, true, two, "id, name"},
		"check not known":    {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL, CHECK (id < 9)"), items[item](t), schema.Policy{}, nil, false, two, "id, name"},
		"check goes":         {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL, CHECK (id < 9)"), items[item](t), anything(), []string{"drop-check(id)"}, true, two, "id, name"},
		"filled from itself": {plainItems, items[itemLength](t), schema.Policy{}, []string{"retype-column(name)"}, true, `[1,1][2,1]`, "id, name"},
		"another key":        {plainItems, items[itemByName](t), schema.Policy{}, []string{"change-key(name)"}, true, two, "id, name"},
		"numbered":           {text("id BIGINT PRIMARY KEY, name TEXT NOT NULL"), items[itemAuto](t), schema.Policy{}, []string{"change-identity(id)"}, true, two, "id, name"},
		"unique":             {plainItems, items[item](t, schema.WithUnique("name")), schema.Policy{}, []string{"add-unique(name)"}, false, two, "id, name"},
		"index":              {plainItems, items[item](t, schema.WithIndex("name", "id")), schema.Policy{}, nil, false, two, "id, name"},
		"unique goes":        {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE"), items[item](t), anything(), []string{"drop-unique(name)"}, true, two, "id, name"},
		"unique pair goes":   {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL, UNIQUE (name, id), UNIQUE (id, name)"), items[item](t, schema.WithUnique("id", "name")), anything(), []string{"drop-unique(id, name)"}, true, two, "id, name"},
		"column stays":       {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL, old TEXT"), items[item](t), schema.Policy{}, nil, false, two, "id, name"},
		"column goes":        {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL, old TEXT"), items[item](t), anything(), []string{"drop-column(old)"}, true, two, "id, name"},
		"column goes with all that names it": {
			text("id INTEGER PRIMARY KEY, name TEXT NOT NULL, old INT UNIQUE REFERENCES owners (id), UNIQUE (old, name), CHECK (old > id)"), items[item](t),
			schema.Policy{Allow: []schema.Allowance{{Hazard: schema.HazardDropColumn, Column: "old", Reason: "x"}}},
			[]string{"drop-column(old)"},
			true, two, "id, name",
		},
		"leftover":    {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL, old TEXT NOT NULL DEFAULT 'd'"), items[item](t), schema.Policy{}, nil, false, two, "id, name"},
		"foreign key": {text("id INTEGER PRIMARY KEY, name TEXT NOT NULL, owner INT"), items[itemOwner](t), schema.Policy{}, []string{"add-foreign-key(owner)"}, true, two, "id, name"},
		"foreign key with another action": {
			text("id INTEGER PRIMARY KEY, name TEXT NOT NULL, owner INT REFERENCES owners (id) ON DELETE CASCADE"),
			items[itemOwner](t),
			schema.Policy{},
			[]string{"add-foreign-key(owner)", "drop-foreign-key(owner)"},
			true, two, "id, name",
		},
		"foreign key goes": {text("id INTEGER PRIMARY KEY REFERENCES owners (id) ON DELETE CASCADE, name TEXT NOT NULL"), items[item](t), anything(), []string{"drop-foreign-key(id)"}, true, two, "id, name"},
	}
}

func TestAlter(t *testing.T) {
	for name, c := range alterCases(t) {
		t.Run(name, func(t *testing.T) {
			d := fresh(t)
			run(t, d, "CREATE TABLE owners (id INTEGER PRIMARY KEY)", "INSERT INTO owners VALUES (1), (2)", c.make)
			empty := planned(t, d, c.model, "items", c.policy)
			for _, h := range empty.Hazards() {
				require.NotContains(t, []schema.HazardKind{schema.HazardSetNotNull, schema.HazardAddCheck, schema.HazardAddUnique, schema.HazardAddForeignKey}, h.Kind)
			}
			run(t, d, "INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b')")
			plan := becomes(t, d, c.model, "items", c.policy)
			if c.hazards == nil {
				c.hazards = []string{}
			}
			require.ElementsMatch(t, c.hazards, hazardWords(plan), plan.String())
			require.Equal(t, c.rebuild, rewrites(plan), plan.String())
			require.Equal(t, c.rows, one[string](t, d.Reader(),
				"SELECT group_concat(line, '') FROM (SELECT json_array("+c.columns+") AS line FROM items ORDER BY id)"))
			for _, s := range plan.Statements {
				require.Equal(t, schema.ModeTransaction, s.Mode)
			}
		})
	}
}

func TestLeftoverNotNull(t *testing.T) {
	d := fresh(t)
	run(t, d, "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, old TEXT COLLATE NOCASE NOT NULL ON CONFLICT FAIL)", "INSERT INTO items VALUES (1, 'a', 'o')")
	plan := becomes(t, d, items[item](t), "items", schema.Policy{})
	require.Equal(t, []string{"leftover-not-null(old)"}, hazardWords(plan))
	run(t, d, "INSERT INTO items (id, name) VALUES (2, 'b')")
	require.Equal(t, 1, one[int](t, d.Reader(), "SELECT count(*) FROM items WHERE old = 'O'"), "the collation stays")
}

func TestAlterRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		make  string
		model *schema.Table
		words string
		kind  error
	}{
		"null":        {"CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)", items[item](t), `column "name" holds NULL: give it a backfill`, schema.ErrUnfitRows},
		"new column":  {"CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '')", items[itemUnfilled](t), `"code" is new and NOT NULL`, schema.ErrUnfitRows},
		"text":        {"CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'secret')", items[itemNumber](t), `column "name": a value would be lost or changed as int64`, schema.ErrUnfitRows},
		"unique":      {"CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'secret')", items[item](t, schema.WithUnique("name")), "rows are equal in (name)", schema.ErrUnfitRows},
		"check":       {"CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'secret')", items[item](t, schema.WithCheck("length(name) > 99")), "a row does not meet the check", schema.ErrUnfitRows},
		"key":         {"CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'secret')", items[itemByName](t), "rows are equal in the columns of the new key", schema.ErrUnfitRows},
		"foreign key": {"CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '', owner INT DEFAULT 77)", items[itemOwner](t), "a row's foreign key points nowhere", schema.ErrUnfitRows},
		"view":        {"CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '', viewed INT)", items[item](t), "error in view v", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := fresh(t)
			run(t, d, "CREATE TABLE owners (id INTEGER PRIMARY KEY)", c.make, "INSERT INTO items (id) VALUES (1), (2)")
			policy := schema.Policy{}
			if name == "view" {
				run(t, d, "CREATE VIEW v AS SELECT viewed FROM items")
				policy = anything()
			}
			before := one[string](t, d.Writer(), "SELECT group_concat(sql) FROM sqlite_schema")
			err := carry(t, d, planned(t, d, c.model, "items", policy))
			require.ErrorContains(t, err, c.words)
			if c.kind != nil {
				require.ErrorIs(t, err, c.kind)
			}
			require.NotContains(t, err.Error(), "secret")
			require.Equal(t, before, one[string](t, d.Writer(), "SELECT group_concat(sql) FROM sqlite_schema"))
			require.Equal(t, 2, one[int](t, d.Writer(), "SELECT count(*) FROM items"))
			whole(t, d)
		})
	}
}

// Values change their class only where they stay what they are.
func TestRetype(t *testing.T) {
	for _, c := range []struct {
		class, value string
		model        *schema.Table
		want         string // empty: refused
	}{
		{"TEXT", "'12'", items[itemNumber](t), "12"},
		{"TEXT", "'012'", items[itemNumber](t), ""},
		{"TEXT", "''", items[itemNumber](t), ""},
		{"TEXT", "'9223372036854775807'", items[itemNumber](t), "9223372036854775807"},
		{"TEXT", "'9223372036854775808'", items[itemNumber](t), ""},
		{"REAL", "2.0", items[itemNumber](t), "2"},
		{"REAL", "2.5", items[itemNumber](t), ""},
		{"REAL", "9.3e18", items[itemNumber](t), ""},
		{"BLOB", "x'31'", items[itemNumber](t), ""},
		{"TEXT", "'1'", items[itemBool](t), "1"},
		{"TEXT", "'2'", items[itemBool](t), ""},
		{"INTEGER", "7", items[item](t), "'7'"},
		{"REAL", "0.1", items[item](t), "'0.1'"},
		{"BLOB", "x'31'", items[item](t), ""},
		{"INTEGER", "-7", items[itemPrice](t), "'-7.00'"},
		{"INTEGER", "12345", items[itemPrice](t), ""},
		{"REAL", "1.5", items[itemPrice](t), "'1.50'"},
		{"REAL", "0.0", items[itemPrice](t), "'0.00'"},
		{"REAL", "1.555", items[itemPrice](t), ""},
		{"", "'kept'", items[item](t), "'kept'"},
		{"NUMERIC", "'kept'", items[item](t), "'kept'"},
	} {
		d := fresh(t)
		run(t, d, "CREATE TABLE items (id INTEGER PRIMARY KEY, name "+c.class+" NOT NULL)", "INSERT INTO items VALUES (1, "+c.value+")")
		plan := planned(t, d, c.model, "items", schema.Policy{})
		require.Equal(t, []string{"retype-column(name)"}, hazardWords(plan))
		err := carry(t, d, plan)
		if c.want == "" {
			require.ErrorIs(t, err, schema.ErrUnfitRows, "%+v", c)
			continue
		}
		require.NoError(t, err, "%s %s", c.class, c.value)
		require.Equal(t, c.want, one[string](t, d.Reader(), "SELECT quote(name) FROM items"), c.value)
		becomes(t, d, c.model, "items", schema.Policy{})
	}
}

func TestRenameConflictAndHint(t *testing.T) {
	d := fresh(t)
	run(t, d, "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL)")
	plan := planned(t, d, items[itemRenamed](t), "items", schema.Policy{})
	require.Len(t, plan.Faults, 1)
	require.Contains(t, plan.Faults[0], `"title"`)
	run(t, d, "ALTER TABLE items DROP COLUMN title", "ALTER TABLE items RENAME COLUMN name TO label")
	plan = planned(t, d, items[item](t), "items", schema.Policy{})
	require.Len(t, plan.Hints, 1)
	require.Contains(t, plan.Hints[0], "was=label")
}

func TestUnreadableSource(t *testing.T) {
	d := fresh(t)
	run(t, d, plainItems)
	m := items[itemMaybe](t)
	born, err := d.Born(t.Context(), nil, m)
	require.NoError(t, err)
	lives, err := d.Inspect(t.Context(), d.Reader(), m.Ref())
	require.NoError(t, err)
	for _, source := range [][]string{nil, {"CREATE TABLE items ("}, {"CREATE TABLE items (id, other)"}} {
		lives[0].Source = source
		plan := d.Alter(dialect.Transition{Model: m, Born: born, Live: lives[0]})
		require.Len(t, plan.Faults, 1, fmt.Sprint(source))
	}
}
