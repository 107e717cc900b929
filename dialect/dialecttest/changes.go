package dialecttest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// The shapes that the table "things" takes in turn.
type (
	thing struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name"`
	}
	thingWithNumber struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name"`
		N    int32  `db:"n"`
	}
	thingReordered struct {
		N    int32  `db:"n"`
		Name string `db:"name"`
		ID   int64  `db:"id"   schema:"pk"`
	}
	thingWithNullableNumber struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name"`
		N    *int32 `db:"n"`
	}
	thingWithDefault struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name"`
		N    int32  `db:"n"    schema:"default=1"`
	}
	thingWithOtherDefault struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name"`
		N    int32  `db:"n"    schema:"default=2"`
	}
	thingWithText struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name"`
		N    string `db:"n"`
	}
	thingWithFloat struct {
		ID   int64   `db:"id"   schema:"pk"`
		Name string  `db:"name"`
		N    float64 `db:"n"`
	}
	thingShort struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name" schema:"size=5"`
	}
	thingLong struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name" schema:"size=9"`
	}
	thingTwice struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name"`
		N    int32  `db:"n"    schema:"generated=id * 2"`
	}
	thingThrice struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name"`
		N    int32  `db:"n"    schema:"generated=id * 3"`
	}
	thingByName struct {
		ID   int64  `db:"id"`
		Name string `db:"name" schema:"pk"`
	}
	thingByBoth struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name" schema:"pk"`
	}
	thingAuto struct {
		ID   int64  `db:"id"   schema:"pk,auto"`
		Name string `db:"name"`
	}
	thingEnum struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name" schema:"enum=a|b"`
	}
	thingOtherEnum struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name" schema:"enum=a|b|c"`
	}
)

// shape makes a model of the table "things".
func shape[T any](t *testing.T, opts ...schema.TableOption) *schema.Table {
	t.Helper()
	return modelOf[T](t, append([]schema.TableOption{schema.Named("things")}, opts...)...)
}

// changeCase is a table that is there, the model that looks at it, and what is to be found.
type changeCase struct {
	name       string
	have, want *schema.Table
	kinds      []schema.ChangeKind // empty: at least one
	blocking   bool
}

func changeCases(t *testing.T) []changeCase {
	plain, number := shape[thing](t), shape[thingWithNumber](t)
	check := func(expr string) *schema.Table { return shape[thing](t, schema.WithCheck(expr)) }
	key := func(action schema.Action) *schema.Table {
		return shape[thing](t, schema.WithForeignKey(schema.ForeignKey{
			Columns: []string{"id"}, References: schema.Ref{Name: "keyeds"}, RefColumns: []string{"id"}, OnDelete: action,
		}))
	}
	return []changeCase{
		{"missing column", plain, number, []schema.ChangeKind{schema.MissingColumn}, true},
		{"extra column", number, plain, []schema.ChangeKind{schema.ExtraColumn}, true},
		{"extra nullable column", shape[thingWithNullableNumber](t), plain, []schema.ChangeKind{schema.ExtraColumn}, false},
		{"extra column with default", shape[thingWithDefault](t), plain, []schema.ChangeKind{schema.ExtraColumn}, false},
		{"extra generated column", shape[thingTwice](t), plain, []schema.ChangeKind{schema.ExtraColumn}, false},
		{"type", shape[thingWithText](t), number, []schema.ChangeKind{schema.ColumnType}, true},
		{"type of number", shape[thingWithFloat](t), number, []schema.ChangeKind{schema.ColumnType}, true},
		{"size", shape[thingShort](t), shape[thingLong](t), nil, true},
		{"enum", shape[thingEnum](t), shape[thingOtherEnum](t), []schema.ChangeKind{schema.MissingCheck, schema.ExtraCheck}, true},
		{"null allowed", shape[thingWithNullableNumber](t), number, []schema.ChangeKind{schema.ColumnNullability}, true},
		{"null forbidden", number, shape[thingWithNullableNumber](t), []schema.ChangeKind{schema.ColumnNullability}, true},
		{"default missing", number, shape[thingWithDefault](t), []schema.ChangeKind{schema.ColumnDefault}, true},
		{"another default", shape[thingWithOtherDefault](t), shape[thingWithDefault](t), []schema.ChangeKind{schema.ColumnDefault}, true},
		{"another expression", shape[thingTwice](t), shape[thingThrice](t), []schema.ChangeKind{schema.ColumnGenerated}, true},
		{"not generated", number, shape[thingTwice](t), []schema.ChangeKind{schema.ColumnGenerated}, true},
		{"another key", plain, shape[thingByName](t), []schema.ChangeKind{schema.PrimaryKey}, true},
		{"a longer key", plain, shape[thingByBoth](t), []schema.ChangeKind{schema.PrimaryKey}, true},
		{"missing index", plain, shape[thing](t, schema.WithIndex("name")), []schema.ChangeKind{schema.MissingIndex}, true},
		{"extra index", shape[thing](t, schema.WithIndex("name")), plain, []schema.ChangeKind{schema.ExtraIndex}, false},
		{
			"index of another order", shape[thing](t, schema.WithIndex("name", "id")), shape[thing](t, schema.WithIndex("id", "name")),
			[]schema.ChangeKind{schema.MissingIndex, schema.ExtraIndex},
			true,
		},
		{"missing unique", plain, shape[thing](t, schema.WithUnique("name")), []schema.ChangeKind{schema.MissingUnique}, true},
		{"extra unique", shape[thing](t, schema.WithUnique("name")), plain, []schema.ChangeKind{schema.ExtraUnique}, false},
		{
			"index not unique", shape[thing](t, schema.WithIndex("name")), shape[thing](t, schema.WithUnique("name")),
			[]schema.ChangeKind{schema.MissingUnique, schema.ExtraIndex},
			true,
		},
		{"missing check", plain, check("id > 0"), []schema.ChangeKind{schema.MissingCheck}, true},
		{"extra check", check("id > 0"), plain, []schema.ChangeKind{schema.ExtraCheck}, false},
		{"another check", check("id > 0"), check("id > 1"), []schema.ChangeKind{schema.MissingCheck, schema.ExtraCheck}, true},
		{"missing foreign key", plain, key(schema.NoAction), []schema.ChangeKind{schema.MissingForeignKey}, true},
		{"extra foreign key", key(schema.NoAction), plain, []schema.ChangeKind{schema.ExtraForeignKey}, false},
		{
			"another action", key(schema.NoAction), key(schema.Cascade),
			[]schema.ChangeKind{schema.MissingForeignKey, schema.ExtraForeignKey},
			true,
		},
	}
}

// settles carries a plan out, under which extras stay, and then one that removes them.
func settles(t *testing.T, d dialect.Dialect, model *schema.Table, plan *schema.Plan) {
	t.Helper()
	require.Empty(t, plan.Faults, plan.String())
	require.False(t, len(plan.Blocking()) > 0 && len(plan.Statements) == 0, "nothing settles this:\n%s", plan)
	require.NoError(t, carry(t, d, plan), plan.String())
	done(t, d, model, schema.Policy{}, plan)
	left := schema.Diff(born(t, d, model), inspect(t, d, model.Ref()))
	for _, change := range left {
		require.False(t, change.Blocking(), "%s: after\n%s", change, plan)
	}
	plan = planned(t, d, model, model.Ref(), everything())
	require.Equal(t, len(left) > 0, len(plan.Statements) > 0, plan.String())
	require.NoError(t, carry(t, d, plan), plan.String())
	done(t, d, model, everything(), plan)
	require.Empty(t, schema.Diff(born(t, d, model), inspect(t, d, model.Ref())), "after\n%s", plan)
}

func exerciseChanges(t *testing.T, open opener) {
	d := open(t)
	create(t, d, modelOf[keyed](t))
	forget := func() { exec(t, d, "DROP TABLE IF EXISTS things") }
	for _, c := range changeCases(t) {
		t.Run(c.name, func(t *testing.T) {
			defer forget()
			create(t, d, c.have)
			settled(t, d, c.have)
			birth, live := born(t, d, c.want), inspect(t, d, c.want.Ref())
			plan := planned(t, d, c.want, c.want.Ref(), schema.Policy{})
			require.Equal(t, schema.Diff(birth, live), plan.Changes)
			var kinds []schema.ChangeKind
			for _, change := range plan.Changes {
				// Whether a key is numbered may follow from what the key is.
				if change.Kind != schema.ColumnIdentity {
					kinds = append(kinds, change.Kind)
				}
			}
			require.NotEmpty(t, kinds)
			if c.kinds != nil {
				require.ElementsMatch(t, c.kinds, kinds, plan.String())
			}
			require.Equal(t, c.blocking, len(plan.Blocking()) > 0, plan.String())
			settles(t, d, c.want, plan)
		})
	}
	t.Run("no identity", func(t *testing.T) {
		defer forget()
		create(t, d, shape[thing](t))
		auto := shape[thingAuto](t)
		if changes := schema.Diff(born(t, d, auto), inspect(t, d, auto.Ref())); len(changes) > 0 {
			require.Len(t, changes, 1)
			require.Equal(t, schema.ColumnIdentity, changes[0].Kind)
			require.True(t, changes[0].Blocking())
			return
		}
		// No difference means that the database numbers rows all the same.
		row := thingAuto{Name: "x"}
		attach[thingAuto](t, d, auto).mustInsert(t, &row)
		require.Positive(t, row.ID)
	})
	same := func(model *schema.Table) {
		t.Helper()
		require.Empty(t, schema.Diff(born(t, d, model), inspect(t, d, model.Ref())))
	}
	t.Run("order of columns is no difference", func(t *testing.T) {
		defer forget()
		create(t, d, shape[thingReordered](t))
		same(shape[thingWithNumber](t))
	})
	t.Run("names of indexes are no difference", func(t *testing.T) {
		defer forget()
		create(t, d, shape[thingShort](t)) // a text of any length is in no index on some databases
		exec(t, d, "CREATE UNIQUE INDEX somebodys ON things (name)", "CREATE INDEX elses ON things (name, id)")
		same(shape[thingShort](t, schema.WithUnique("name"), schema.WithIndex("name", "id")))
	})
}
