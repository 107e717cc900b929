package mysql_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

type account struct {
	ID int64  `db:"id" schema:"pk"`
	N  *int64 `db:"n"`
}

type accountWithMore struct {
	ID   int64   `db:"id"   schema:"pk"`
	N    *int64  `db:"n"    schema:"index"`
	Note *string `db:"note" schema:"size=20,default='none'"`
}

type accountOfText struct {
	ID int64   `db:"id" schema:"pk"`
	N  *string `db:"n"`
}

type accountFilled struct {
	ID int64 `db:"id" schema:"pk"`
	N  int64 `db:"n"  schema:"backfill=id * 10"`
}

// accounts makes the table with some rows and gives the plan to another model of it.
func accounts[T any](t *testing.T, d *mysql.DB) (*schema.Table, *schema.Plan) {
	t.Helper()
	exec(t, d, d.Create(tableOf[account](t)).Statements[0].SQL, "INSERT INTO accounts VALUES (1, 5), (2, NULL)")
	model := tableOf[T](t, schema.Named("accounts"))
	return model, planned(t, d, model, 2)
}

func planned(t *testing.T, d *mysql.DB, model *schema.Table, rows int64) *schema.Plan {
	t.Helper()
	born, err := d.Born(t.Context(), nil, model)
	require.NoError(t, err)
	lives, err := d.Inspect(t.Context(), d.Reader(), model.Ref())
	require.NoError(t, err)
	return d.Alter(dialect.Transition{Model: model, Born: born, Live: lives[0], Rows: rows})
}

// carry takes the steps of a plan, after which there is none left.
func carry(t *testing.T, d *mysql.DB, model *schema.Table, plan *schema.Plan) {
	t.Helper()
	require.Empty(t, plan.Faults)
	for _, step := range plan.Steps() {
		require.NoError(t, d.Step(t.Context(), step, nil), step[0].SQL)
	}
	require.True(t, planned(t, d, model, 2).Empty(), planned(t, d, model, 2).String())
}

func TestWhatKeepsNobodyWaitingIsNoHazard(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	model, plan := accounts[accountWithMore](t, d)
	require.Empty(t, plan.Hazards(), plan.String())
	require.Len(t, plan.Statements, 2)
	require.True(t, strings.HasSuffix(plan.Statements[0].SQL, ", ALGORITHM=INSTANT"), plan.String())
	require.True(t, strings.HasSuffix(plan.Statements[1].SQL, ", ALGORITHM=INPLACE, LOCK=NONE"), plan.String())
	carry(t, d, model, plan)
}

func TestCopyingIsAHazardAndOneStatement(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	model, plan := accounts[accountOfText](t, d)
	require.Len(t, plan.Statements, 1)
	require.True(t, strings.HasSuffix(plan.Statements[0].SQL, ", ALGORITHM=COPY, LOCK=SHARED"), plan.String())
	retype := schema.Hazard{Kind: schema.HazardRetypeColumn, Columns: []string{"n"}}
	require.Equal(t, []schema.Hazard{retype}, plan.Hazards())
	require.ElementsMatch(t, []schema.Hazard{{Kind: schema.HazardRewriteTable}, retype}, planned(t, d, model, 1001).Hazards())
	carry(t, d, model, plan)
}

func TestNullIsFilledBeforeItIsForbidden(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	model, plan := accounts[accountFilled](t, d)
	carry(t, d, model, plan)
	var sum int64
	_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT sum(n) FROM accounts", nil, &sum)
	require.NoError(t, err)
	require.EqualValues(t, 25, sum)
}

// A step waits for whoever uses the table no longer than a second, and leaves nothing behind.
func TestStepGivesUpOnABusyTable(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	model, plan := accounts[accountWithMore](t, d)
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "UPDATE accounts SET n = 6 WHERE id = 1")
	require.NoError(t, err)
	require.ErrorIs(t, d.Step(t.Context(), plan.Steps()[0], nil), schema.ErrLockTimeout)
	require.NoError(t, tx.Commit(t.Context()))
	carry(t, d, model, plan)
}

// What a plan has done before it was interrupted is not done again.
func TestAnInterruptedPlanIsFinished(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	model, plan := accounts[accountWithMore](t, d)
	require.NoError(t, d.Step(t.Context(), plan.Steps()[0], nil))
	rest := planned(t, d, model, 2)
	require.Len(t, rest.Statements, 1)
	require.Equal(t, plan.Statements[1].SQL, rest.Statements[0].SQL)
	carry(t, d, model, rest)
}

// A table of another collation is another table: texts are equal there that are not equal here.
func TestAnotherCollationIsADifference(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	type named struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name" schema:"size=20,unique"`
	}
	model := tableOf[named](t)
	sql := d.Create(model).Statements[0].SQL
	exec(t, d, strings.Replace(sql, "utf8mb4_nopad_bin", "utf8mb4_general_ci", 1))
	plan := planned(t, d, model, 0)
	require.Len(t, plan.Blocking(), 1)
	require.Equal(t, schema.ColumnType, plan.Blocking()[0].Kind)
	require.NoError(t, d.Locked(t.Context(), []schema.Ref{model.Ref()}, func(ctx context.Context, tx dialect.Tx) error {
		_, err := tx.Exec(ctx, plan.Statements[0].SQL)
		return err
	}))
	require.Empty(t, planned(t, d, model, 0).Blocking())
	exec(t, d, "INSERT INTO nameds VALUES (1, 'a'), (2, 'A'), (3, 'a '), (4, 'ä')")
}

type tagged struct {
	ID  int64     `db:"id"  schema:"pk"`
	Tag uuid.UUID `db:"tag" schema:"unique"`
}

type taggedByText struct {
	ID  int64  `db:"id"  schema:"pk"`
	Tag string `db:"tag" schema:"unique"`
}

// UUIDs become texts whole, wherever a plan is interrupted.
func TestUUIDsBecomeTexts(t *testing.T) {
	for interrupted := range 3 {
		d := open(t, mysqltest.Open(t))
		exec(t, d, d.Create(tableOf[tagged](t)).Statements[0].SQL,
			"INSERT INTO taggeds VALUES (1, unhex('f47ac10b58cc4372a5670e02b2c3d479')), (2, unhex('00000000000000000000000000000001'))")
		model := tableOf[taggedByText](t, schema.Named("taggeds"))
		plan := planned(t, d, model, 2)
		for _, step := range plan.Steps()[:interrupted] {
			require.NoError(t, d.Step(t.Context(), step, nil))
		}
		carry(t, d, model, planned(t, d, model, 2))
		var texts string
		_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT group_concat(tag ORDER BY id) FROM taggeds", nil, &texts)
		require.NoError(t, err)
		require.Equal(t, "f47ac10b-58cc-4372-a567-0e02b2c3d479,00000000-0000-0000-0000-000000000001", texts)
	}
}

type owner struct {
	ID int64 `db:"id" schema:"pk"`
}

type owned struct {
	ID    int64 `db:"id"    schema:"pk"`
	Owner int64 `db:"owner" schema:"references=owners.id,index,index=two"`
	Order int64 `db:"group" schema:"index=two"`
}

type ownedStill struct {
	ID    int64 `db:"id"    schema:"pk"`
	Owner int64 `db:"owner" schema:"references=owners.id,index=two"`
	Order int64 `db:"order" schema:"index=two,was=group"`
}

// A foreign key whose index goes needs none of its own where another one begins with its columns, under whatever names.
func TestAForeignKeyHasTheIndexThatStays(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	exec(t, d, d.Create(tableOf[owner](t)).Statements[0].SQL, d.Create(tableOf[owned](t)).Statements[0].SQL)
	exec(t, d, "INSERT INTO owners VALUES (1)", "INSERT INTO owneds VALUES (1, 1, 1)")
	model := tableOf[ownedStill](t, schema.Named("owneds"))
	plan := allowing(t, d, model)
	require.NotContains(t, plan.String(), "ADD KEY")
	for _, step := range plan.Steps() {
		require.NoError(t, d.Step(t.Context(), step, nil), step[0].SQL)
	}
	require.True(t, allowing(t, d, model).Empty())
}
