package nodes_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// Columns of score, as a program declares them.
const (
	colTeam  = nodes.Col[score, string]("team")
	colValue = nodes.Col[score, int64]("value")
	colPrice = nodes.Col[score, string]("price")
	colAt    = nodes.Col[score, time.Time]("at")
	colRate  = nodes.Col[score, float64]("rate")
	colRef   = nodes.Col[score, uuid.UUID]("ref")
)

// A typed column means what the functions of the same names mean, for each of its methods.
func TestColIsTheFunctionOfItsName(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		table, err := schema.TableOf[score](schema.WithColumns(colTeam, colValue, colPrice, colAt, colRate, colRef))
		require.NoError(t, err)
		gate, err := nodetest.System(t, d).Add(table)
		require.NoError(t, err)
		node, err := nodes.New[score, int64](d, table, gate)
		require.NoError(t, err)
		ref, at := uuid.New(), time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
		rows := []score{
			{ID: 1, Team: "reds", Value: ptr[int64](1), Price: ptr("1.000"), At: &at, Ref: &ref, Rate: 0.5},
			{ID: 2, Team: "r_ds", Value: ptr[int64](2), Price: ptr("2.000"), At: ptr(at.Add(time.Hour)), Rate: 1.5},
			{ID: 3, Team: "blues", Value: ptr[int64](3), Rate: 2.5},
			{ID: 4, Team: "reds and blues", Rate: 3.5},
		}
		_, err = node.BulkCreate(t.Context(), rows)
		require.NoError(t, err)
		list := func(q nodes.Query) (ids []int64) {
			found, err := node.List(t.Context(), q)
			require.NoError(t, err)
			for _, s := range found {
				ids = append(ids, s.ID)
			}
			return ids
		}
		for name, c := range map[string]struct{ typed, plain nodes.Cond }{
			"eq":          {colRef.Eq(ref), nodes.Eq("ref", ref)},
			"ne":          {colTeam.Ne("reds"), nodes.Ne("team", "reds")},
			"lt":          {colAt.Lt(at.Add(time.Minute)), nodes.Lt("at", at.Add(time.Minute))},
			"le":          {colValue.Le(2), nodes.Le("value", 2)},
			"gt":          {colPrice.Gt("1.5"), nodes.Gt("price", "1.5")},
			"ge":          {colRate.Ge(1.5), nodes.Ge("rate", 1.5)},
			"between":     {colValue.Between(2, 3), nodes.Between("value", 2, 3)},
			"in":          {colTeam.In("reds", "blues"), nodes.In("team", "reds", "blues")},
			"in none":     {colTeam.In(), nodes.In[string]("team")},
			"not in":      {colTeam.NotIn("reds", "blues"), nodes.NotIn("team", "reds", "blues")},
			"not in none": {colTeam.NotIn(), nodes.NotIn[string]("team")},
			"null":        {colRef.Null(), nodes.Null("ref")},
			"not null":    {colRef.NotNull(), nodes.NotNull("ref")},
			"like":        {colTeam.Like(`r\_ds`), nodes.Like("team", `r\_ds`)},
			"contains":    {colTeam.Contains("and"), nodes.Contains("team", "and")},
			"prefix":      {colTeam.Prefix("r_"), nodes.Prefix("team", "r_")},
			"suffix":      {colTeam.Suffix("blues"), nodes.Suffix("team", "blues")},
			"within":      {nodes.Not(nodes.Or(colValue.Eq(1), colValue.Null())), nodes.Not(nodes.Or(nodes.Eq("value", 1), nodes.Null("value")))},
		} {
			want := list(nodes.Query{Where: c.plain})
			require.Equal(t, want, list(nodes.Query{Where: c.typed}), name)
			require.True(t, len(want) < 4 || strings.HasSuffix(name, "none"), "%s says nothing", name)
			require.True(t, len(want) > 0 || strings.HasSuffix(name, "none"), "%s says nothing", name)
		}
		require.Equal(t, list(nodes.Query{OrderBy: []nodes.Order{nodes.Desc("price"), nodes.Asc("team")}}),
			list(nodes.Query{OrderBy: []nodes.Order{colPrice.Desc(), colTeam.Asc()}}))
		typed, err := node.Aggregate(t.Context(), nodes.Query{}, []string{colTeam.Name()},
			colValue.Count(), colValue.Sum(), colValue.Avg(), colAt.Min(), colAt.Max())
		require.NoError(t, err)
		plain, err := node.Aggregate(t.Context(), nodes.Query{}, []string{"team"},
			nodes.CountOf("value"), nodes.Sum("value"), nodes.Avg("value"), nodes.Min("at"), nodes.Max("at"))
		require.NoError(t, err)
		require.Len(t, plain, 4)
		require.Equal(t, plain, typed)
	})
}

// hats have fields of every form that a column's type may be inside of.
type hat struct {
	ID    int64          `db:"id"    schema:"pk"`
	Size  *int32         `db:"size"`
	Label sql.NullString `db:"label"`
	State status         `db:"state"`
}

// Columns are checked where the table is made, and all that is wrong with them comes at once.
func TestColumnsAreCheckedWhenTheTableIsMade(t *testing.T) {
	_, err := schema.TableOf[hat](schema.WithColumns(nodes.Col[hat, int32]("size"),
		nodes.Col[hat, string]("label"), nodes.Col[hat, status]("state")))
	require.NoError(t, err)
	_, err = schema.TableOf[hat](schema.WithColumns(
		nodes.Col[hat, int32]("brim"), nodes.Col[hat, *int32]("size"), nodes.Col[hat, int64]("label"),
		nodes.Col[hat, string]("state"), nodes.Col[score, int64]("id"), nil,
	))
	require.ErrorIs(t, err, schema.ErrInvalid)
	for _, fault := range []string{"brim", "size", "label", "state", "score"} {
		require.ErrorContains(t, err, fault)
	}
}

// A column of another struct's table is refused wherever it is used, before anything is sent.
func TestColumnsOfAnotherTable(t *testing.T) {
	const size, id = nodes.Col[hat, int32]("size"), nodes.Col[hat, int64]("id") // score has an id, too
	each(t, func(t *testing.T, d dialect.Dialect) {
		over := &tally{Dialect: d}
		table, gate := gateOf[score](t, d)
		node, err := nodes.New[score, int64](over, table, gate)
		require.NoError(t, err)
		queries := []nodes.Query{
			{Where: id.Eq(1)},
			{Where: nodes.Not(nodes.And(colTeam.Eq("reds"), id.In(1)))},
			{Where: size.Null()},
			{OrderBy: []nodes.Order{id.Desc()}},
		}
		for i, q := range queries {
			_, err = node.List(t.Context(), q)
			require.ErrorIs(t, err, schema.ErrInvalid, i)
			_, err = node.Page(t.Context(), q)
			require.ErrorIs(t, err, schema.ErrInvalid, i)
			_, err = node.Count(t.Context(), q)
			require.ErrorIs(t, err, schema.ErrInvalid, i)
			_, err = node.BulkDelete(t.Context(), q)
			require.ErrorIs(t, err, schema.ErrInvalid, i)
		}
		for _, term := range []nodes.Term{id.Sum(), id.Count(), id.Max().As("x")} {
			_, err = node.Aggregate(t.Context(), nodes.Query{}, nil, term)
			require.ErrorIs(t, err, schema.ErrInvalid)
		}
		require.Zero(t, over.reads.Load()+over.writes.Load())
	})
}
