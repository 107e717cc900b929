package nodes_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// TestBulkCreateRefusesValues that not every database can store, of the row that holds them.
func TestBulkCreateRefusesValues(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, parcels *nodes.Node[parcel, uuid.UUID]) {
		for name, spoil := range map[string]func(p *parcel){
			"NUL":              func(p *parcel) { p.Street = "a\x00b" },
			"no text":          func(p *parcel) { p.Street = "\xff" },
			"NaN":              func(p *parcel) { p.Weight = math.NaN() },
			"infinite":         func(p *parcel) { p.Weight = math.Inf(-1) },
			"infinite, narrow": func(p *parcel) { p.Ratio = float32(math.Inf(1)) },
			"decimal":          func(p *parcel) { p.Price = `\N` },
			"NUL in JSON":      func(p *parcel) { p.Meta = []byte(`{"a": "\u0000"}`) },
			"year 10,000":      func(p *parcel) { p.Due = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) },
			"enum":             func(p *parcel) { p.Status = "'; DROP TABLE parcels; --" },
		} {
			rows := []parcel{newParcel(), newParcel(), newParcel()}
			spoil(&rows[1])
			for _, err := range []error{
				second(parcels.BulkCreate(t.Context(), rows)),
				second(parcels.BulkCreateSeq(t.Context(), slices.Values(rows))),
			} {
				failed, ok := err.(*nodes.BulkError)
				require.True(t, ok, "%s: %v", name, err)
				require.Equal(t, []int{1, 1}, []int{failed.Total, failed.Rows[0].Index}, name)
				_, typed := failed.Rows[0].Err.(*schema.Error)
				require.True(t, typed, name)
				require.NotContains(t, err.Error(), "DROP", "no values in errors")
			}
			stored, err := parcels.BulkCreate(t.Context(), rows, nodes.PerRow())
			require.Error(t, err, name)
			require.EqualValues(t, 2, stored, name)
		}
	})
}

// TestBulkCreatePerRowByCopy finds the rows at fault among many that are sent as one stream.
func TestBulkCreatePerRowByCopy(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, people *nodes.Node[person, uuid.UUID]) {
		rows := slices.Collect(throng(0, 12_000))
		rows[5].Age, rows[9_999].Email, rows[11_000].ID = ptr(-1), rows[10_500].Email, rows[10_999].ID
		before := slices.Clone(rows)
		stored, err := people.BulkCreate(t.Context(), rows, nodes.PerRow())
		require.EqualValues(t, 11_997, stored)
		var failed *nodes.BulkError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, 3, failed.Total)
		for at, want := range []struct {
			index int
			kind  error
		}{{5, schema.ErrCheck}, {10_500, schema.ErrDuplicate}, {11_000, schema.ErrDuplicate}} {
			require.Equal(t, want.index, failed.Rows[at].Index)
			require.ErrorIs(t, failed.Rows[at].Err, want.kind)
			require.Equal(t, before[want.index], rows[want.index])
		}
		there, err := people.Count(t.Context(), nodes.Query{})
		require.NoError(t, err)
		require.EqualValues(t, 11_997, there)
		last, err := people.Get(t.Context(), rows[11_999].ID)
		require.NoError(t, err)
		require.Equal(t, rows[11_999], *last)
	})
}

// TestBulkCreateUnderRowSecurity: PostgreSQL takes no COPY from those whom a table's policies are for.
func TestBulkCreateUnderRowSecurity(t *testing.T) {
	ctx, address := t.Context(), postgrestest.Open(t)
	admin, err := postgres.Open(ctx, address, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close()) }()
	_, err = admin.Writer().Exec(ctx, "GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC")
	require.NoError(t, err)
	d, err := postgres.Open(ctx, postgrestest.Role(t, address), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	_, err = admin.Writer().Exec(ctx, "GRANT CREATE ON SCHEMA public TO PUBLIC")
	require.NoError(t, err)
	people := open[person, uuid.UUID](t, d)
	_, err = people.Count(ctx, nodes.Query{})
	require.NoError(t, err)
	for _, sql := range []string{
		"ALTER TABLE people ENABLE ROW LEVEL SECURITY", "ALTER TABLE people FORCE ROW LEVEL SECURITY",
		"CREATE POLICY nobody ON people USING (true) WITH CHECK (name <> 'nobody')",
	} {
		_, err := d.Writer().Exec(ctx, sql)
		require.NoError(t, err)
	}
	rows := slices.Collect(throng(0, 11_000))
	stored, err := people.BulkCreate(ctx, rows)
	require.NoError(t, err)
	require.EqualValues(t, 11_000, stored)
	stored, err = people.BulkCreateSeq(ctx, throng(11_000, 11_000))
	require.NoError(t, err)
	require.EqualValues(t, 11_000, stored)
	_, err = people.BulkCreate(ctx, []person{newPerson("nobody", nil)})
	require.ErrorIs(t, err, schema.ErrPermission)
	require.Equal(t, 22_000, count(t, d.Reader(), "people"))
}

// TestBulkCreateNumbersBesideKeys: numbers that the database gives are given last, and PostgreSQL's by a count of its own.
func TestBulkCreateNumbersBesideKeys(t *testing.T) {
	run := func(t *testing.T, d dialect.Dialect, first int64) (rows []tool, err error) {
		rows = []tool{{Code: "a"}, {ID: first, Code: "b"}, {ID: 7, Code: "c"}}
		_, err = open[tool, int64](t, d).BulkCreate(t.Context(), rows)
		return rows, err
	}
	t.Run("sqlite", func(t *testing.T) {
		rows, err := run(t, nodetest.SQLite(t), 1)
		require.NoError(t, err)
		require.Equal(t, []int64{8, 1, 7}, []int64{rows[0].ID, rows[1].ID, rows[2].ID})
	})
	t.Run("postgres", func(t *testing.T) {
		rows, err := run(t, nodetest.Postgres(t), 5)
		require.NoError(t, err)
		require.Equal(t, []int64{1, 5, 7}, []int64{rows[0].ID, rows[1].ID, rows[2].ID})
		d := nodetest.Postgres(t)
		_, err = run(t, d, 1)
		require.ErrorIs(t, err, schema.ErrDuplicate)
		require.ErrorContains(t, err, "row 0", "the one that is stored later")
		require.Zero(t, count(t, d.Reader(), "tools"))
	})
}

func TestBulkCreateTakesAppendOnlyTables(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		table, err := schema.TableOf[tool](schema.AppendOnly())
		require.NoError(t, err)
		gate, err := nodetest.System(t, d).Add(table)
		require.NoError(t, err)
		tools, err := nodes.New[tool, int64](d, table, gate)
		require.NoError(t, err)
		stored, err := tools.BulkCreate(t.Context(), []tool{{Code: "saw"}, {Code: "drill"}})
		require.NoError(t, err)
		require.EqualValues(t, 2, stored)
		stored, err = tools.BulkCreateSeq(t.Context(), once(2, coded))
		require.NoError(t, err)
		require.EqualValues(t, 2, stored)
	})
}

// TestBulkCreateSeqDrawsLate: the table is there before the first row is, and no rows need no transaction.
func TestBulkCreateSeqDrawsLate(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		table, gate := gateOf[tool](t, d)
		tools, err := nodes.New[tool, int64](d, table, gate)
		require.NoError(t, err)
		stored, err := tools.BulkCreateSeq(t.Context(), once(3, func(i int) tool {
			require.NotNil(t, gate.Peek())
			require.Zero(t, count(t, d.Reader(), "tools"))
			return coded(i)
		}))
		require.NoError(t, err)
		require.EqualValues(t, 3, stored)
	})
	t.Run("nothing is sent", func(t *testing.T) {
		d := nodetest.SQLite(t)
		tools := open[tool, int64](t, d)
		_, err := tools.Count(t.Context(), nodes.Query{})
		require.NoError(t, err)
		_, err = inTx(t, d, func(*listening) error { // nobody else can begin one meanwhile
			short, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := tools.BulkCreateSeq(short, func(func(tool) bool) {})
			return err
		})
		require.NoError(t, err)
	})
}

// TestBulkCreateSeqLosesItsTable on the way: what was drawn and is no longer in memory is not lost without a word.
func TestBulkCreateSeqLosesItsTable(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		tools, drop := open[tool, int64](t, d), 10_500
		hooked := tools.WithHooks(nodes.Hooks[tool, int64]{
			BeforeCreate: func(ctx context.Context, tx dialect.Tx, row *tool) error {
				if row.Count != drop {
					return nil
				}
				drop = -1
				_, err := tx.Exec(ctx, "DROP TABLE tools")
				return err
			},
		})
		_, err := hooked.BulkCreateSeq(t.Context(), once(11_000, coded))
		require.ErrorIs(t, err, schema.ErrSerialization)
		require.Zero(t, count(t, d.Reader(), "tools"))
		drop = 10
		stored, err := hooked.BulkCreateSeq(t.Context(), once(500, coded))
		require.NoError(t, err, "the first rows are still there")
		require.EqualValues(t, 500, stored)
		require.Equal(t, 500, count(t, d.Reader(), "tools"))
	})
}

// TestBulkCreateWantsToTell: a progress function is called, or refused when it is none.
func TestBulkCreateWantsToTell(t *testing.T) {
	tools := open[tool, int64](t, nodetest.SQLite(t))
	for _, err := range []error{
		second(tools.BulkCreate(t.Context(), nil, nodes.Progress(nil))),
		second(tools.BulkCreateSeq(t.Context(), once(1, coded), nodes.Progress(nil))),
		second(tools.BulkUpsert(t.Context(), nil, nodes.Progress(nil))),
		second(tools.BulkUpdateRows(t.Context(), nil, nodes.Progress(nil))),
	} {
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.ErrorContains(t, err, "Progress")
	}
}
