package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// count asks the database, past the node.
func count(t *testing.T, q dialect.Querier, table string) (rows int) {
	t.Helper()
	_, err := dialect.QueryRow(t.Context(), q, "SELECT count(*) FROM "+table, nil, &rows)
	require.NoError(t, err)
	return rows
}

// TestBulkCreate stores more values than one statement may bind, of rows that leave different columns to the database.
func TestBulkCreate(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		const many = 12_000
		rows := make([]tool, many)
		for i := range rows {
			rows[i] = tool{Code: fmt.Sprint("c", i), Count: i, Version: 9}
			if i%3 == 0 {
				rows[i].Name = "named"
			}
			if i%5 == 0 {
				rows[i].ID = int64(1_000_000 + i)
			}
			if i%7 == 0 {
				rows[i].Created = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
			}
		}
		before := time.Now().Add(-time.Millisecond)
		var told []int64
		stored, err := tools.BulkCreate(t.Context(), rows, nodes.Progress(func(done int64) { told = append(told, done) }))
		require.NoError(t, err)
		require.EqualValues(t, many, stored)
		require.IsIncreasing(t, told)
		require.EqualValues(t, many, told[len(told)-1])

		there := byCode(t, tools)
		require.Len(t, there, many)
		var last int64
		for i, row := range rows {
			require.Equal(t, there[fmt.Sprint("c", i)], row)
			require.Equal(t, map[bool]string{true: "named", false: "unnamed"}[i%3 == 0], row.Name)
			require.Equal(t, []int{2 * i, 1}, []int{row.Double, row.Version})
			require.True(t, row.Updated.After(before))
			require.Equal(t, i%7 == 0, row.Created.Year() == 2001)
			if i%5 == 0 {
				require.EqualValues(t, 1_000_000+i, row.ID)
				continue
			}
			require.Greater(t, row.ID, last, "numbers are given in the order of the slice")
			last = row.ID
		}
	})
}

// strange are texts that look like something else to a database or to COPY.
func strange() []string {
	return []string{
		"", " ", "NULL", `\N`, `\.`, `\\`, `\`, "a\tb", "a\nb", "a\r\nb", "\v\f\b", "'; DROP TABLE people; --", `"`, "''", "$1", "?",
		"{a,b}", "é😀\u202e", "\x7f", "%s", `\x41`, `\101`,
	}
}

// TestBulkCreateKeepsValues compares what is stored with what Create stores.
func TestBulkCreateKeepsValues(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, parcels *nodes.Node[parcel, uuid.UUID]) {
		ctx := t.Context()
		var rows []parcel
		for i, text := range strange() {
			p := newParcel()
			p.Street, p.Tags, p.Label = text, []string{text}, []byte(text)
			if i%2 == 0 {
				p.City, p.SentAt, p.Meta = &text, ptr(time.Date(1, 1, 1, 0, 0, i, 123456000, time.UTC)), []byte(`{"a": "b\\n"}`)
			}
			rows = append(rows, p)
		}
		for i, number := range []float64{0, -0.5, 1e-300, math.MaxFloat64, math.SmallestNonzeroFloat64, 1.0 / 3} {
			rows[i].Weight, rows[i].Fragile, rows[i].Serial = number, true, math.MaxInt64
			rows[i].Due = time.Date([]int{0, 1, 9999, 1969, 2024, -0}[i], 12, 31, 0, 0, 0, 0, time.UTC)
			rows[i].Ratio, rows[i].Quantity, rows[i].Price = math.MaxFloat32, math.MinInt16, "-9999999999.99"
		}
		singly := append([]parcel(nil), rows...)
		for i := range singly {
			singly[i].ID = uuid.New()
			require.NoError(t, parcels.Create(ctx, &singly[i]), i)
		}
		through := append([]parcel(nil), rows...)
		for i := range through {
			through[i].ID = uuid.New()
		}
		stored, err := parcels.BulkCreate(ctx, rows)
		require.NoError(t, err)
		require.EqualValues(t, len(rows), stored)
		stored, err = parcels.BulkCreateSeq(ctx, func(yield func(parcel) bool) {
			for _, row := range through {
				if !yield(row) {
					return
				}
			}
		})
		require.NoError(t, err)
		require.EqualValues(t, len(rows), stored)
		for i := range rows {
			want, err := parcels.Get(ctx, singly[i].ID)
			require.NoError(t, err)
			for _, id := range []uuid.UUID{rows[i].ID, through[i].ID} {
				got, err := parcels.Get(ctx, id)
				require.NoError(t, err)
				got.ID = want.ID
				require.Equal(t, want, got, i)
			}
			rows[i].ID = singly[i].ID
			require.Equal(t, singly[i], rows[i])
		}
	})
}

// TestBulkCreateCopies has a rule keep out what comes by INSERT, which COPY does not know.
func TestBulkCreateCopies(t *testing.T) {
	d := nodetest.Postgres(t)
	people, parcels := open[person, uuid.UUID](t, d), open[parcel, uuid.UUID](t, d)
	_, err := people.Count(t.Context(), nodes.Query{})
	require.NoError(t, err)
	_, err = parcels.Count(t.Context(), nodes.Query{})
	require.NoError(t, err)
	for _, table := range []string{"people", "parcels"} {
		_, err := d.Writer().Exec(t.Context(), "CREATE RULE nothing AS ON INSERT TO "+table+" DO INSTEAD NOTHING")
		require.NoError(t, err)
	}
	stored, err := people.BulkCreate(t.Context(), []person{newPerson("Ada", nil), newPerson("Bob", ptr(3))})
	require.NoError(t, err)
	require.EqualValues(t, 2, stored)
	require.Equal(t, 2, count(t, d.Reader(), "people"))
	one := func(yield func(parcel) bool) { yield(newParcel()) }
	_, err = parcels.BulkCreateSeq(t.Context(), one)
	require.NoError(t, err)
	require.Equal(t, 1, count(t, d.Reader(), "parcels"), "nobody asks for the generated column")
	_, err = parcels.BulkCreate(t.Context(), []parcel{newParcel()})
	require.Error(t, err, "a rule may not make rows vanish without a word")
}

// TestBulkCreateNamesTheRow: of a failing row the index is told, and nothing is stored.
func TestBulkCreateNamesTheRow(t *testing.T) {
	inAndOut(t, func(t *testing.T, try apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		require.NoError(t, tools.Create(ctx, &tool{Code: "there"}))
		for name, c := range map[string]struct {
			spoil func(row *tool)
			kind  error
		}{
			"another row of the table": {func(row *tool) { row.Code = "there" }, schema.ErrDuplicate},
			"an earlier row":           {func(row *tool) { row.Code = "c4" }, schema.ErrDuplicate},
			"a check":                  {func(row *tool) { row.Count = -1 }, schema.ErrCheck},
			"too long":                 {func(row *tool) { row.Code = string(make([]rune, 41)) + "x" }, schema.ErrInvalid},
		} {
			rows := make([]tool, 700)
			for i := range rows {
				rows[i].Code = fmt.Sprint("c", i)
			}
			c.spoil(&rows[613])
			before := append([]tool(nil), rows...)
			stored, err := tools.BulkCreate(ctx, rows)
			require.ErrorIs(t, err, c.kind, name)
			require.Zero(t, stored)
			var failed *nodes.BulkError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, 613, failed.Rows[0].Index)
			require.Equal(t, []any{1, 1, "tools"}, []any{failed.Total, len(failed.Rows), failed.Table})
			require.Equal(t, before, rows)
			there, err := tools.Count(ctx, nodes.Query{})
			require.NoError(t, err)
			require.EqualValues(t, 1, there, name)
		}
	})
}

func TestBulkCreatePerRow(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		rows := make([]tool, 1500)
		for i := range rows {
			rows[i] = tool{Code: fmt.Sprint("c", i), Count: i}
		}
		rows[0].Count, rows[77].Code, rows[900].Code, rows[1499].Count = -1, "c76", "\xff", -5
		var done int64
		stored, err := tools.BulkCreate(t.Context(), rows, nodes.PerRow(), nodes.Progress(func(n int64) { done = n }))
		require.EqualValues(t, 1496, stored)
		require.EqualValues(t, 1500, done)
		var failed *nodes.BulkError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, 4, failed.Total)
		for at, want := range []struct {
			index int
			kind  error
		}{{0, schema.ErrCheck}, {77, schema.ErrDuplicate}, {900, schema.ErrInvalid}, {1499, schema.ErrCheck}} {
			require.Equal(t, want.index, failed.Rows[at].Index)
			require.ErrorIs(t, failed.Rows[at].Err, want.kind)
		}
		there := byCode(t, tools)
		require.Len(t, there, 1496)
		for i, row := range rows {
			if i == 0 || i == 77 || i == 900 || i == 1499 {
				require.Zero(t, row.ID)
				continue
			}
			require.Equal(t, there[row.Code], row)
		}
	})
}

// TestBulkCreateHooks: each row goes between the hooks, and an error of one undoes all.
func TestBulkCreateHooks(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		ctx, refusal, after := t.Context(), errors.New("not this one"), []int64(nil)
		hooked := tools.WithHooks(nodes.Hooks[tool, int64]{
			BeforeCreate: func(_ context.Context, _ dialect.Tx, row *tool) error {
				row.Count *= 10
				return nil
			},
			AfterCreate: func(_ context.Context, _ dialect.Tx, row *tool) error {
				after = append(after, row.ID)
				if row.Count == 30 {
					return refusal
				}
				return nil
			},
		})
		rows := []tool{{Code: "a", Count: 1}, {Code: "b", Count: 2}, {Code: "c", Count: 3}, {Code: "d", Count: 4}}
		_, err := hooked.BulkCreate(ctx, rows)
		require.ErrorIs(t, err, refusal)
		require.Empty(t, byCode(t, tools))
		require.Zero(t, rows[0].ID)

		after = nil
		stored, err := hooked.BulkCreate(ctx, rows, nodes.PerRow())
		require.ErrorIs(t, err, refusal)
		require.EqualValues(t, 3, stored)
		require.Len(t, after, 4)
		require.Equal(t, map[string]tool{"a": rows[0], "b": rows[1], "d": rows[3]}, byCode(t, tools))
		require.Equal(t, []int{10, 20, 3, 40}, []int{rows[0].Count, rows[1].Count, rows[2].Count, rows[3].Count})
	})
}

// TestBulkCreateOfStrangeTables: keys that are defaults, keys alone, and tables that bind nothing.
func TestBulkCreateOfStrangeTables(t *testing.T) {
	inAndOut(t, bulkCreateOf(func(id, text string) ticket { return ticket{id, text} }), "mysql")
	inAndOut(t, bulkCreateOf(func(id, text string) coupon { return coupon{id, text} }), "sqlite", "postgres")
	inAndOut(t, func(t *testing.T, _ apart, n *nodes.Node[number, int64]) {
		rows := make([]number, 3)
		stored, err := n.BulkCreate(t.Context(), rows)
		require.NoError(t, err)
		require.EqualValues(t, 3, stored)
		require.IsIncreasing(t, []int64{0, rows[0].ID, rows[1].ID, rows[2].ID})
	})
	inAndOut(t, func(t *testing.T, _ apart, n *nodes.Node[pair, pairKey]) {
		stored, err := n.BulkCreate(t.Context(), []pair{{1, 2}, {2, 1}})
		require.NoError(t, err)
		require.EqualValues(t, 2, stored)
	})
}

// bulkCreateOf stores rows of which the database makes up some keys.
func bulkCreateOf[T ticket | coupon](row func(id, text string) T) func(t *testing.T, _ apart, n *nodes.Node[T, string]) {
	return func(t *testing.T, _ apart, n *nodes.Node[T, string]) {
		rows := []T{row("", "a"), row("mine", "b"), row("", "c")}
		stored, err := n.BulkCreate(t.Context(), rows)
		require.NoError(t, err)
		require.EqualValues(t, 3, stored)
		require.NotEqual(t, ticket(rows[0]).ID, ticket(rows[2]).ID, "each key is worked out anew")
		for _, row := range rows {
			there, err := n.Get(t.Context(), ticket(row).ID)
			require.NoError(t, err)
			require.Equal(t, row, *there)
		}
	}
}

// coupon is a ticket of MariaDB, which has no random().
type coupon struct {
	ID   string `db:"id"   schema:"pk,default=upper(concat('r', rand()))"`
	Text string `db:"text"`
}

// ticket has a key that the database makes up, number nothing but one that it counts.
type ticket struct {
	ID   string `db:"id"   schema:"pk,default=upper(cast(random() as text))"`
	Text string `db:"text"`
}

type number struct {
	ID int64 `db:"id" schema:"pk,auto"`
}

func TestBulkCreateRefuses(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		people := open[person, uuid.UUID](t, d)
		ctx := t.Context()
		rows := []person{newPerson("Ada", nil)}
		for name, opts := range map[string][]nodes.BulkOption{
			"nil": {nil}, "twice": {nodes.PerRow(), nodes.PerRow()},
		} {
			_, err := people.BulkCreate(ctx, rows, opts...)
			require.ErrorIs(t, err, schema.ErrInvalid, name)
			_, err = people.BulkCreateSeq(ctx, func(func(person) bool) { require.Fail(t, "drawn from") }, opts...)
			require.ErrorIs(t, err, schema.ErrInvalid, name)
		}
		_, err := people.BulkCreateSeq(ctx, nil)
		require.ErrorIs(t, err, schema.ErrInvalid)
		for _, none := range [][]person{nil, {}} {
			stored, err := people.BulkCreate(ctx, none)
			require.NoError(t, err)
			require.Zero(t, stored)
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		_, err = people.BulkCreate(gone, rows)
		require.ErrorIs(t, err, context.Canceled)
		there, err := people.Count(ctx, nodes.Query{})
		require.NoError(t, err)
		require.Zero(t, there)
	})
}
