package coordinator_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

const (
	// onlineWriters is how many write all the time, each a statement every onlinePace at most.
	onlineWriters = 32
	onlinePace    = 20 * time.Millisecond
	// onlineSampling is how often the server is asked who waits for a lock.
	onlineSampling = 20 * time.Millisecond

	onlineName = "online writer"
)

// reading is what was measured at one moment: how long a statement took that began then, or how long somebody had
// been waiting by then.
type reading struct {
	at   time.Time
	took time.Duration
}

// load is writers that measure each of their statements, and a sampler that measures their waits for locks on the
// server, where a busy machine is no part of the figure.
type load struct {
	pool    *pgxpool.Pool
	rows    int
	stop    func()
	stopped chan struct{}
	group   sync.WaitGroup

	statements, inserted, updated atomic.Int64

	mu       sync.Mutex
	errs     []error
	measured []reading // of writers that have ended
	waits    []reading
}

// startLoad starts the writers on a table of rows rows, whose keys are 1 and on.
func startLoad(t testing.TB, address string, rows int) *load {
	config, err := pgxpool.ParseConfig(address)
	require.NoError(t, err)
	config.MaxConns = onlineWriters
	config.ConnConfig.RuntimeParams["application_name"] = onlineName
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	watch, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	l := &load{pool: pool, rows: rows, stopped: make(chan struct{})}
	l.stop = sync.OnceFunc(func() {
		close(l.stopped)
		l.group.Wait()
		pool.Close()
	})
	t.Cleanup(l.stop)
	for i := range onlineWriters {
		l.group.Go(func() { l.write(i) })
	}
	l.group.Go(func() { l.watch(watch) })
	return l
}

// write is one writer: an insert, an update of a row of its own, and so on.
func (l *load) write(number int) {
	var readings []reading
	pace := time.NewTicker(onlinePace)
	defer pace.Stop()
	for turn := 0; l.goesOn(pace); turn++ {
		began := time.Now()
		err := l.statement(number, turn)
		readings = append(readings, reading{began, time.Since(began)})
		if err != nil {
			l.fail(fmt.Errorf("writer: %w", err))
			break
		}
		l.statements.Add(1)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.measured = append(l.measured, readings...)
}

// goesOn waits for the next turn; false is the end.
func (l *load) goesOn(pace *time.Ticker) bool {
	select {
	case <-l.stopped:
		return false
	case <-pace.C:
		return true
	}
}

// statement is not cut off at the end: what is not acknowledged might have been done.
func (l *load) statement(number, turn int) error {
	ctx := context.Background()
	if turn%2 == 0 {
		_, err := l.pool.Exec(ctx, "INSERT INTO readings (sensor_id, label, unit, value) VALUES ($1, $2, 'm', 0)",
			turn%sensorRows+1, fmt.Sprintf("writer %d turn %d", number, turn))
		if err == nil {
			l.inserted.Add(1)
		}
		return err
	}
	id := rand.IntN(l.rows/onlineWriters)*onlineWriters + number + 1
	tag, err := l.pool.Exec(ctx, "UPDATE readings SET value = value + 1 WHERE id = $1", id)
	if err == nil {
		l.updated.Add(tag.RowsAffected())
	}
	return err
}

// watch asks the server how long the writer who has waited longest for any lock has done so.
func (l *load) watch(conn *pgx.Conn) {
	ctx := context.Background()
	defer conn.Close(ctx)
	pace := time.NewTicker(onlineSampling)
	defer pace.Stop()
	for l.goesOn(pace) {
		var seconds float64
		err := conn.QueryRow(ctx, `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart)), 0)::float8
			FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.application_name = $1`,
			onlineName).Scan(&seconds)
		if err != nil {
			l.fail(fmt.Errorf("watch: %w", err))
			return
		}
		if seconds > 0 {
			l.mu.Lock()
			l.waits = append(l.waits, reading{time.Now(), time.Duration(seconds * float64(time.Second))})
			l.mu.Unlock()
		}
	}
}

func (l *load) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errs = append(l.errs, err)
}

// end stops the writers once their statements are answered.
func (l *load) end(t testing.TB) {
	l.stop()
	require.Empty(t, l.errs)
}

// span is a time in which something went on, and what the writers noticed of it.
type span struct {
	name       string
	began      time.Time
	took       time.Duration
	rows       int
	statements int
	longest    time.Duration // the longest statement
	p99        time.Duration
	waited     time.Duration // the longest wait for a lock that was seen
}

// measure fills in what the writers measured, once they have ended.
func (l *load) measure(s *span) {
	var took []time.Duration
	for _, r := range l.measured {
		if r.at.Before(s.began.Add(s.took)) && r.at.Add(r.took).After(s.began) {
			took = append(took, r.took)
		}
	}
	slices.Sort(took)
	if s.statements = len(took); s.statements > 0 {
		s.longest, s.p99 = took[len(took)-1], took[len(took)*99/100]
	}
	for _, w := range l.waits {
		if w.at.After(s.began) && w.at.Before(s.began.Add(s.took)) {
			s.waited = max(s.waited, w.took)
		}
	}
}
