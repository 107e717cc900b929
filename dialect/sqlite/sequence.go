package sqlite

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
)

var _ dialect.Sequencer = (*session)(nil)

// ExecAll implements dialect.Sequencer: a context that ends is noticed between two statements. To have the driver watch it
// for each of many short ones, and to count what they have changed, takes a good part of their time.
func (s *session) ExecAll(ctx context.Context, commands []dialect.Command) (done int, err error) {
	unwatched := context.WithoutCancel(ctx)
	for _, c := range commands {
		if err := s.execUnwatched(ctx, unwatched, c); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

func (s *session) execUnwatched(ctx, unwatched context.Context, c dialect.Command) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refusal(ctx); err != nil {
		return err
	}
	if _, err := s.q.Exec(unwatched, c.SQL, c.Args...); err != nil {
		return s.failed(err)
	}
	return nil
}
