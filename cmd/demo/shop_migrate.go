package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/schema"
)

// migrateCommand makes the shop what a version of its program wants, as far as it is allowed.
func migrateCommand(ctx context.Context, s *screen, opts shopOptions, _ []string) (err error) {
	policy, err := parsePolicy(opts.allow, opts.reason)
	if err != nil {
		return err
	}
	switch {
	case len(opts.allow) > 0 && strings.TrimSpace(opts.reason) == "":
		return fmt.Errorf("%w: --allow needs a --reason, for the history", errUsage)
	case opts.rows < 0:
		return fmt.Errorf("%w: --rows %d: want none or more", errUsage, opts.rows)
	}
	if err := policy.Validate(); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	db, err := openShop(ctx, opts)
	if err != nil {
		return err
	}
	defer func() {
		s.clear()
		if err != nil && ctx.Err() != nil {
			err = errors.Join(err, errHalfway)
		}
		err = joinClose(err, db.close())
	}()
	s.say("Version %d of the shop on %s", opts.to, db.label)
	return db.migrate(ctx, s, opts, policy)
}

// migrate fills the tables that are there, plans, carries the plans out, and fills new tables.
func (db *shop) migrate(ctx context.Context, s *screen, opts shopOptions, policy schema.Policy) error {
	former, present, err := db.version(ctx)
	if err != nil {
		return err
	}
	if opts.rows > 0 && present > 0 {
		if err := db.fill(ctx, s, former, opts.rows); err != nil {
			return err
		}
	}
	c, err := db.start(opts.to, coordinator.Config{Policy: policy, Listener: newTicker(s).listener()})
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	plans, err := c.Plan(ctx)
	if err != nil {
		return err
	}
	found := &outlook{To: opts.to, Plans: plans, Refused: refusals(plans, policy)}
	if err := found.stop(s, opts); err != nil {
		return err
	}
	for _, plan := range plans {
		if err := carryOut(ctx, s, c, plan); err != nil {
			return err
		}
	}
	if present == 0 && opts.to == 1 {
		if err := db.samples(ctx, s); err != nil {
			return err
		}
	}
	if present == 0 && opts.rows > 0 {
		return db.fill(ctx, s, opts.to, opts.rows)
	}
	return nil
}

// stop gives an error where something keeps the plans from being carried out, before any of them is.
func (o *outlook) stop(s *screen, opts shopOptions) error {
	var faulty []string
	for _, plan := range o.Plans {
		for _, fault := range plan.Faults {
			s.say("  %s: %s", plan.Table.Name, s.paint(faultColor, fault))
			faulty = append(faulty, plan.Table.Name)
		}
	}
	o.refusals(s, opts)
	switch {
	case len(faulty) > 0:
		return fmt.Errorf("no statement can settle what is wrong with %s; nothing was changed", enumerate(faulty))
	case len(o.Refused) > 0:
		return fmt.Errorf("refused: %s not allowed; nothing was changed", plural(int64(len(o.Refused)), "hazard"))
	}
	return nil
}

// carryOut carries one plan out and says how it went.
func carryOut(ctx context.Context, s *screen, c *coordinator.Coordinator, plan *schema.Plan) error {
	began := time.Now()
	s.progress("%s: %s", plan.Table.Name, plural(int64(len(plan.Statements)), "statement"))
	// Approval is in the coordinator's policy already.
	err := c.Migrate(ctx, []*schema.Plan{plan}, schema.Policy{})
	s.clear()
	took := span(time.Since(began))
	switch {
	case err != nil:
		s.say("  %s  %s, after %s", s.paint(faultColor, "FAILED "), plan.Table.Name, took)
	case !pending(plan):
		s.say("  %s  %s", s.paint(goodColor, "matches"), plan.Table.Name)
	case plan.Base == "":
		s.say("  %s  %s: %s, %s", s.paint(goodColor, "made   "), plan.Table.Name, plural(int64(len(plan.Statements)), "statement"), took)
	default:
		s.say("  %s  %s: %s, %s", s.paint(goodColor, "changed"), plan.Table.Name, plural(int64(len(plan.Statements)), "statement"), took)
	}
	return err
}

const goodColor = "\x1b[32m"

// Into a pipe, what goes on is told no more often than this.
const (
	tellEvery = time.Second
	maxSQL    = 60 // characters of a statement
)

// ticker tells what a migration is doing: on the progress line of a terminal, or in lines of their own.
type ticker struct {
	s *screen

	mu   sync.Mutex
	told time.Time // when the last line about something that goes on was written
}

func newTicker(s *screen) *ticker { return &ticker{s: s} }

func (t *ticker) listener() *schema.Listener {
	return &schema.Listener{
		Applied: func(e schema.Event) {
			t.tell(true, "%s: %s (%s)", e.Table.Name, oneLine(e.SQL), span(e.Duration))
		},
		Progress: func(e schema.Event) {
			t.tell(false, "%s: %s rows so far, %s: %s", e.Table.Name, number(e.Rows), span(e.Duration), oneLine(e.SQL))
		},
		LockWaiting: func(e schema.Event) {
			t.tell(false, "%s: waits for a lock that somebody else has, %s", e.Table.Name, span(e.Duration))
		},
	}
}

// tell writes one line; what is not an end is left out of a pipe where there was one just now.
func (t *ticker) tell(end bool, format string, args ...any) {
	if t.s.live {
		t.s.progress(format, args...)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !end {
		if time.Since(t.told) < tellEvery {
			return
		}
		t.told = time.Now()
	}
	t.s.say("           "+format, args...)
}

// oneLine is the beginning of a statement.
func oneLine(sql string) string {
	line := []rune(strings.Join(strings.Fields(sql), " "))
	if len(line) > maxSQL {
		line = append(line[:maxSQL-1], '…')
	}
	return string(line)
}
