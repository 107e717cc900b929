package service

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Migrate makes the tables match, as far as that needs nobody's word, and writes a line for each to out. It is for a job that
// runs before a deployment; what was interrupted goes on with the next one. Config's timeouts do not apply.
func Migrate(ctx context.Context, d dialect.Dialect, cfg Config, out io.Writer) (err error) {
	s, err := New(d, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	plans, err := s.coordinator.Plan(ctx)
	if err != nil {
		return err
	}
	for _, plan := range plans {
		if err := s.coordinator.Migrate(ctx, []*schema.Plan{plan}, schema.Policy{}); err != nil {
			return err
		}
		done := "matches"
		switch {
		case len(plan.Statements) > 0 && plan.Base == "":
			done = "made"
		case len(plan.Statements) > 0:
			done = "changed"
		}
		fmt.Fprintf(out, "%-7s  %s\n", done, plan.Table)
	}
	return nil
}
