package faults_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// restartPatience is how long each call may take.
	restartPatience = 2 * time.Second
	// restartPause is what a caller waits after a call that failed.
	restartPause = 10 * time.Millisecond
	// restartFelt is how many calls of each program fail before the server is started again.
	restartFelt = 100
)

// restartProgram is a coordinator with a pool of its own, and callers that create rows until they are stopped.
type restartProgram struct {
	dialect     dialect.Dialect
	coordinator *coordinator.Coordinator
	doors       []herdDoor
	failed      atomic.Int64
	served      []atomic.Int64 // by table, since the server is back
}

// restartHerd is all programs and what became of every row. The fields under mu are by table.
type restartHerd struct {
	programs []*restartProgram
	applied  atomic.Int64 // statements that changed a table
	nextID   atomic.Int64
	back     atomic.Bool // the server is
	stopped  chan struct{}
	callers  sync.WaitGroup

	mu              sync.Mutex
	stored, unknown [][]int64
	refused         [][]int64 // certainly not stored
	kinds           tally     // of errors
	wrong           []error   // errors that are neither typed as transient nor the caller's own context
	late            time.Duration
	acknowledged    atomic.Int64
}

func newRestartHerd(t *testing.T, address string, programs, tables int) *restartHerd {
	h := &restartHerd{
		stopped: make(chan struct{}), kinds: tally{},
		stored: make([][]int64, tables), unknown: make([][]int64, tables), refused: make([][]int64, tables),
	}
	for range programs {
		d, err := herdConnect(t.Context(), address)
		require.NoError(t, err)
		p := &restartProgram{dialect: d, served: make([]atomic.Int64, tables)}
		p.coordinator, err = coordinator.New(d, &coordinator.Config{Listener: &schema.Listener{
			Applied: func(schema.Event) { h.applied.Add(1) },
		}})
		require.NoError(t, err)
		for i := range tables {
			door, err := herdVersions[0].register(p.coordinator, herdTable("restart_", i))
			require.NoError(t, err)
			p.doors = append(p.doors, door)
		}
		h.programs = append(h.programs, p)
	}
	return h
}

// call starts the callers of every program.
func (h *restartHerd) call(ctx context.Context, callers int) {
	for _, p := range h.programs {
		for i := range callers {
			h.callers.Go(func() {
				for n := i; ; n++ {
					select {
					case <-h.stopped:
						return
					default:
					}
					if !h.create(ctx, p, n%len(p.doors)) {
						h.rest()
					}
				}
			})
		}
	}
}

// rest is the pause of a caller that has failed.
func (h *restartHerd) rest() {
	timer := time.NewTimer(restartPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.stopped:
	}
}

// create is one call; its outcome is noted.
func (h *restartHerd) create(ctx context.Context, p *restartProgram, table int) bool {
	ctx, cancel := context.WithTimeout(ctx, restartPatience)
	defer cancel()
	id, back := h.nextID.Add(1), h.back.Load()
	err := p.doors[table].create(ctx, id, "x")
	end, _ := ctx.Deadline()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.late = max(h.late, time.Since(end))
	if err == nil {
		h.stored[table] = append(h.stored[table], id)
		h.acknowledged.Add(1)
		if back {
			p.served[table].Add(1)
		}
		return true
	}
	p.failed.Add(1)
	h.kinds[restartKind(err)]++
	switch {
	case errors.Is(err, schema.ErrOutcomeUnknown), ctx.Err() != nil && errors.Is(err, ctx.Err()):
		h.unknown[table] = append(h.unknown[table], id)
	case schema.Transient(err):
		h.refused[table] = append(h.refused[table], id)
	default:
		h.wrong = append(h.wrong, err)
	}
	return false
}

// restartKind is an error's class, for the report.
func restartKind(err error) string {
	for _, kind := range []error{
		schema.ErrOutcomeUnknown, schema.ErrUnavailable, schema.ErrLockTimeout, schema.ErrSerialization, schema.ErrRaced,
		context.DeadlineExceeded, context.Canceled,
	} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return fmt.Sprintf("%T", err)
}

// served reports whether every program has stored a row in every table since the server is back.
func (h *restartHerd) served() bool {
	for _, p := range h.programs {
		for i := range p.served {
			if p.served[i].Load() == 0 {
				return false
			}
		}
	}
	return true
}

// felt reports whether every program has had errors for a while.
func (h *restartHerd) felt() bool {
	for _, p := range h.programs {
		if p.failed.Load() < restartFelt {
			return false
		}
	}
	return true
}

// end stops the callers and the programs.
func (h *restartHerd) end(t *testing.T) {
	close(h.stopped)
	h.callers.Wait()
	for _, p := range h.programs {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		require.NoError(t, p.coordinator.Close(ctx))
		cancel()
		require.NoError(t, p.dialect.Close())
	}
}
