package faults_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// freezeSampling is how often the server is asked what the sessions of those who wait are doing.
const freezeSampling = 20 * time.Millisecond

// freezeWatch counts, over many looks at pg_stat_activity, what the sessions of one application hold and wait for.
type freezeWatch struct {
	looks, sessions int // sessions: the most at one look
	waiting         int // seen waiting for a lock inside the server
	inside          int // seen idle in a transaction
	stop            func()
	err             error
}

// watchFreeze looks until stop is called.
func watchFreeze(t testing.TB, address, application string) *freezeWatch {
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	w, ended := &freezeWatch{}, make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(freezeSampling)
		defer tick.Stop()
		for w.err == nil {
			select {
			case <-tick.C:
				w.err = w.look(t.Context(), conn, application)
			case <-ctx.Done():
				return
			}
		}
	}()
	w.stop = func() {
		cancel()
		<-ended
		_ = conn.Close(context.Background())
	}
	t.Cleanup(w.stop)
	return w
}

func (w *freezeWatch) look(ctx context.Context, conn *pgx.Conn, application string) error {
	var sessions, waiting, inside int
	err := conn.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock'),
		count(*) FILTER (WHERE state LIKE 'idle in transaction%') FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = $1`, application).Scan(&sessions, &waiting, &inside)
	w.looks++
	w.sessions = max(w.sessions, sessions)
	w.waiting += waiting
	w.inside += inside
	return err
}

// requireFree demands that nobody waited inside the server, and that transactions were as good as never open: a look may
// fall between two statements of one that asks for the lock and is refused.
func (w *freezeWatch) requireFree(t testing.TB, programs int) {
	require.NoError(t, w.err)
	require.Positive(t, w.sessions, "nobody was watched")
	require.Zero(t, w.waiting, "sessions that waited for a lock inside the server, in %s", w)
	require.Less(t, w.inside*10, w.looks*programs, "transactions were held open while waiting, in %s", w)
}

func (w *freezeWatch) String() string {
	return fmt.Sprintf("%d looks: at most %d sessions, %d waits inside the server, %d open transactions",
		w.looks, w.sessions, w.waiting, w.inside)
}
