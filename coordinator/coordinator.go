package coordinator

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Coordinator owns the schema actors of one database and remembers which tables are ready. It is safe for concurrent
// use. A program needs one for each database; several, also in other processes, do not disturb each other.
type Coordinator struct {
	dialect dialect.Dialect // for rows
	ddl     dialect.Dialect // for shapes and the history; may be the same
	system  *actors.System
	mode    Mode
	lane    *actors.Lane // nil: none
	calls   schema.Calls // told of transactions; nil: nobody
	closed  atomic.Bool
	models  schema.Models

	observer schema.Observer // nil: none

	handlers handlers
}

// New starts a coordinator on an open database and touches nothing in it: a server that is down is noticed by the
// first call that needs it. The database stays the caller's: Close of the coordinator does not close it, and it must
// be closed after the coordinator. A nil cfg is the zero Config; a faulty one is ErrInvalid.
func New(d dialect.Dialect, cfg *Config) (*Coordinator, error) {
	if d == nil {
		return nil, schema.Invalid("new coordinator", "", "", "no database given")
	}
	config, err := resolve(cfg)
	if err != nil {
		return nil, err
	}
	ddl := config.DDL
	switch {
	case ddl == nil:
		ddl = d
	case ddl.Name() != d.Name():
		return nil, schema.Invalid("new coordinator", "", "", "Config.DDL is a %s and the database a %s", ddl.Name(), d.Name())
	}
	system := actors.Start(ddl, actors.Config{
		Logger:        config.Logger,
		Policy:        config.Policy,
		Mode:          config.Mode,
		Precondition:  samePlace(d, config.DDL),
		News:          config.News,
		PollInterval:  config.PollInterval,
		Listener:      schema.Tee(logListener(config.Logger), config.Listener),
		Application:   config.Application,
		Version:       config.Version,
		EnsureTimeout: config.EnsureTimeout,
		BackoffMin:    config.BackoffMin,
		BackoffMax:    config.BackoffMax,
	})
	c := &Coordinator{dialect: d, ddl: ddl, system: system, mode: config.Mode, lane: system.Lane(d, config.Lane)}
	c.observer = config.Observer
	c.calls = c.observed(schema.Ref{})
	return c, nil
}

// observed gives who is told of the calls of a table's node, or of transactions; nil is nobody.
func (c *Coordinator) observed(table schema.Ref) schema.Calls {
	if c.observer == nil {
		return nil
	}
	return c.observer.Calls(c.dialect.Name(), table)
}

// samePlace checks that what makes tables leads to where rows go. It is nil where there is nothing to compare.
func samePlace(rows, ddl dialect.Dialect) func(ctx context.Context) error {
	here, ok := rows.(dialect.Located)
	there, also := ddl.(dialect.Located)
	if !ok || !also {
		return nil
	}
	return func(ctx context.Context) error {
		a, err := here.Location(ctx)
		if err != nil {
			return err
		}
		b, err := there.Location(ctx)
		if err == nil && a != b {
			err = schema.Invalid("ensure", "", "", "Config.DDL leads to %s, and rows go to %s", b, a)
		}
		return err
	}
}

// Close stops the schema actors and waits for what they are doing, no longer than ctx allows; then the error is the
// context's cause. Callers that wait for a table get ErrClosed, as does every later call of a node. A second Close
// waits for what the first one left, and is nil when nothing is left.
func (c *Coordinator) Close(ctx context.Context) error {
	c.closed.Store(true)
	return c.system.Close(ctx)
}

// open reports ErrClosed once Close was called.
func (c *Coordinator) open(op string) error {
	if c.closed.Load() {
		return &schema.Error{Op: op, Kind: schema.ErrClosed}
	}
	return nil
}

// lookup finds registered tables by their names for people; every unknown one is named in the error.
func (c *Coordinator) lookup(op string, names []string) ([]*actors.Table, error) {
	if err := c.open(op); err != nil {
		return nil, err
	}
	var (
		found  []*actors.Table
		faults []error
	)
	for _, name := range names {
		table, ok := c.find(name)
		if !ok {
			faults = append(faults, schema.Invalid(op, name, "", "no such table is registered"))
			continue
		}
		found = append(found, table)
	}
	return found, errors.Join(faults...)
}

// find looks a table up by "name" or "namespace.name". A table's own name may hold a dot, so that the undivided name
// is tried first and then each division.
func (c *Coordinator) find(name string) (*actors.Table, bool) {
	if table, ok := c.system.Table(schema.Ref{Name: name}); ok {
		return table, true
	}
	for i, r := range name {
		if r != '.' {
			continue
		}
		if table, ok := c.system.Table(schema.Ref{Namespace: name[:i], Name: name[i+1:]}); ok {
			return table, true
		}
	}
	return nil, false
}

// fail puts a driver's error in the library's words, with operation and table. Context errors keep their identity.
func (c *Coordinator) fail(op string, ref schema.Ref, err error) error {
	if err == nil {
		return nil
	}
	classified := *c.dialect.Classify(err)
	classified.Op = strings.TrimSpace(op + " " + classified.Op)
	if classified.Table == "" {
		classified.Table = ref.String()
	}
	return &classified
}
