package nodes_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// lived is what becomes of the lifecycle columns of a row.
type lived struct {
	created, updated, deleted string // "now", "kept", or "none"
	version                   int    // more than before
}

// lifecycle are the paths by which row 500, which is there, or row 900, which is not, come to be as they are.
func lifecycle() map[string]struct {
	id   int64
	path func(ctx context.Context, n *nodes.Node[note, int64], there note) error
	want lived
} {
	type N = *nodes.Node[note, int64]
	type path = func(ctx context.Context, n N, there note) error
	one := nodes.Query{Where: nodes.Eq("id", 500)}
	fresh := func() []note { return []note{{ID: 900, Title: "new"}, {Title: "numbered"}} }
	second := func(_ any, err error) error { return err }
	born, changed := lived{"now", "now", "none", 1}, lived{"kept", "now", "none", 1}
	return map[string]struct {
		id   int64
		path path
		want lived
	}{
		"Create": {900, func(ctx context.Context, n N, _ note) error { return n.Create(ctx, &fresh()[0]) }, born},
		"Upsert of a new row": {900, func(ctx context.Context, n N, _ note) error {
			return second(n.Upsert(ctx, &fresh()[0]))
		}, born},
		"BulkCreate": {900, func(ctx context.Context, n N, _ note) error { return second(n.BulkCreate(ctx, fresh())) }, born},
		"BulkCreateSeq": {900, func(ctx context.Context, n N, _ note) error {
			return second(n.BulkCreateSeq(ctx, slices.Values(fresh())))
		}, born},
		"BulkCreate of complete rows": {900, func(ctx context.Context, n N, _ note) error {
			return second(n.BulkCreateSeq(ctx, slices.Values([]note{{ID: 900, Title: "new", Body: "whole", Stars: ptr(1)}})))
		}, born},
		"BulkUpsert of new rows": {900, func(ctx context.Context, n N, _ note) error { return second(n.BulkUpsert(ctx, fresh())) }, born},
		"Update":                 {500, func(ctx context.Context, n N, there note) error { return n.Update(ctx, &there) }, changed},
		"Patch": {500, func(ctx context.Context, n N, _ note) error {
			return second(n.Patch(ctx, 500, nodes.Set{"title": "t"}))
		}, changed},
		"Upsert": {500, func(ctx context.Context, n N, there note) error { return second(n.Upsert(ctx, &there)) }, changed},
		"BulkUpsert": {500, func(ctx context.Context, n N, there note) error {
			return second(n.BulkUpsert(ctx, append(fresh(), there)))
		}, changed},
		"BulkUpsert of some columns": {500, func(ctx context.Context, n N, there note) error {
			return second(n.BulkUpsert(ctx, append(fresh(), there), nodes.UpdateOnly("title")))
		}, changed},
		"BulkUpdateRows": {500, func(ctx context.Context, n N, there note) error {
			return second(n.BulkUpdateRows(ctx, []note{there}))
		}, changed},
		"BulkUpdate": {500, func(ctx context.Context, n N, _ note) error {
			return second(n.BulkUpdate(ctx, one, nodes.Set{"title": "t"}))
		}, changed},
		"DoNothing": {500, func(ctx context.Context, n N, there note) error {
			return second(n.Upsert(ctx, &there, nodes.DoNothing()))
		}, lived{"kept", "kept", "none", 0}},
		"Delete": {500, func(ctx context.Context, n N, _ note) error { return n.Delete(ctx, 500) }, lived{"kept", "now", "now", 1}},
		"BulkDelete": {500, func(ctx context.Context, n N, _ note) error {
			return second(n.BulkDelete(ctx, one))
		}, lived{"kept", "now", "now", 1}},
		"Restore": {500, func(ctx context.Context, n N, _ note) error {
			if err := n.Delete(ctx, 500); err != nil {
				return err
			}
			return n.Restore(ctx, 500)
		}, lived{"kept", "now", "none", 2}},
		"Upsert of a marked row": {500, func(ctx context.Context, n N, there note) error {
			if err := n.Delete(ctx, 500); err != nil {
				return err
			}
			return second(n.Upsert(ctx, &there))
		}, lived{"kept", "now", "none", 2}},
		"BulkUpsert of a marked row": {500, func(ctx context.Context, n N, there note) error {
			if err := n.Delete(ctx, 500); err != nil {
				return err
			}
			return second(n.BulkUpsert(ctx, []note{there}))
		}, lived{"kept", "now", "none", 2}},
	}
}

// Lifecycle columns are right in every row by whatever way it is stored, in UTC and to the microsecond.
func TestLifecycleOnEveryPath(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		n, ctx := open[note, int64](t, d), t.Context()
		old := time.Date(2020, 2, 29, 12, 0, 0, 123456000, time.FixedZone("", 3600))
		for name, way := range lifecycle() {
			_, err := n.BulkPurge(ctx, nodes.AllRows())
			require.NoError(t, err)
			there := note{ID: 500, Title: "there", CreatedAt: old}
			require.NoError(t, n.Create(ctx, &there))
			_, err = d.Writer().Exec(ctx, "UPDATE notes SET updated_at = created_at")
			require.NoError(t, err)

			before := time.Now().Truncate(time.Microsecond)
			require.NoError(t, way.path(ctx, n, there), name)
			after := time.Now()
			got, err := n.WithDeleted().Get(ctx, way.id)
			require.NoError(t, err, name)
			check := func(column, want string, at *time.Time) {
				switch want {
				case "none":
					require.Nil(t, at, "%s: %s", name, column)
				case "kept":
					require.True(t, old.Equal(*at), "%s: %s is %s", name, column, at)
				default:
					require.False(t, at.Before(before) || at.After(after), "%s: %s is %s", name, column, at)
				}
				if at != nil {
					require.Equal(t, time.UTC, at.Location(), "%s: %s", name, column)
					require.Zero(t, at.Nanosecond()%1000, "%s: %s", name, column)
				}
			}
			check("created_at", way.want.created, &got.CreatedAt)
			check("updated_at", way.want.updated, &got.UpdatedAt)
			check("deleted_at", way.want.deleted, got.DeletedAt)
			was := 0
			if way.id == 500 {
				was = 1
			}
			require.Equal(t, was+way.want.version, got.Version, name)
		}
	})
}

// A table that is appended to alone has no way to change or remove what is there.
func TestAppendOnlyRefuses(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		over := &tally{Dialect: d}
		table, err := schema.TableOf[note](schema.AppendOnly())
		require.NoError(t, err)
		gate, err := nodetest.System(t, d).Add(table)
		require.NoError(t, err)
		n, err := nodes.New[note, int64](over, table, gate)
		require.NoError(t, err)
		ctx, row := t.Context(), note{Title: "kept"}
		require.NoError(t, n.Create(ctx, &row))
		_, err = n.BulkCreate(ctx, []note{{Title: "too"}})
		require.NoError(t, err)
		_, err = n.Upsert(ctx, &note{ID: row.ID}, nodes.DoNothing())
		require.NoError(t, err)
		sent := over.writes.Load()
		for name, call := range map[string]func() error{
			"Update":         func() error { return n.Update(ctx, &row) },
			"Patch":          func() error { _, err := n.Patch(ctx, row.ID, nodes.Set{"title": "t"}); return err },
			"Upsert":         func() error { _, err := n.Upsert(ctx, &row); return err },
			"Delete":         func() error { return n.Delete(ctx, row.ID) },
			"Restore":        func() error { return n.Restore(ctx, row.ID) },
			"Purge":          func() error { return n.Purge(ctx, row.ID) },
			"BulkUpdate":     func() error { _, err := n.BulkUpdate(ctx, nodes.AllRows(), nodes.Set{"title": "t"}); return err },
			"BulkUpdateRows": func() error { _, err := n.BulkUpdateRows(ctx, []note{row}); return err },
			"BulkUpsert":     func() error { _, err := n.BulkUpsert(ctx, []note{row}); return err },
			"BulkDelete":     func() error { _, err := n.BulkDelete(ctx, nodes.AllRows()); return err },
			"BulkPurge":      func() error { _, err := n.BulkPurge(ctx, nodes.AllRows()); return err },
		} {
			err := call()
			require.ErrorIs(t, err, schema.ErrInvalid, name)
			require.ErrorContains(t, err, "append", name)
		}
		require.Equal(t, sent, over.writes.Load(), "nothing was sent")
		require.Equal(t, 2, count(t, d.Reader(), "notes"))
	})
}
