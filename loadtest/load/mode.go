package load

import (
	"context"

	"github.com/schemactor/schemactor/loadtest/report"
)

// Mode is how the workers make sure that their tables are there.
type Mode string

// The modes: this library, and what it is compared with.
const (
	ModeCoordinator  Mode = report.ModeCoordinator
	ModeCheckEveryOp Mode = report.ModeCheckEveryOp
	ModeIfNotExists  Mode = report.ModeIfNotExists
)

// way is how one worker comes to its tables.
type way interface {
	// doors are the tables. Nothing is looked at before the first use.
	doors() []door
	// pair creates two rows in two tables, or none.
	pair(ctx context.Context, tables [2]int, rows [2]Row) error
	// prepare makes all tables ready, as a program of a newer version does before it serves.
	prepare(ctx context.Context) error
	// classify gives an error in the library's words.
	classify(err error) error
	close(ctx context.Context) error
}

// openWay opens the way of a worker's mode.
func openWay(ctx context.Context, t *task, line *timeline) (way, error) {
	switch t.Mode {
	case ModeCheckEveryOp:
		return openChecked(ctx, t)
	case ModeIfNotExists:
		return openBare(ctx, t, line)
	}
	return openCoordinated(ctx, t, line)
}
