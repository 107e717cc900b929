package coordinator_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

const fleet = 100

// registerFleet registers the same hundred tables as every program of its kind.
func registerFleet(t *testing.T, c *coordinator.Coordinator) []*userNode {
	nodes := make([]*userNode, fleet)
	for i := range nodes {
		nodes[i] = register[User, uuid.UUID](t, c, schema.Named(fmt.Sprintf("users_%03d", i)))
	}
	return nodes
}

// After a restart one boot read makes all tables ready: no lock, no inspection, nothing else.
func TestRestartIsOneBootRead(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		first := start(t, db.open(t), nil)
		registerFleet(t, first)
		require.NoError(t, first.EnsureAll(t.Context()))

		w := &watched{Dialect: db.open(t)}
		second := start(t, w, nil)
		herd := registerFleet(t, second)
		require.NoError(t, second.EnsureAll(t.Context()))
		require.NoError(t, second.Ready(t.Context()))
		require.EqualValues(t, 1, w.surveys.Load())
		require.Zero(t, w.locks.Load())
		require.Zero(t, w.inspections.Load())
		require.Zero(t, w.others.Load())
		require.Equal(t, fleet, count(t, w.Dialect, "SELECT count(*) FROM "+dialect.RevisionsTable))
		require.NoError(t, herd[fleet-1].Create(t.Context(), newUser()))
	})
}

// The boot read of a hundred tables is one round trip: one Sync on the wire, on a connection that is open already.
func TestRestartIsOneRoundTrip(t *testing.T) {
	address := postgrestest.Open(t)
	first := start(t, openPostgres(t, address), nil)
	registerFleet(t, first)
	require.NoError(t, first.EnsureAll(t.Context()))

	wire := &wire{}
	config, err := pgxpool.ParseConfig(address)
	require.NoError(t, err)
	config.ConnConfig.DialFunc = wire.dial
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	require.NoError(t, pool.Ping(t.Context()))
	d, err := postgres.New(pool, nil)
	require.NoError(t, err)

	second, err := coordinator.New(d, &coordinator.Config{News: coordinator.NewsPoll}) // to listen is a connection of its own
	require.NoError(t, err)
	defer second.Close(context.Background())
	herd := registerFleet(t, second)
	before := wire.roundTrips()
	require.NoError(t, second.EnsureAll(t.Context()))
	require.NoError(t, second.Ready(t.Context()))
	require.Equal(t, 1, wire.roundTrips()-before)

	// The counter counts: a create is a round trip too.
	require.NoError(t, herd[0].Create(t.Context(), newUser()))
	require.Greater(t, wire.roundTrips()-before, 1)
}

// wire counts what a client sends that makes the server answer and the client wait: Sync and simple Query messages.
type wire struct {
	mu    sync.Mutex
	trips int
}

func (w *wire) roundTrips() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trips
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &wireConn{Conn: conn, wire: w}, nil
}

// wireConn reads along what is written: a start-up message without a type, then messages of type, length and body.
type wireConn struct {
	net.Conn
	wire    *wire
	started bool
	pending []byte
}

func (c *wireConn) Write(p []byte) (int, error) {
	c.pending = append(c.pending, p...)
	for {
		head := 1
		if !c.started {
			head = 0
		}
		if len(c.pending) < head+4 {
			break
		}
		l := c.pending[head:]
		size := head + int(l[0])<<24 + int(l[1])<<16 + int(l[2])<<8 + int(l[3])
		if len(c.pending) < size {
			break
		}
		if c.started && (c.pending[0] == 'S' || c.pending[0] == 'Q') {
			c.wire.mu.Lock()
			c.wire.trips++
			c.wire.mu.Unlock()
		}
		c.started = true
		c.pending = c.pending[size:]
	}
	return c.Conn.Write(p)
}
