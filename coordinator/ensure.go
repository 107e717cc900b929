package coordinator

import (
	"context"
	"errors"
	"sync"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/schema"
)

// ensureParallel is how many groups EnsureAll makes ready at the same time: enough to hide round trips, few enough to
// leave the application connections of its pool.
const ensureParallel = 4

// missingParallel is the same for tables that are missing: those that wait at the same moment are made together, and wait
// without a connection.
const missingParallel = 1024

// Ensure makes the named tables ready, and first those that their foreign keys point to. A name is the table's own,
// "users", or with its namespace, "billing.users"; one that is not registered is schema.ErrInvalid, and then nothing
// is ensured. It is the call "by hand": a table whose last attempt failed, for good or for a while, is tried again at
// once. A table that is ready stays so without a look at the database. Errors are *schema.EnsureError, one for each
// table, joined. A context that ends releases this caller and not the work.
func (c *Coordinator) Ensure(ctx context.Context, tables ...string) error {
	found, err := c.lookup("ensure", tables)
	if err != nil {
		return err
	}
	return c.ensure(ctx, found)
}

// EnsureAll is Ensure for every registered table, in the order of their foreign keys, tables that point at each other
// together. Call it at start to have everything ready before the first request; without it, first use does the same.
func (c *Coordinator) EnsureAll(ctx context.Context) error {
	if err := c.open("ensure all"); err != nil {
		return err
	}
	return c.ensure(ctx, c.system.Tables())
}

// ensure runs the groups of tables in foreign-key order, several at a time, and joins all errors. A group may start
// before those that it points to have ended: its own actor waits for theirs, and since it starts later it can never
// keep a place here that they need.
func (c *Coordinator) ensure(ctx context.Context, tables []*actors.Table) error {
	byModel := make(map[*schema.Table]*actors.Table, len(tables))
	models := make([]*schema.Table, 0, len(tables))
	for _, t := range tables {
		if _, twice := byModel[t.Model()]; !twice {
			byModel[t.Model()] = t
			models = append(models, t.Model())
		}
	}
	missing := c.system.Missing(ctx, tables)

	var (
		running sync.WaitGroup
		mu      sync.Mutex
		faults  []error
		few     = make(chan struct{}, ensureParallel)
		many    = make(chan struct{}, missingParallel)
	)
	for _, group := range schema.Groups(models) {
		places := few
		if missing[byModel[group[0]]] {
			places = many
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		running.Go(func() {
			defer func() { <-places }()
			for _, model := range group {
				if err := byModel[model].Ensure(ctx); err != nil && ctx.Err() == nil {
					mu.Lock()
					faults = append(faults, err)
					mu.Unlock()
				}
			}
		})
	}
	running.Wait()
	if ctx.Err() != nil {
		// Once, rather than for each table that was not come to.
		faults = append(faults, context.Cause(ctx))
	}
	return errors.Join(faults...)
}
