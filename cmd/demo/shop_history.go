package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/schema"
)

// historyCommand prints the revisions of one table, or of all six.
func historyCommand(ctx context.Context, s *screen, opts shopOptions, tables []string) (err error) {
	for _, table := range tables {
		if err := checkTable(table); err != nil {
			return err
		}
	}
	if len(tables) == 0 {
		tables = shopTables()
	}
	db, err := openShop(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { err = joinClose(err, db.close()) }()
	c, err := db.start(shopVersions, coordinator.Config{})
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	s.say("History of the shop on %s", db.label)
	for _, table := range tables {
		revisions, err := c.History(ctx, db.ref(table).String())
		if err != nil {
			return err
		}
		s.say("")
		if len(revisions) == 0 {
			s.say("%s: no history", table)
			continue
		}
		s.say("%s", table)
		for _, r := range revisions {
			s.revision(r, opts.sql)
		}
	}
	return nil
}

// revision writes one revision: when, generation, state, statements, duration, by whom; and below it what else there is.
func (s *screen) revision(r schema.Revision, sql bool) {
	state := string(r.State)
	if r.State == schema.RevisionFailed {
		state = s.paint(faultColor, state)
	}
	s.say("  %s  generation %d  %s  %s  %s  by %s %s on %s, pid %d", r.AppliedAt.UTC().Format("2006-01-02 15:04:05Z"),
		r.Generation, state, plural(int64(len(r.Statements)), "statement"), span(r.Duration), r.Application, r.Version, r.Host, r.PID)
	if r.Tampered {
		s.say("      %s", s.paint(faultColor, fmt.Sprintf("somebody has edited this row, number %d", r.ID)))
	}
	if r.Reason != "" {
		s.say("      reason: %s", r.Reason)
	}
	if r.Failure != "" {
		s.say("      failure: %s", r.Failure)
	}
	if sql {
		for _, statement := range r.Statements {
			s.say("      > %s", strings.ReplaceAll(statement, "\n", "\n        "))
		}
	}
}
