package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/schema"
)

// driftCommand compares ledger, database and model of all six tables.
func driftCommand(ctx context.Context, s *screen, opts shopOptions, _ []string) (err error) {
	db, err := openVersion(ctx, &opts)
	if err != nil {
		return err
	}
	defer func() { err = joinClose(err, db.close()) }()
	c, err := db.start(opts.to, coordinator.Config{})
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	drifts, err := c.Drift(ctx)
	if err != nil {
		return err
	}
	s.say("Version %d of the shop on %s", opts.to, db.label)
	s.say("")
	drifted := int64(0)
	for _, d := range drifts {
		text := strings.TrimRight(d.String(), "\n")
		if d.Any() {
			drifted++
			head, rest, _ := strings.Cut(text, "\n")
			text = strings.TrimRight(s.paint(faultColor, head)+"\n"+rest, "\n")
		}
		s.say("%s", text)
	}
	if drifted > 0 {
		return fmt.Errorf("%s of %d drifted", plural(drifted, "table"), len(drifts))
	}
	return nil
}

// verifyCommand holds the database against a version of the program and changes nothing.
func verifyCommand(ctx context.Context, s *screen, opts shopOptions, _ []string) (err error) {
	db, err := openShop(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { err = joinClose(err, db.close()) }()
	c, err := db.start(opts.to, coordinator.Config{Mode: coordinator.ModeVerify})
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	s.say("Version %d of the shop on %s", opts.to, db.label)
	s.say("")
	mismatches := int64(0)
	for _, table := range shopTables() {
		changes, err := mismatch(c.Ensure(ctx, db.ref(table).String()))
		switch {
		case err != nil:
			return err
		case len(changes) == 0:
			s.say("  %s  %s", s.paint(goodColor, "ok     "), table)
			continue
		}
		mismatches++
		s.say("  %s  %s", s.paint(faultColor, "DIFFERS"), table)
		for _, change := range changes {
			s.say("             %s", change)
		}
	}
	if mismatches > 0 {
		return fmt.Errorf("%s of %d not as version %d wants", plural(mismatches, "table"), len(shopTables()), opts.to)
	}
	return nil
}

// mismatch gives the differences that an error of ModeVerify tells, and the error itself where it is of another kind.
func mismatch(err error) ([]string, error) {
	var failed *schema.EnsureError
	if err == nil || !errors.Is(err, schema.ErrSchemaMismatch) || !errors.As(err, &failed) {
		return nil, err
	}
	var lines []string
	for _, change := range failed.Changes {
		lines = append(lines, change.String())
	}
	if len(lines) == 0 {
		lines = append(lines, failed.Cause.Error())
	}
	return lines, nil
}
