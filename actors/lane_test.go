package actors_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

type jarNode = nodes.Node[jar, int64]

func jarsOf(t *testing.T, s *laneSite) *jarNode {
	racks := through[rack, int64](t, s)
	require.NoError(t, racks.Create(t.Context(), &rack{ID: 1}))
	return through[jar, int64](t, s)
}

func aJar(label string, grams int) jar {
	return jar{Label: label, Grams: int64(grams), Owner: ptr("me")}
}

// Who waits at the same moment is one transaction, and each is given its own row.
func TestLaneTogether(t *testing.T) {
	const callers = 100
	onAllLanes(t, actors.LaneConfig{}, func(t *testing.T, s *laneSite) {
		node, made := jarsOf(t, s), make([]jar, callers)
		commits := s.commits(t, "jars", func() {
			for _, err := range s.pile(t, each(callers, func(i int) error {
				made[i] = aJar(fmt.Sprint("jar ", i), i)
				if i%3 == 0 {
					made[i].Grade, made[i].Rack = "good", ptr(int64(1))
				}
				return node.Create(t.Context(), &made[i])
			})) {
				require.NoError(t, err)
			}
		})
		require.Less(t, commits, 10, "transactions")
		there := jars(t, s.other)
		require.Len(t, there, callers)
		for _, j := range made {
			require.Equal(t, there[j.Label], j.String())
		}
	})
}

// Writes of every kind that come together, some of which fail: each fails for its own reason, and all others are done.
func TestLaneOfAllKinds(t *testing.T) {
	const rounds = 12
	onAllLanes(t, actors.LaneConfig{}, func(t *testing.T, s *laneSite) {
		node := jarsOf(t, s)
		old := make([]jar, 5*rounds)
		for i := range old {
			old[i] = aJar(fmt.Sprint("old ", i), i)
			require.NoError(t, node.Create(t.Context(), &old[i]))
		}
		var calls []func() error
		var kinds []error
		call := func(kind error, fn func(ctx context.Context) error) {
			calls = append(calls, func() error { return fn(t.Context()) })
			kinds = append(kinds, kind)
		}
		create := func(kind error, label string, change func(j *jar)) {
			call(kind, func(ctx context.Context) error {
				j := aJar(label, 3)
				change(&j)
				before := j
				err := node.Create(ctx, &j)
				if err == nil && (j.ID == 0 || j.Double != 6 || j.Grade != "plain") || err != nil && j != before {
					return fmt.Errorf("left is %v", j)
				}
				return err
			})
		}
		for n := range rounds {
			mine := old[5*n : 5*n+5]
			create(nil, fmt.Sprint("new ", n), func(*jar) {})
			create(schema.ErrDuplicate, mine[0].Label, func(*jar) {})
			create(schema.ErrCheck, fmt.Sprint("light ", n), func(j *jar) { j.Grams = -1 })
			create(schema.ErrNotNull, fmt.Sprint("nobody's ", n), func(j *jar) { j.Owner = nil })
			create(schema.ErrForeignKey, fmt.Sprint("elsewhere ", n), func(j *jar) { j.Rack = ptr(int64(99)) })
			call(nil, func(ctx context.Context) error { mine[0].Grams = 77; return node.Update(ctx, &mine[0]) })
			call(nil, func(ctx context.Context) error {
				j, err := node.Patch(ctx, mine[1].ID, nodes.Set{"grams": 78})
				if err == nil && j.Double != 156 {
					return fmt.Errorf("got %v", j)
				}
				return err
			})
			call(nil, func(ctx context.Context) error { return node.Delete(ctx, mine[2].ID) })
			call(nil, func(ctx context.Context) error {
				j := aJar(mine[3].Label, 79)
				created, err := node.Upsert(ctx, &j, nodes.OnConflict("label"))
				if err == nil && (created || j.ID != mine[3].ID) {
					return fmt.Errorf("created %v: %v", created, j)
				}
				return err
			})
			call(nil, func(ctx context.Context) error {
				j := aJar(fmt.Sprint("upserted ", n), 80)
				created, err := node.Upsert(ctx, &j, nodes.OnConflict("label"))
				if err == nil && !created {
					return errors.New("not created")
				}
				return err
			})
			call(schema.ErrNotFound, func(ctx context.Context) error { return node.Delete(ctx, 1_000_000) })
			call(schema.ErrConflict, func(ctx context.Context) error {
				_, err := node.Patch(ctx, mine[4].ID, nodes.Set{"grams": 1}, nodes.IfVersion(7))
				return err
			})
			call(schema.ErrDuplicate, func(ctx context.Context) error {
				_, err := node.Patch(ctx, mine[4].ID, nodes.Set{"label": mine[0].Label})
				return err
			})
		}
		for i, err := range s.pile(t, calls) {
			if kinds[i] == nil {
				require.NoError(t, err, "call %d", i%13)
			} else {
				require.ErrorIs(t, err, kinds[i], "call %d", i%13)
			}
		}
		there := jars(t, s.other)
		require.Len(t, there, 6*rounds)
		for n := range rounds {
			mine := old[5*n : 5*n+5]
			require.Equal(t, fmt.Sprint(mine[0].ID, " ", mine[0].Label, " 77 plain 154 me - v2"), there[mine[0].Label])
			require.Equal(t, fmt.Sprint(mine[1].ID, " ", mine[1].Label, " 78 plain 156 me - v2"), there[mine[1].Label])
			require.NotContains(t, there, mine[2].Label)
			require.Equal(t, fmt.Sprint(mine[3].ID, " ", mine[3].Label, " 79 plain 158 me - v2"), there[mine[3].Label])
			require.Equal(t, mine[4].String(), there[mine[4].Label])
			require.Contains(t, there, fmt.Sprint("new ", n))
			require.Contains(t, there, fmt.Sprint("upserted ", n))
		}
	})
}

// Of two with the same key, the first of which is refused for something else, the second is stored: and it is the second who
// hears so.
func TestLaneTwoWithOneKey(t *testing.T) {
	onAllLanes(t, actors.LaneConfig{}, func(t *testing.T, s *laneSite) {
		node := through[pupil, string](t, s)
		require.NoError(t, node.Create(t.Context(), &pupil{Key: "0", Email: "taken"}))
		// More often than the database takes for chance, so that it is wary of the table.
		for round := range 8 {
			const pairs = 10
			errs := s.pile(t, each(2*pairs, func(i int) error {
				p := pupil{Key: fmt.Sprint(round, " ", i/2), Email: fmt.Sprint(round, " ", i)}
				if i%2 == 0 {
					p.Email = "taken"
				}
				return node.Create(t.Context(), &p)
			}))
			for i, err := range errs {
				if i%2 == 0 {
					require.ErrorIs(t, err, schema.ErrDuplicate)
				} else {
					require.NoError(t, err)
				}
				stored := number(t, s.other, "SELECT count(*) FROM pupils WHERE email = "+s.Placeholder(1), fmt.Sprint(round, " ", i))
				require.Equal(t, i%2, stored)
			}
		}
	})
}

// Whoever is told that a row is stored finds it, on another connection, at that moment.
func TestLaneAnswersAfterTheCommit(t *testing.T) {
	const callers, rows = 24, 15
	onAllLanes(t, actors.LaneConfig{}, func(t *testing.T, s *laneSite) {
		node := jarsOf(t, s)
		find := "SELECT count(*) FROM jars WHERE id = " + s.Placeholder(1) + " AND label = " + s.Placeholder(2)
		var absent atomic.Int64
		var all sync.WaitGroup
		commits := s.commits(t, "jars", func() {
			for i := range callers {
				all.Go(func() {
					for n := range rows {
						j := aJar(fmt.Sprint(i, " ", n), n)
						if err := node.Create(t.Context(), &j); err != nil {
							t.Error(err)
							return
						}
						if number(t, s.other, find, j.ID, j.Label) != 1 {
							absent.Add(1)
						}
					}
				})
			}
			all.Wait()
		})
		require.Zero(t, absent.Load())
		require.Len(t, jars(t, s.other), callers*rows)
		t.Logf("%d rows in %d transactions", callers*rows, commits)
	})
}

// A tenth of all writes fail, and no other one for it.
func TestLaneWithFailingRows(t *testing.T) {
	const callers, rows = 64, 20
	onAllLanes(t, actors.LaneConfig{}, func(t *testing.T, s *laneSite) {
		jarNode, pupilNode := jarsOf(t, s), through[pupil, string](t, s)
		taken := aJar("taken", 1)
		require.NoError(t, jarNode.Create(t.Context(), &taken))
		require.NoError(t, pupilNode.Create(t.Context(), &pupil{Key: "taken", Email: "taken"}))
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() {
				for n := range rows {
					name, kind := fmt.Sprint(i, " ", n), error(nil)
					if (i+n)%10 == 0 {
						name, kind = "taken", schema.ErrDuplicate
					}
					j := aJar(name, n)
					if err := jarNode.Create(t.Context(), &j); !errors.Is(err, kind) {
						t.Errorf("jar %s: %v", name, err)
					}
					p := pupil{Key: fmt.Sprint(i, " ", n), Email: name}
					if err := pupilNode.Create(t.Context(), &p); !errors.Is(err, kind) {
						t.Errorf("pupil %s: %v", name, err)
					}
				}
			})
		}
		all.Wait()
		const good = 1 + callers*rows*9/10
		require.Equal(t, good, number(t, s.other, "SELECT count(*) FROM jars"))
		require.Equal(t, good, number(t, s.other, "SELECT count(*) FROM pupils"))
	})
}
