package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/schema"
)

// outlook is what `demo plan` found, as it prints it with --json.
type outlook struct {
	To      int            `json:"to"`      // version of the shop
	Changes bool           `json:"changes"` // whether migrate would have anything to do
	Plans   []*schema.Plan `json:"plans"`
	Refused []refusal      `json:"refused"` // hazards that no --allow covers
	Left    []leftover     `json:"left"`    // extras that stay
}

// planCommand prints what migrate would do.
func planCommand(ctx context.Context, s *screen, opts shopOptions, _ []string) (err error) {
	policy, err := parsePolicy(opts.allow, "asked for on the command line")
	if err != nil {
		return err
	}
	db, err := openShop(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { err = joinClose(err, db.close()) }()
	found, err := db.outlook(ctx, opts.to, policy)
	if err != nil {
		return err
	}
	if opts.json {
		text, err := json.MarshalIndent(found, "", "  ")
		if err != nil {
			return err
		}
		s.say("%s", text)
	} else {
		s.say("Version %d of the shop on %s", opts.to, db.label)
		found.print(s, opts)
	}
	if found.Changes && opts.exitCode {
		return outcome(2)
	}
	return nil
}

// outlook makes the plans.
func (db *shop) outlook(ctx context.Context, version int, policy schema.Policy) (*outlook, error) {
	c, err := db.start(version, coordinator.Config{Policy: policy})
	if err != nil {
		return nil, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	plans, err := c.Plan(ctx)
	if err != nil {
		return nil, err
	}
	found := &outlook{To: version, Plans: plans, Refused: refusals(plans, policy), Left: leftovers(plans, policy)}
	for _, plan := range plans {
		found.Changes = found.Changes || pending(plan)
	}
	return found, nil
}

// pending reports whether a plan has something to do, or should have.
func pending(plan *schema.Plan) bool {
	return len(plan.Statements) > 0 || len(plan.Faults) > 0 || len(plan.Blocking()) > 0
}

// print writes plans, refusals, and the command that would carry all of it out.
func (o *outlook) print(s *screen, opts shopOptions) {
	former := true // whether the one before was more than a line
	for _, plan := range o.Plans {
		text := strings.TrimRight(plan.String(), "\n")
		long := strings.Contains(text, "\n")
		if long || former {
			s.say("")
		}
		s.say("%s", s.plan(text))
		former = long
	}
	s.say("")
	o.refusals(s, opts)
	if len(o.Left) > 0 {
		s.say("Left alone, because the model does not know it; it would go with:")
		for _, l := range o.Left {
			s.say("  %s: %s", l.Table, l.What)
			s.say("    --allow %s", l.Allow)
		}
	}
	switch {
	case !o.Changes:
		s.say("Nothing to do.")
	case len(o.Refused) == 0:
		s.say("Nothing of it is refused: %s", o.command(opts, false))
	}
}

// refusals names the hazards that are refused, and what would allow them.
func (o *outlook) refusals(s *screen, opts shopOptions) {
	if len(o.Refused) == 0 {
		return
	}
	s.say("Refused by the policy, unless it is allowed:")
	for _, r := range o.Refused {
		s.say("  %s: %s", r.Table, s.paint(hazardColor, r.Hazard.String()))
	}
	s.say("With somebody's word for it:")
	s.say("  %s", o.command(opts, true))
}

// command is what a person would type to migrate, without what may be a password.
func (o *outlook) command(opts shopOptions, all bool) string {
	line := []string{fmt.Sprintf("demo migrate --to %d", o.To)}
	if opts.database != "" {
		address := opts.database
		if known, err := parseDatabase(address); err == nil {
			address = known.Hidden()
		}
		line = append(line, fmt.Sprintf("--database %q", address))
	}
	if opts.namespace != "" {
		line = append(line, fmt.Sprintf("--namespace %q", opts.namespace))
	}
	flags := slices.Clone(opts.allow)
	if all {
		for _, r := range o.Refused {
			flags = append(flags, r.Allow)
		}
	}
	for _, f := range flags {
		line = append(line, "--allow "+f)
	}
	if len(flags) > 0 {
		line = append(line, `--reason "…"`)
	}
	return strings.Join(line, " \\\n    ")
}

// The colours of a plan on a terminal.
const (
	hazardColor = "\x1b[33m"
	faultColor  = "\x1b[1;31m"
)

// plan colours hazards and faults of a printed plan.
func (s *screen) plan(text string) string {
	if !s.color {
		return text
	}
	text = regexp.MustCompile(`hazard: [^;\n]*`).ReplaceAllStringFunc(text, func(h string) string { return s.paint(hazardColor, h) })
	return regexp.MustCompile(`(?m)^  ! .*$`).ReplaceAllStringFunc(text, func(f string) string { return s.paint(faultColor, f) })
}

// paint colours a text on a terminal.
func (s *screen) paint(color, text string) string {
	if !s.color {
		return text
	}
	return color + text + "\x1b[0m"
}
