package dialect

import "context"

// Command is one statement with what it binds.
type Command struct {
	SQL  string
	Args []any
}

// Sequencer is a Querier that runs several statements for less than the sum of their costs, as in one round trip. The
// transactions of a dialect may implement it.
type Sequencer interface {
	// ExecAll runs statements in their order and stops at the first that fails. done is how many ran, so that a failure is
	// that of commands[done], or of what came after the last.
	ExecAll(ctx context.Context, commands []Command) (done int, err error)
}

// ExecAll runs statements in their order, in the way that costs q the least. See Sequencer.
func ExecAll(ctx context.Context, q Querier, commands []Command) (done int, err error) {
	if s, ok := q.(Sequencer); ok {
		return s.ExecAll(ctx, commands)
	}
	for i, c := range commands {
		if _, err := q.Exec(ctx, c.SQL, c.Args...); err != nil {
			return i, err
		}
	}
	return len(commands), nil
}
