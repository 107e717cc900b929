package coordinator

import (
	"context"
	"errors"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	checkTimeout = 2 * time.Second
	checkEvery   = time.Second
)

// Ping asks the database for one row, over the pool that reads, and gives up when ctx does: a pool whose connections are all
// in use keeps it waiting. A connection that turns out to be dead is no answer, and another one is tried. It says nothing of
// the tables. Errors are a *schema.Error, schema.ErrUnavailable where nobody answers.
func (c *Coordinator) Ping(ctx context.Context) error {
	const op = "ping"
	if err := c.open(op); err != nil {
		return err
	}
	var one int64
	_, err := dialect.QueryRow(ctx, c.dialect.Reader(), "SELECT 1", nil, &one)
	if err = c.fail(op, schema.Ref{}, err); errors.Is(err, schema.ErrUnavailable) && ctx.Err() == nil {
		_, err = dialect.QueryRow(ctx, c.dialect.Reader(), "SELECT 1", nil, &one)
		err = c.fail(op, schema.Ref{}, err)
	}
	return err
}

// check is ReadyConfig.Check with its last outcome.
type check struct {
	ReadyConfig
	turn  chan struct{} // has a token while nobody asks
	began time.Time     // of the last one, under the token
	err   error
}

func newCheck(cfg ReadyConfig) *check {
	if cfg.CheckTimeout <= 0 {
		cfg.CheckTimeout = checkTimeout
	}
	if cfg.CheckEvery <= 0 {
		cfg.CheckEvery = checkEvery
	}
	k := &check{ReadyConfig: cfg, turn: make(chan struct{}, 1)}
	k.turn <- struct{}{}
	return k
}

// ask gives the outcome of a check that began no longer than CheckEvery before the probe came. Of probes that come together one
// asks, in its own goroutine, and the others wait for it; it goes on when its probe goes away, for theirs.
func (k *check) ask(ctx context.Context) error {
	oldest := time.Now().Add(-k.CheckEvery)
	select {
	case <-k.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { k.turn <- struct{}{} }()
	if k.began.After(oldest) {
		return k.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.CheckTimeout)
	defer cancel()
	began := time.Now()
	k.err = k.Check(ctx)
	k.began = began
	return k.err
}

// checkReason gives the text of an error where it is known to hold no credentials.
func checkReason(err error) string {
	var ours *schema.Error
	var ensure *schema.EnsureError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "check: no answer in time"
	case errors.As(err, &ensure):
		return shorten(ensure.Error())
	case errors.As(err, &ours):
		return shorten(ours.Error())
	}
	return "check: failed"
}
