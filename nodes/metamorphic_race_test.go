package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// till is what many change at the same time.
type till struct {
	ID      int64  `db:"id"      schema:"pk,auto"`
	Code    string `db:"code"    schema:"unique"`
	Total   int64  `db:"total"`
	Note    string `db:"note"`
	Version int64  `db:"version" schema:"version"`
}

// sum is what acknowledged changes of one code come to. A row that is removed takes back what it was known to hold.
type sum struct{ rows, versions, total int64 }

// clerk does random operations and writes down what was acknowledged.
type clerk struct {
	dice
	database dialect.Dialect
	tills    *nodes.Node[till, int64]
	sums     map[string]sum
	done     map[string]int
}

func (c *clerk) book(code string, rows, versions, total int64) {
	s := c.sums[code]
	c.sums[code] = sum{s.rows + rows, s.versions + versions, s.total + total}
}

func (c *clerk) stored(t till)            { c.book(t.Code, 1, 1, t.Total) }
func (c *clerk) changed(t till, by int64) { c.book(t.Code, 0, 1, by) }
func (c *clerk) removed(t till)           { c.book(t.Code, -1, -t.Version, -t.Total) }
func (c *clerk) code() string             { return fmt.Sprint("code ", c.IntN(24)) }
func (c *clerk) fresh() till              { return till{Code: c.code(), Total: int64(c.IntN(100)), Note: "new"} }
func (c *clerk) some() []till             { return slices.Repeat([]till{{}}, 1+c.IntN(6)) }
func (c *clerk) any(ctx context.Context, n *nodes.Node[till, int64]) (*till, error) {
	return n.First(ctx, nodes.Query{Where: nodes.Eq("code", c.code())})
}

// TestConcurrentOperations has many goroutines do random operations on the same few rows. What is there in the end is
// what the acknowledged ones come to: each row, how often it was changed, and what was added to it. So it is with a lane, too.
func TestConcurrentOperations(t *testing.T) {
	t.Run("alone", func(t *testing.T) { concurrentOperations(t, actors.LaneConfig{Off: true}) })
	t.Run("lane", func(t *testing.T) { concurrentOperations(t, actors.LaneConfig{}) })
}

func concurrentOperations(t *testing.T, lane actors.LaneConfig) {
	const clerks, operations = 8, 150
	seed := uint64(time.Now().UnixNano())
	each(t, func(t *testing.T, d dialect.Dialect) {
		sys := nodetest.System(t, d)
		tills := add[till, int64](t, d, sys)
		if lane := sys.Lane(d, lane); lane != nil {
			tills = tills.Through(lane)
		}
		_, err := tills.Count(t.Context(), nodes.Query{})
		require.NoError(t, err)
		everybody := make([]*clerk, clerks)
		var wg sync.WaitGroup
		for i := range everybody {
			c := &clerk{
				dice: dice{rand.New(rand.NewPCG(seed, uint64(i)))}, database: d, tills: tills,
				sums: map[string]sum{}, done: map[string]int{},
			}
			everybody[i] = c
			wg.Go(func() {
				for range operations {
					if err := c.work(t.Context()); err != nil {
						t.Errorf("seed %d: %v", seed, err)
						return
					}
				}
			})
		}
		wg.Wait()
		want, done := map[string]sum{}, map[string]int{}
		for _, c := range everybody {
			for code, s := range c.sums {
				w := want[code]
				want[code] = sum{w.rows + s.rows, w.versions + s.versions, w.total + s.total}
			}
			for name, count := range c.done {
				done[name] += count
			}
		}
		maps.DeleteFunc(want, func(_ string, s sum) bool { return s == sum{} })
		require.Equal(t, want, inTheTills(t, d))
		for _, kind := range kindsOfWork {
			require.Positive(t, done[kind], "%s never succeeded", kind)
		}
		t.Logf("seed %d, acknowledged: %v", seed, done)
	})
}

// inTheTills reads what is there by plain SQL.
func inTheTills(t *testing.T, d dialect.Dialect) map[string]sum {
	rows, err := d.Reader().Query(t.Context(), "SELECT code, count(*), max(version), max(total) FROM tills GROUP BY code")
	require.NoError(t, err)
	out := map[string]sum{}
	for rows.Next() {
		var code string
		var s sum
		require.NoError(t, rows.Scan(&code, &s.rows, &s.versions, &s.total))
		require.EqualValues(t, 1, s.rows, "%s is unique", code)
		out[code] = s
	}
	require.NoError(t, rows.Close())
	require.NoError(t, rows.Err())
	return out
}

// kindsOfWork are drawn from; enough of them remove rows that others can be created.
var kindsOfWork = []string{
	"create", "create", "upsert", "patch", "update", "delete", "delete", "delete", "delete", "bulk upsert", "bulk upsert, do nothing", "bulk update",
	"bulk update rows", "bulk create", "transaction",
}

// work does one operation. That others were faster is no error, nor that the database gave it up for them: it is undone then.
func (c *clerk) work(ctx context.Context) error {
	kind := one(c.dice, kindsOfWork...)
	var err error
	switch kind {
	case "create":
		row := c.fresh()
		if err = c.tills.Create(ctx, &row); err == nil {
			c.stored(row)
		}
	case "upsert":
		err = c.upsert(ctx)
	case "patch", "update", "delete":
		err = c.change(ctx, kind)
	case "bulk upsert", "bulk upsert, do nothing":
		err = c.bulkUpsert(ctx, kind != "bulk upsert")
	case "bulk update":
		code, affected := c.code(), int64(0)
		affected, err = c.tills.BulkUpdate(ctx, nodes.Query{Where: nodes.Eq("code", code)}, nodes.Set{"note": "swept"})
		c.book(code, 0, affected, 0)
	case "bulk update rows":
		err = c.bulkUpdateRows(ctx)
	case "bulk create":
		err = c.bulkCreate(ctx)
	case "transaction":
		err = c.transfer(ctx)
	}
	for _, lost := range []error{schema.ErrDuplicate, schema.ErrConflict, schema.ErrNotFound, schema.ErrSerialization} {
		if errors.Is(err, lost) {
			return nil
		}
	}
	if err == nil {
		c.done[kind]++
	}
	return err
}

func (c *clerk) upsert(ctx context.Context) error {
	row := c.fresh()
	given := row
	created, err := c.tills.Upsert(ctx, &row, nodes.OnConflict("code"), nodes.UpdateOnly("note"))
	switch {
	case err != nil:
		return err
	case created && (row.Version != 1 || row.Total != given.Total):
		return fmt.Errorf("created, and yet %+v", row)
	case created:
		c.stored(row)
	case row.Version == 1:
		return fmt.Errorf("updated, and yet %+v", row)
	default:
		c.changed(row, 0)
	}
	return nil
}

// change adds to a row, or removes it, as it was read.
func (c *clerk) change(ctx context.Context, kind string) error {
	row, err := c.any(ctx, c.tills)
	if err != nil {
		return err
	}
	by, before := int64(c.IntN(9)-4), *row
	switch kind {
	case "patch":
		_, err = c.tills.Patch(ctx, row.ID, nodes.Set{"total": row.Total + by}, nodes.IfVersion(row.Version))
	case "update":
		row.Total += by
		err = c.tills.Update(ctx, row)
	case "delete":
		if err = c.tills.Delete(ctx, row.ID, nodes.IfVersion(row.Version)); err == nil {
			c.removed(before)
		}
		return err
	}
	if err == nil {
		c.changed(before, by)
	}
	return err
}

func (c *clerk) bulkUpsert(ctx context.Context, nothing bool) error {
	rows, option := c.some(), nodes.UpdateOnly("note")
	if nothing {
		option = nodes.DoNothing()
	}
	for i := range rows {
		rows[i] = c.fresh()
	}
	result, err := c.tills.BulkUpsert(ctx, rows, nodes.OnConflict("code"), option)
	if err != nil {
		return err
	}
	told := nodes.BulkResult{Skipped: int64(len(rows))}
	for _, row := range rows {
		switch {
		case row.ID == 0:
			continue
		case row.Version == 1:
			told.Inserted++
			c.stored(row)
		default:
			told.Updated++
			c.changed(row, 0)
		}
		told.Skipped--
	}
	if told != result {
		return fmt.Errorf("told %+v, and the rows say %+v", result, told)
	}
	return nil
}

func (c *clerk) bulkCreate(ctx context.Context) error {
	rows := c.some()
	for i := range rows {
		rows[i] = c.fresh()
	}
	if !c.rarely(8) { // deadlocks are waited for a second
		slices.SortFunc(rows, func(a, b till) int { return strings.Compare(a.Code, b.Code) })
	}
	var options []nodes.BulkOption
	if c.IntN(2) == 0 {
		options = append(options, nodes.PerRow())
	}
	count, err := c.tills.BulkCreate(ctx, rows, options...)
	stored := int64(0)
	for _, row := range rows {
		if row.ID != 0 {
			stored++
			c.stored(row)
		}
	}
	switch {
	case count != stored:
		return fmt.Errorf("told of %d rows, and %d have a key", count, stored)
	case stored > 0 && errors.Is(err, schema.ErrDuplicate):
		return nil
	}
	return err
}

func (c *clerk) bulkUpdateRows(ctx context.Context) error {
	rows, err := c.tills.List(ctx, nodes.Query{Limit: 1 + c.IntN(6), Offset: c.IntN(10)})
	if err != nil {
		return err
	}
	by := int64(c.IntN(9) - 4)
	before := slices.Clone(rows)
	for i := range rows {
		rows[i].Total += by
	}
	count, err := c.tills.BulkUpdateRows(ctx, rows, nodes.PerRow())
	if _, some := errors.AsType[*nodes.BulkError](err); err != nil && !some {
		return err
	}
	for i, row := range rows {
		if row.Version != before[i].Version {
			count--
			c.changed(row, by)
		}
	}
	if count != 0 {
		return fmt.Errorf("told of %d rows more than have a new version", count)
	}
	return err
}

// transfer moves an amount from one row to another in a transaction.
func (c *clerk) transfer(ctx context.Context) error {
	var from, to *till
	by := int64(c.IntN(20))
	settings := nodes.Transaction{
		Dialect: c.database, RetryFor: 30 * time.Second, Owner: c,
		Options: dialect.TxOptions{Isolation: one(c.dice, dialect.DefaultIsolation, dialect.RepeatableRead, dialect.Serializable)},
	}
	err := nodes.Transact(ctx, settings, func(ctx context.Context, tx dialect.Tx) (err error) {
		in := c.tills.In(tx)
		if from, err = c.any(ctx, in); err != nil {
			return err
		}
		if to, err = c.any(ctx, in); err != nil {
			return err
		}
		if from.ID == to.ID {
			return schema.ErrNotFound
		}
		if to.ID < from.ID && !c.rarely(8) { // deadlocks are waited for a second
			from, to = to, from
		}
		if _, err = in.Patch(ctx, from.ID, nodes.Set{"total": from.Total - by}, nodes.IfVersion(from.Version)); err != nil {
			return err
		}
		_, err = in.Patch(ctx, to.ID, nodes.Set{"total": to.Total + by}, nodes.IfVersion(to.Version))
		return err
	})
	if err == nil {
		c.changed(*from, -by)
		c.changed(*to, by)
	}
	return err
}
