package nodes_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

const hostile = `"; DROP TABLE tools; --`

// badUpserts are options that cannot be meant, with a word of what is said about them.
func badUpserts() map[string][]nodes.UpsertOption {
	return map[string][]nodes.UpsertOption{
		"names no column":           {nodes.OnConflict()},
		"UpdateOnly names no":       {nodes.UpdateOnly()},
		"[name]":                    {nodes.OnConflict("name")},
		"[shelf]":                   {nodes.OnConflict("shelf")},
		"[id, code]":                {nodes.OnConflict("id", "code")},
		"[shelf, slot, code]":       {nodes.OnConflict("shelf", "slot", "code")},
		"unknown column [nowhere]":  {nodes.OnConflict("nowhere")},
		"unknown column [nobody]":   {nodes.UpdateOnly("count", "nobody")},
		"unknown column [\"; DROP":  {nodes.OnConflict(hostile)},
		"unknown column [\"; DROP ": {nodes.UpdateOnly(hostile)},
		"unknown column":            {nodes.OnConflict("")},
		"UpdateOnly: unknown":       {nodes.UpdateOnly("")},
		"the same column twice":     {nodes.OnConflict("code", "code")},
		"twice [count]":             {nodes.UpdateOnly("count", "count")},
		"cannot be set [id]":        {nodes.UpdateOnly("id")},
		"cannot be set [double]":    {nodes.UpdateOnly("double")},
		"[version]":                 {nodes.UpdateOnly("version")},
		"[created_at]":              {nodes.UpdateOnly("created_at")},
		"[updated_at]":              {nodes.UpdateOnly("updated_at")},
		"[deleted_at]":              {nodes.UpdateOnly("deleted_at")},
		"[code]":                    {nodes.OnConflict("code"), nodes.UpdateOnly("code")},
		"DoNothing together":        {nodes.DoNothing(), nodes.UpdateOnly("count")},
		"given twice":               {nodes.OnConflict("code"), nodes.OnConflict("code")},
		"option is given twice":     {nodes.UpdateOnly("count"), nodes.UpdateOnly("count")},
		"an option is nil":          {nil},
	}
}

func TestUpsertRefuses(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		over := &tally{Dialect: d}
		table, gate := gateOf[tool](t, d)
		tools, err := nodes.New[tool, int64](over, table, gate)
		require.NoError(t, err)
		for words, opts := range badUpserts() {
			row := tool{Code: "canary"}
			before := row
			created, err := tools.Upsert(t.Context(), &row, opts...)
			require.ErrorIs(t, err, schema.ErrInvalid, words)
			require.ErrorContains(t, err, "upsert tools", words)
			require.ErrorContains(t, err, words)
			require.NotContains(t, err.Error(), "canary")
			require.False(t, created)
			require.Equal(t, before, row)
		}
		_, err = tools.Upsert(t.Context(), nil)
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.Nil(t, gate.Peek(), "refused before the gate")
		require.Zero(t, over.reads.Load()+over.writes.Load())
	})
}

func TestUpsertErrors(t *testing.T) {
	inAndOut(t, func(t *testing.T, try apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		saw, drill := tool{Code: "saw", Shelf: ptr(1), Slot: ptr(1)}, tool{Code: "drill", Shelf: ptr(1), Slot: ptr(2)}
		require.NoError(t, tools.Create(ctx, &saw))
		require.NoError(t, tools.Create(ctx, &drill))
		long := "a name that is longer than the column has room for, so that it is refused"
		for name, c := range map[string]struct {
			row  tool
			kind error
			opts []nodes.UpsertOption
		}{
			"updated into another's place": {
				tool{Code: "saw", Shelf: ptr(1), Slot: ptr(2)}, schema.ErrDuplicate, []nodes.UpsertOption{nodes.OnConflict("code")},
			},
			"created in another's place": {
				tool{Code: "new", Shelf: ptr(1), Slot: ptr(2)}, schema.ErrDuplicate, []nodes.UpsertOption{nodes.OnConflict("code")},
			},
			"left in another's place": {
				tool{Code: "new", Shelf: ptr(1), Slot: ptr(2)},
				schema.ErrDuplicate,
				[]nodes.UpsertOption{nodes.OnConflict("code"), nodes.DoNothing()},
			},
			"check": {tool{Code: "saw", Count: -1}, schema.ErrCheck, []nodes.UpsertOption{nodes.OnConflict("code")}},
			"check of a column that is kept": {
				tool{Code: "saw", Count: -1}, schema.ErrCheck, []nodes.UpsertOption{nodes.OnConflict("code"), nodes.UpdateOnly("name")},
			},
			"too long": {tool{Code: long}, schema.ErrCheck, nil},
			"a key in another's place": {
				tool{ID: saw.ID, Code: "drill"}, schema.ErrDuplicate, nil,
			},
		} {
			row := c.row
			err := try(func() error {
				created, err := tools.Upsert(ctx, &row, c.opts...)
				require.False(t, created, name)
				return err
			})
			require.ErrorIs(t, err, c.kind, name)
			require.ErrorContains(t, err, "upsert tools", name)
			require.Equal(t, c.row, row, name)
		}
		rows, err := tools.List(ctx, nodes.Query{})
		require.NoError(t, err)
		require.Equal(t, []tool{saw, drill}, rows)
	})
}

// TestUpsertNeverOverwritesByANumberOfTheDatabase: a sequence that lags behind is a duplicate, not another's row.
func TestUpsertNeverOverwritesByANumberOfTheDatabase(t *testing.T) {
	d := nodetest.Postgres(t)
	ctx, tools := t.Context(), open[tool, int64](t, d)
	require.NoError(t, tools.Create(ctx, &tool{ID: 1, Code: "chosen"}))
	_, err := tools.Upsert(ctx, &tool{Code: "new"})
	require.ErrorIs(t, err, schema.ErrDuplicate)
	_, err = tools.Upsert(ctx, &tool{Code: "new"}, nodes.OnConflict("code"))
	require.NoError(t, err, "the sequence has gone on")
	got, err := tools.Get(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, "chosen", got.Code)
}

// TestUpsertStoresHostileTextsAsTheyAre, in the columns of the conflict too.
func TestUpsertStoresHostileTextsAsTheyAre(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, people *nodes.Node[person, uuid.UUID]) {
		for i, text := range []string{"'; DROP TABLE people; --", `"`, "excluded.name", "$1", "?1", "\\'; --", "日本", " "} {
			p := newPerson(text, nil)
			p.Email = text
			created, err := people.Upsert(t.Context(), &p, nodes.OnConflict("email"))
			require.NoError(t, err)
			require.True(t, created)
			again := newPerson(text, ptr(i))
			again.Email = text
			created, err = people.Upsert(t.Context(), &again, nodes.OnConflict("email"))
			require.NoError(t, err)
			require.False(t, created)
			got, err := people.Get(t.Context(), p.ID)
			require.NoError(t, err)
			require.Equal(t, again, *got)
			require.Equal(t, text, got.Name)
			require.Equal(t, text, got.Email)
		}
	})
}

func TestUpsertGivesUpWithItsContext(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		tools := open[tool, int64](t, d)
		require.NoError(t, tools.Create(t.Context(), &tool{Code: "saw"}))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := tools.Upsert(ctx, &tool{Code: "saw"}, nodes.OnConflict("code"))
		require.ErrorIs(t, err, context.Canceled)
		_, err = tools.BulkUpdate(ctx, nodes.AllRows(), nodes.Set{"count": 1})
		require.ErrorIs(t, err, context.Canceled)
		rows, err := tools.List(t.Context(), nodes.Query{})
		require.NoError(t, err)
		require.Len(t, rows, 1)
		require.Equal(t, 1, rows[0].Version)
	})
}

// TestUpsertHealsWhatIsGone: a table is made again. For the index without which there is no conflict, and which may not
// fit the rows any more, the policy is asked.
func TestUpsertHealsWhatIsGone(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx := t.Context()
		table, gate := gateOf[tool](t, d)
		tools, err := nodes.New[tool, int64](d, table, gate)
		require.NoError(t, err)
		upsert := func(n *nodes.Node[tool, int64]) (bool, error) {
			return n.Upsert(ctx, &tool{Code: "saw"}, nodes.OnConflict("code"))
		}
		inside := func() {
			told, err := inTx(t, d, func(tx *listening) error { return second(upsert(tools.In(tx))) })
			require.ErrorIs(t, err, schema.ErrNotEnsured)
			require.Equal(t, []schema.Gate{gate}, told)
		}
		_, err = upsert(tools)
		require.NoError(t, err)
		dropTable(t, d, table)
		created, err := upsert(tools)
		require.NoError(t, err)
		require.True(t, created)
		dropTable(t, d, table)
		inside()
		_, err = tools.BulkUpdate(ctx, nodes.AllRows(), nodes.Set{"count": 1})
		require.NoError(t, err)
		require.NoError(t, tools.Create(ctx, &tool{Code: "saw"}))

		lives, err := d.Inspect(ctx, d.Reader(), table.Ref())
		require.NoError(t, err)
		at := slices.IndexFunc(lives[0].Indexes, func(i schema.LiveIndex) bool { return strings.Contains(i.Name, "code") })
		drop := "DROP INDEX " + d.Quote(lives[0].Indexes[at].Name)
		if d.Name() == "mysql" {
			drop += " ON " + d.QuoteTable(table.Ref())
		}
		_, err = d.Writer().Exec(ctx, drop)
		require.NoError(t, err)
		inside()
		_, err = upsert(tools)
		require.ErrorIs(t, err, schema.ErrMigrationRequired)
		require.ErrorContains(t, err, "missing unique index")
	})
}
