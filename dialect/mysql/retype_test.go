package mysql_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

type priced struct {
	ID    int64   `db:"id"    schema:"pk"`
	Price string  `db:"price" schema:"size=20,unique,index=both,default='0 EUR',comment=what it costs,check=length(price) > 0"`
	Other int64   `db:"other" schema:"index=both"`
	Note  *string `db:"note"`
}

type pricedInCents struct {
	ID    int64 `db:"id"    schema:"pk"`
	Price int64 `db:"price" schema:"unique,index=both,default=0,comment=in cents,check=length(price) > 0,backfill=CAST(substring_index(price, ' ', 1) * 100 AS SIGNED)"`
	Other int64 `db:"other" schema:"index=both"`
	Note  *bool `db:"note"  schema:"backfill=note = 'yes'"`
}

// A backfill that names its column says what becomes of its values; wherever the plan is interrupted, the next one goes on.
func TestABackfillTurnsValuesIntoAnotherType(t *testing.T) {
	for interrupted := range 4 {
		t.Run(fmt.Sprint(interrupted), func(t *testing.T) {
			d := open(t, mysqltest.Open(t))
			exec(t, d, d.Create(tableOf[priced](t)).Statements[0].SQL,
				"INSERT INTO priceds VALUES (1, '1.50 EUR', 7, 'yes'), (2, '20 EUR', 8, 'no'), (3, '3 EUR', 9, NULL)")
			model := tableOf[pricedInCents](t, schema.Named("priceds"))
			plan := planned(t, d, model, 3)
			require.Contains(t, plan.Hazards(), schema.Hazard{Kind: schema.HazardRetypeColumn, Columns: []string{"price"}})
			steps := plan.Steps()
			require.GreaterOrEqual(t, len(steps), 4, plan.String())
			for _, step := range steps[:len(steps)-interrupted] {
				require.NoError(t, d.Step(t.Context(), step, nil), step[0].SQL)
			}
			if interrupted > 0 {
				carry(t, d, model, allowing(t, d, model))
			}
			rest := allowing(t, d, model)
			require.True(t, rest.Empty(), rest.String())
			require.EqualValues(t, 1, number(t, d, "SELECT (SELECT group_concat(price ORDER BY id) FROM priceds) = '150,2000,300'"))
			require.EqualValues(t, 1, number(t, d, "SELECT (SELECT group_concat(note ORDER BY id) FROM priceds) = '1,0'"))

			// All that was over the column is over the new one.
			born, err := d.Born(t.Context(), nil, model)
			require.NoError(t, err)
			lives, err := d.Inspect(t.Context(), d.Reader(), model.Ref())
			require.NoError(t, err)
			require.Empty(t, schema.Diff(born, lives[0]))
			require.Empty(t, schema.Diff(lives[0], born))
			_, err = d.Writer().Exec(context.WithoutCancel(t.Context()), "INSERT INTO priceds (id, price, other) VALUES (4, 150, 1)")
			require.ErrorIs(t, d.Classify(err), schema.ErrDuplicate)
		})
	}
}

type coded struct {
	Code  string `db:"code"  schema:"pk,size=20"`
	Order string `db:"order" schema:"size=20"`
}

type codedByNumber struct {
	Code  int64 `db:"code"  schema:"pk,backfill=substr(code, 2)"`
	Order int64 `db:"order" schema:"backfill=substr(\"order\", 2)"`
}

// So it is with a key, and with a name that must be quoted.
func TestABackfillTurnsAKeyIntoAnotherType(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	exec(t, d, d.Create(tableOf[coded](t)).Statements[0].SQL, "INSERT INTO codeds VALUES ('c1', 'o7'), ('c2', 'o8')")
	model := tableOf[codedByNumber](t, schema.Named("codeds"))
	carry(t, d, model, planned(t, d, model, 2))
	require.EqualValues(t, 1, number(t, d, `SELECT (SELECT group_concat(code, "order" ORDER BY code) FROM codeds) = '17,28'`))
	_, err := d.Writer().Exec(t.Context(), "INSERT INTO codeds VALUES (2, 4)")
	require.ErrorIs(t, d.Classify(err), schema.ErrDuplicate)
}

type tree struct {
	ID     string `db:"id"     schema:"pk,size=20"`
	Parent string `db:"parent" schema:"size=20,references=trees.id"`
}

type treeByNumber struct {
	ID     int64 `db:"id"     schema:"pk,backfill=substr(id, 2)"`
	Parent int64 `db:"parent" schema:"references=trees.id,backfill=substr(parent, 2)"`
}

// What holds on to a column is named before anything is changed.
func TestABackfillIsRefusedByWhatHoldsTheColumn(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	exec(t, d, d.Create(tableOf[tree](t)).Statements[0].SQL, "INSERT INTO trees VALUES ('c1', 'c1')")
	faults := planned(t, d, tableOf[treeByNumber](t, schema.Named("trees")), 1).Faults
	require.Len(t, faults, 1)
	require.Contains(t, faults[0], `"id"`)
	require.Contains(t, faults[0], `["parent"] of the same table points to it`)
}

// allowing plans under a policy that lets everything change.
func allowing(t *testing.T, d *mysql.DB, model *schema.Table) *schema.Plan {
	t.Helper()
	born, err := d.Born(t.Context(), nil, model)
	require.NoError(t, err)
	lives, err := d.Inspect(t.Context(), d.Reader(), model.Ref())
	require.NoError(t, err)
	policy := schema.Policy{Allow: []schema.Allowance{{Hazard: schema.AnyHazard, Reason: "test"}}}
	return d.Alter(dialect.Transition{Model: model, Born: born, Live: lives[0], Rows: 3, Policy: policy})
}
