package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

// told is a report after its way through a pipe.
func told(t *testing.T, r tallied) *heard {
	text, err := json.Marshal(r)
	require.NoError(t, err)
	var back tallied
	require.NoError(t, json.Unmarshal(text, &back))
	out, err := back.open()
	require.NoError(t, err)
	return out
}

func TestReportsOfWorkersAreAdded(t *testing.T) {
	total := newTally()
	for worker := range 3 {
		w := newTally()
		for i := range 100 {
			w.done(OpCreate, time.Duration(i+1)*time.Millisecond, false)
		}
		w.done(OpRead, time.Hour, true)
		w.done(OpRead, 0, false)
		w.failed(OpRead, fmt.Errorf("worker %d: %w", worker, schema.ErrLockTimeout))
		for range 2 {
			r, err := w.take() // the second report has nothing that the first one had
			require.NoError(t, err)
			total.merge(told(t, r))
		}
	}
	require.Equal(t, [operations]int64{OpCreate: 300, OpRead: 6}, total.counts)
	require.Equal(t, []failure{{OpRead, schema.ErrLockTimeout.Error(), 3, "worker 0: " + schema.ErrLockTimeout.Error()}}, total.failures)
	require.Equal(t, int64(3), total.errors())
	creates := total.latency[OpCreate]
	require.InEpsilon(t, 50*time.Millisecond, percentile(creates, 50), 0.02)
	require.InEpsilon(t, 99*time.Millisecond, percentile(creates, 99), 0.02)
	require.InEpsilon(t, 100*time.Millisecond, percentile(creates, 100), 0.02)
	require.EqualValues(t, 303, total.all(false).TotalCount(), "the warm-up is not among what counts")
	require.EqualValues(t, 306, total.all(true).TotalCount())
	require.InEpsilon(t, longest, percentile(total.early, 100), 0.02, "more than can be kept is the most that can")
	require.Zero(t, percentile(total.latency[OpDelete], 99))
}

func TestErrorsAreCountedByTheirKind(t *testing.T) {
	for want, err := range map[string]error{
		errDiffers.Error():               errDiffers,
		schema.ErrOutcomeUnknown.Error(): &schema.Error{Kind: schema.ErrOutcomeUnknown},
		schema.ErrUnavailable.Error():    &schema.EnsureError{Cause: schema.ErrUnavailable},
		schema.ErrNotFound.Error():       fmt.Errorf("get: %w", schema.ErrNotFound),
		context.DeadlineExceeded.Error(): context.DeadlineExceeded,
		"other error":                    errors.New("what is this"),
	} {
		require.Equal(t, want, kindOf(err))
	}
}

// Errors are a fault's own only where there was such a fault not long before, and only those that it can cause.
func TestErrorsOfFaultsAreTold(t *testing.T) {
	r := &recording{expects: map[string]drops{}, began: time.Now(), tick: time.Second}
	unknown, missing, lock := schema.ErrOutcomeUnknown.Error(), schema.ErrNotFound.Error(), schema.ErrLockTimeout.Error()
	require.EqualValues(t, 2, r.note(failure{Kind: unknown, Count: 2}, 0))
	over := r.expect(faultCut)
	require.Zero(t, r.note(failure{Kind: unknown, Count: 2}, time.Hour), "it goes on")
	over()
	require.Zero(t, r.note(failure{Kind: unknown, Count: 1}, patience), "an operation that it met may have waited so long")
	require.EqualValues(t, 4, r.note(failure{Kind: unknown, Count: 4}, time.Hour), "it is long over")
	require.EqualValues(t, 1, r.note(failure{Kind: missing, Count: 1}, 0))
	r.expect(faultDrop)
	require.Zero(t, r.note(failure{Kind: missing, Count: 1}, time.Hour))
	require.EqualValues(t, 1, r.note(failure{Kind: lock, Count: 1}, 0))
	require.Equal(t, []errorOf{
		{failure{Kind: unknown, Count: 6}, ""},
		{failure{Kind: unknown, Count: 3}, faultCut},
		{failure{Kind: missing, Count: 1}, ""},
		{failure{Kind: missing, Count: 1}, faultDrop},
		{failure{Kind: lock, Count: 1}, ""},
	}, r.errors)
}
