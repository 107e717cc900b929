package load

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

func TestReportsOfWorkersAreAdded(t *testing.T) {
	total := newTally()
	for worker := range 3 {
		w := newTally()
		for i := range 100 {
			w.done(Counts{Creates: 1}, time.Duration(i+1)*time.Millisecond)
		}
		w.done(Counts{Reads: 2}, 0)
		w.failed(fmt.Errorf("worker %d: %w", worker, schema.ErrLockTimeout))
		for range 2 {
			r, err := w.take() // the second report has nothing that the first one had
			require.NoError(t, err)
			require.NoError(t, total.merge(r))
		}
	}
	require.Equal(t, Counts{Creates: 300, Reads: 6}, total.counts)
	require.Equal(t, []Fault{{schema.ErrLockTimeout.Error(), 3, "worker 0: " + schema.ErrLockTimeout.Error()}}, total.faults)
	require.Equal(t, int64(3), total.errors())
	require.InEpsilon(t, 50*time.Millisecond, percentile(total, 50), 0.02)
	require.InEpsilon(t, 99*time.Millisecond, percentile(total, 99), 0.02)
	require.InEpsilon(t, 100*time.Millisecond, percentile(total, 100), 0.02)

	total.done(Counts{Creates: 1}, 24*time.Hour)
	require.InEpsilon(t, longest, percentile(total, 100), 0.02, "more than can be kept is the most that can")
	require.Equal(t, int64(301), total.forget().Creates)
	require.Zero(t, percentile(total, 99))
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
