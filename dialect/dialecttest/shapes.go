package dialecttest

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// everyKind has a column of every kind, both with and without null.
type everyKind struct {
	ID      uuid.UUID          `db:"id"       schema:"pk"`
	Flag    bool               `db:"flag"`
	Flag0   *bool              `db:"flag0"`
	Small   int16              `db:"small"`
	Small0  *int16             `db:"small0"`
	Mid     int32              `db:"mid"`
	Mid0    *int32             `db:"mid0"`
	Big     int64              `db:"big"`
	Big0    *int64             `db:"big0"`
	Single  float32            `db:"single"`
	Single0 *float32           `db:"single0"`
	Double  float64            `db:"double"`
	Double0 *float64           `db:"double0"`
	Text    string             `db:"text"`
	Text0   *string            `db:"text0"`
	Short   string             `db:"short"    schema:"size=12"`
	Short0  *string            `db:"short0"   schema:"size=12"`
	Raw     []byte             `db:"raw"`
	Raw0    *[]byte            `db:"raw0"`
	RawN    []byte             `db:"rawn"     schema:"size=16"`
	Stamp   time.Time          `db:"stamp"`
	Stamp0  *time.Time         `db:"stamp0"`
	Day     time.Time          `db:"day"      schema:"type=date"`
	Day0    *time.Time         `db:"day0"     schema:"type=date"`
	UUID0   *uuid.UUID         `db:"uuid0"`
	Amount  string             `db:"amount"   schema:"type=decimal,precision=12,scale=2"`
	Amount0 *string            `db:"amount0"  schema:"type=decimal,precision=38"`
	Doc     json.RawMessage    `db:"doc"`
	Doc0    *map[string]string `db:"doc0"`
	Color   color              `db:"color"    schema:"enum=red|green|a b"`
	Mood    mood               `db:"mood"`
	Mood0   *mood              `db:"mood0"`
	Color0  *color             `db:"color0"   schema:"enum=red|green"`
}

// indexed has indexes of every sort.
type indexed struct {
	ID    int64   `db:"id"    schema:"pk"`
	Email string  `db:"email" schema:"unique"`
	Phone *string `db:"phone" schema:"unique,index=mixed"`
	A     string  `db:"a"     schema:"index,unique=pair"`
	B     int     `db:"b"     schema:"index=mixed,unique=pair"`
	C     string  `db:"c"     schema:"index=mixed"`
}

// checked has conditions of every sort.
type checked struct {
	ID    int64    `db:"id"    schema:"pk"`
	Age   *int     `db:"age"   schema:"check=age >= 0 AND age < 200"`
	Name  string   `db:"name"  schema:"check=length(name) > 0"`
	State string   `db:"state" schema:"check=state IN ('new', 'old, (so)', 'it''s')"`
	Low   float64  `db:"low"`
	High  *float64 `db:"high"`
	Even  int      `db:"even"  schema:"check=(even % 2) = 0 OR NOT (even > 10)"`
}

// generated has computed columns.
type generated struct {
	ID    int64   `db:"id"    schema:"pk"`
	First string  `db:"first"`
	Last  *string `db:"last"`
	Full  string  `db:"full"  schema:"generated=first || ' ' || coalesce(last, '')"`
	N     int32   `db:"n"`
	Sum   *int64  `db:"sum"   schema:"generated=(n + 1) * 2"`
}

// keyed is what foreign keys point to.
type keyed struct {
	ID   int64  `db:"id"   schema:"pk"`
	Code string `db:"code" schema:"unique"`
	A    int    `db:"a"    schema:"unique=ab"`
	B    string `db:"b"    schema:"unique=ab"`
}

// pointing has a foreign key of every sort.
type pointing struct {
	ID       int64   `db:"id"       schema:"pk"`
	Plain    int64   `db:"plain"    schema:"references=keyeds.id"`
	Cascade  int64   `db:"cascades" schema:"references=keyeds.id,ondelete=cascade,onupdate=cascade"`
	Restrict int64   `db:"restrain" schema:"references=keyeds.id,ondelete=restrict,onupdate=restrict"`
	Null     *int64  `db:"nulled"   schema:"references=keyeds.id,ondelete=set null,onupdate=set null"`
	Default  *int64  `db:"reset"    schema:"default=7,references=keyeds.id,ondelete=set default,onupdate=set default"`
	Code     string  `db:"code"     schema:"references=keyeds.code"`
	A        int     `db:"a"`
	B        *string `db:"b"`
}

// pointingSome is pointing for databases without SET DEFAULT.
type pointingSome struct {
	ID       int64   `db:"id"       schema:"pk"`
	Plain    int64   `db:"plain"    schema:"references=keyeds.id"`
	Cascade  int64   `db:"cascades" schema:"references=keyeds.id,ondelete=cascade,onupdate=cascade"`
	Restrict int64   `db:"restrain" schema:"references=keyeds.id,ondelete=restrict,onupdate=restrict"`
	Null     *int64  `db:"nulled"   schema:"references=keyeds.id,ondelete=set null,onupdate=set null"`
	Code     string  `db:"code"     schema:"references=keyeds.code"`
	A        int     `db:"a"`
	B        *string `db:"b"`
}

// pointingModel is the model of pointing, as far as the database has the actions.
func pointingModel(t *testing.T, d dialect.Dialect, opts ...schema.TableOption) *schema.Table {
	t.Helper()
	if d.Capability().NoSetDefault {
		refused := d.Create(modelOf[pointing](t))
		require.NotEmpty(t, refused.Faults, "SET DEFAULT is not made in silence")
		return modelOf[pointingSome](t, append(opts, schema.Named("pointings"))...)
	}
	return modelOf[pointing](t, opts...)
}

// tree points to itself.
type tree struct {
	ID     int64  `db:"id"     schema:"pk,auto"`
	Parent *int64 `db:"parent" schema:"references=trees.id,ondelete=cascade"`
}

// egg and hen point to each other.
type egg struct {
	ID  int64  `db:"id"  schema:"pk"`
	Hen *int64 `db:"hen" schema:"references=hens.id"`
}

type hen struct {
	ID  int64  `db:"id"  schema:"pk"`
	Egg *int64 `db:"egg" schema:"references=eggs.id"`
}

// commented has words about itself.
type commented struct {
	ID   int64  `db:"id"   schema:"pk"`
	Name string `db:"name" schema:"comment='it''s, really, \"the\" name; -- 日本 $1'"`
}

func exerciseShapes(t *testing.T, open opener) {
	d := open(t)
	for _, c := range []struct {
		name   string
		models []*schema.Table
	}{
		{"every kind", []*schema.Table{modelOf[everyKind](t)}},
		{"defaults", []*schema.Table{modelOf[defaults](t)}},
		{"identity and lifecycle", []*schema.Table{modelOf[note](t)}},
		{"nothing but an identity", []*schema.Table{modelOf[numbers](t)}},
		{"composite key", []*schema.Table{modelOf[seat](t)}},
		{"indexes", []*schema.Table{modelOf[indexed](t, schema.WithIndex("c", "a"), schema.WithUnique("c", "b", "a"))}},
		{"checks", []*schema.Table{modelOf[checked](t, schema.WithCheck("low <= high"), schema.WithCheck("name <> 'x' OR age IS NULL"))}},
		{"generated columns", []*schema.Table{modelOf[generated](t)}},
		{"foreign keys", []*schema.Table{modelOf[keyed](t), pointingModel(t, d, schema.WithForeignKey(schema.ForeignKey{
			Columns: []string{"a", "b"}, References: schema.Ref{Name: "keyeds"}, RefColumns: []string{"a", "b"}, OnDelete: schema.Cascade,
		}))}},
		{"foreign key to itself", []*schema.Table{modelOf[tree](t)}},
		{"foreign keys in a circle", []*schema.Table{modelOf[egg](t), modelOf[hen](t)}},
		{"comments", []*schema.Table{modelOf[commented](t, schema.WithComment("what's this? \\ \"x\" $1"))}},
		{"ledger", dialect.LedgerModels()},
	} {
		t.Run(c.name, func(t *testing.T) {
			create(t, d, c.models...)
			for _, model := range c.models {
				settled(t, d, model)
			}
		})
	}
	t.Run("several at once, in order, missing ones nil", func(t *testing.T) { exerciseInspect(t, open(t)) })
	t.Run("seen before commit", func(t *testing.T) { exerciseUncommitted(t, open(t)) })
	t.Run("born leaves no trace", func(t *testing.T) { exerciseBorn(t, open(t)) })
	t.Run("namespaces", func(t *testing.T) { exerciseNamespaces(t, open(t)) })
}

// settled shows that a table is what its model says and that nothing is left to do, as often as one looks.
func settled(t *testing.T, d dialect.Dialect, model *schema.Table) {
	t.Helper()
	require.Equal(t, d.Create(model), d.Create(model), "a plan is pure")
	var former *schema.Live
	for range 2 {
		live, birth := inspect(t, d, model.Ref()), born(t, d, model)
		require.NotNil(t, live, "table %s is missing", model)
		resembles(t, d, model, live)
		require.Empty(t, schema.Diff(birth, live))
		require.Empty(t, schema.Diff(live, birth))
		require.ElementsMatch(t, namesOf(live), namesOf(birth), "born under other names")
		plan := d.Alter(dialect.Transition{Model: model, Born: birth, Live: live})
		require.True(t, plan.Empty(), plan.String())
		require.NotEmpty(t, live.Hash)
		if former != nil {
			require.Equal(t, former, live, "two looks differ")
		}
		former = live
	}
}

// namesOf lists the names of a table's indexes and constraints. They take no part in comparisons, and must be right all
// the same: statements that add what is missing are made with the names of the born one.
func namesOf(live *schema.Live) []string {
	var names []string
	for _, ix := range live.Indexes {
		names = append(names, "index "+ix.Name)
	}
	for _, fk := range live.ForeignKeys {
		names = append(names, "foreign key "+fk.Name)
	}
	for _, c := range live.Checks {
		names = append(names, "check "+c.Name)
	}
	return names
}

// resembles compares a live table with its model as far as the model alone tells: that the comparison of two catalogue
// readings found nothing is worth something only if they hold something.
func resembles(t *testing.T, d dialect.Dialect, model *schema.Table, live *schema.Live) {
	t.Helper()
	require.Equal(t, d.FitName(model.Ref().Name), d.FitName(live.Ref.Name))
	require.Len(t, live.Columns, len(model.Columns()))
	for i, c := range model.Columns() {
		have := live.Columns[i]
		require.Equal(t, d.FitName(c.Name), have.Name)
		require.NotEmpty(t, have.Type, c.Name)
		if c.Auto { // a database may number other keys, too
			require.True(t, have.Identity, "%s: identity", c.Name)
		}
		require.Equal(t, c.Default != "", have.Default != "", "%s: default %q", c.Name, have.Default)
		require.Equal(t, c.Generated != "", have.Generated != "", "%s: generated %q", c.Name, have.Generated)
		inKey := slices.Contains(model.Key(), i)
		require.Equal(t, !c.Nullable || inKey, have.NotNull, "%s: not null", c.Name)
	}
	var key []string
	for _, name := range model.KeyNames() {
		key = append(key, d.FitName(name))
	}
	require.Equal(t, key, live.Key)
	unique := func(i schema.Index) bool { return i.Unique }
	require.Len(t, live.Indexes, len(model.Indexes()))
	for _, index := range live.Indexes {
		require.NotEmpty(t, index.Definition)
		unique := slices.ContainsFunc(model.Indexes(), unique)
		require.True(t, unique || !index.Unique)
	}
	require.Len(t, live.ForeignKeys, len(model.ForeignKeys()))
	for _, want := range model.ForeignKeys() {
		require.True(t, slices.ContainsFunc(live.ForeignKeys, func(have schema.ForeignKey) bool {
			return want.OnDelete == have.OnDelete && want.OnUpdate == have.OnUpdate &&
				d.FitName(want.References.Name) == have.References.Name && slices.Equal(fit(d, want.Columns), have.Columns) &&
				slices.Equal(fit(d, want.RefColumns), have.RefColumns)
		}), "no %v in %v", want, live.ForeignKeys)
	}
	require.GreaterOrEqual(t, len(live.Checks), len(model.Checks()))
	if live.Comment != "" {
		require.Equal(t, model.Comment(), live.Comment)
	}
}

func fit(d dialect.Dialect, names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = d.FitName(name)
	}
	return out
}

func exerciseInspect(t *testing.T, d dialect.Dialect) {
	a, b := modelOf[seat](t), modelOf[pair](t)
	refs := []schema.Ref{{Name: "nosuch"}, b.Ref(), {Name: "it's \"missing\""}, a.Ref(), b.Ref()}
	lives, err := d.Inspect(t.Context(), d.Reader(), refs...)
	require.NoError(t, err)
	require.Equal(t, make([]*schema.Live, 5), lives)
	create(t, d, a, b)
	lives, err = d.Inspect(t.Context(), d.Reader(), refs...)
	require.NoError(t, err)
	require.Len(t, lives, 5)
	require.Nil(t, lives[0])
	require.Nil(t, lives[2])
	require.Equal(t, []string{"room", "number"}, lives[3].Key)
	require.Equal(t, []string{"a", "b"}, lives[1].Key)
	require.Equal(t, lives[1], lives[4])
	require.NotEqual(t, lives[1].Hash, lives[3].Hash)
	lives, err = d.Inspect(t.Context(), d.Reader())
	require.NoError(t, err)
	require.Empty(t, lives)
}

func exerciseUncommitted(t *testing.T, d dialect.Dialect) {
	model := modelOf[indexed](t)
	var hash string
	require.NoError(t, d.Locked(t.Context(), []schema.Ref{model.Ref()}, func(ctx context.Context, tx dialect.Tx) error {
		if err := apply(ctx, d, tx, model); err != nil {
			return err
		}
		lives, err := d.Inspect(ctx, tx, model.Ref())
		if err != nil {
			return err
		}
		birth, err := d.Born(ctx, tx, model)
		require.NoError(t, err)
		require.NotNil(t, lives[0], "a transaction sees its own table")
		require.Empty(t, schema.Diff(birth, lives[0]))
		hash = lives[0].Hash
		return nil
	}))
	require.Equal(t, hash, inspect(t, d, model.Ref()).Hash)
}

func exerciseBorn(t *testing.T, d dialect.Dialect) {
	standing := modelOf[keyed](t)
	create(t, d, standing)
	before := inspect(t, d, standing.Ref())
	for _, model := range []*schema.Table{
		standing, pointingModel(t, d), modelOf[everyKind](t), modelOf[note](t), modelOf[tree](t), modelOf[egg](t),
	} {
		require.Equal(t, born(t, d, model).Columns, born(t, d, model).Columns)
		if model != standing {
			require.Nil(t, inspect(t, d, model.Ref()), "%s came into being", model)
		}
	}
	require.Equal(t, before, inspect(t, d, standing.Ref()))
	// The transaction goes on as if nothing had been.
	require.NoError(t, d.Locked(t.Context(), []schema.Ref{{Name: "notes"}}, func(ctx context.Context, tx dialect.Tx) error {
		if _, err := d.Born(ctx, tx, modelOf[note](t)); err != nil {
			return err
		}
		return apply(ctx, d, tx, modelOf[note](t))
	}))
	settled(t, d, modelOf[note](t))
}

func exerciseNamespaces(t *testing.T, d dialect.Dialect) {
	if !d.Capability().Namespaces {
		t.Skip("this database has no namespaces")
	}
	far := storeOf[seat](t, d, schema.InNamespace(`far "away"`))
	near := storeOf[seat](t, d)
	settled(t, d, far.table)
	settled(t, d, near.table)
	far.mustInsert(t, &seat{"A", 1, pointer("far")})
	near.mustInsert(t, &seat{"A", 1, pointer("near")})
	require.Equal(t, "far", *far.mustGet(t, &seat{Room: "A", Number: 1}).Guest)
	require.Equal(t, "near", *near.mustGet(t, &seat{Room: "A", Number: 1}).Guest)

	exec(t, d, "DROP TABLE "+d.QuoteTable(near.table.Ref()))
	require.Nil(t, inspect(t, d, near.table.Ref()), "a table of the same name elsewhere is another table")
	require.NotNil(t, inspect(t, d, far.table.Ref()))
	exec(t, d, "ALTER TABLE "+d.QuoteTable(far.table.Ref())+" ADD COLUMN extra text")
	require.Len(t, inspect(t, d, far.table.Ref()).Columns, 4)

	house := storeOf[keyed](t, d, schema.InNamespace("third"))
	tied := storeOf[pointing](t, d, schema.InNamespace("third"))
	settled(t, d, house.table)
	settled(t, d, tied.table)
}
