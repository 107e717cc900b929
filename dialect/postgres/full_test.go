package postgres_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// fill takes all the connections that there are room for, also those which a server has not quite ended yet, and gives
// one back when called.
func fill(t *testing.T, database string, room int) (giveBack func()) {
	t.Helper()
	ctx := patience(t)
	var taken []*pgx.Conn
	t.Cleanup(func() {
		for _, conn := range taken {
			_ = conn.Close(context.Background())
		}
	})
	for len(taken) < room {
		conn, err := pgx.Connect(ctx, database)
		if err == nil {
			taken = append(taken, conn)
		}
		require.NoError(t, ctx.Err(), "there is room for fewer")
	}
	return func() {
		require.NoError(t, taken[0].Close(t.Context()))
		taken = taken[1:]
	}
}

// trying gives a DB on a pool that has no connection yet, and a channel that gets one token for each that is tried.
func trying(t *testing.T, database string) (*postgres.DB, chan struct{}) {
	t.Helper()
	tries := make(chan struct{}, 1<<16)
	p := pool(t, database, func(c *pgxpool.Config) {
		c.BeforeConnect = func(context.Context, *pgx.ConnConfig) error {
			tries <- struct{}{}
			return nil
		}
	})
	d, err := postgres.New(p, nil)
	require.NoError(t, err)
	return d, tries
}

// as gives a URL for another role, and for another database unless that is empty.
func as(t *testing.T, database, role, name string) string {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	u.User = url.User(role)
	if name != "" {
		u.Path = "/" + name
	}
	return u.String()
}

// narrow is a way to a server, and one by which its last connections can be taken, with their number.
type narrow struct {
	use, fill string
	room      int
}

func narrowServer(t *testing.T) *postgrestest.Server {
	return postgrestest.NewServer(t, "max_connections=8", "superuser_reserved_connections=2")
}

func narrowServers(t *testing.T) map[string]narrow {
	server := narrowServer(t)
	admin := open(t, server.URL())
	exec(t, admin, "CREATE ROLE few LOGIN CONNECTION LIMIT 2", "CREATE ROLE many LOGIN")
	require.NoError(t, admin.Close())
	few, many := as(t, server.URL(), "few", ""), as(t, server.URL(), "many", "")
	pooler := postgrestest.NewPooler(t, postgrestest.Open(t), postgrestest.PoolerConfig{MaxClients: 2})
	// Of a database that it does not know yet the pooler asks the server while a client connects. One connection it has.
	behind := narrowServer(t)
	before := as(t, postgrestest.NewPooler(t, behind.URL(), postgrestest.PoolerConfig{}), "postgres", "template1")
	return map[string]narrow{
		"server":                 {server.URL(), server.URL(), 8},
		"role":                   {few, few, 2},
		"all but superusers":     {many, many, 6},
		"pooler":                 {pooler, pooler, 2},
		"server behind a pooler": {before, behind.URL(), 7},
	}
}

// TestFullServerIsWaitedOut lets one connection go once several have been tried for, which is enough for all.
func TestFullServerIsWaitedOut(t *testing.T) {
	for name, server := range narrowServers(t) {
		t.Run(name, func(t *testing.T) {
			ctx := patience(t)
			giveBack := fill(t, server.fill, server.room)
			d, tries := trying(t, server.use)
			done := make(chan error, 3)
			go func() {
				_, err := d.Writer().Exec(ctx, "SELECT 1")
				done <- err
			}()
			go func() {
				_, err := dialect.QueryRow(ctx, d.Reader(), "SELECT 1", nil, new(int))
				done <- err
			}()
			go func() {
				done <- d.Locked(ctx, refs("t"), func(context.Context, dialect.Tx) error { return nil })
			}()
			tried(t, tries, 4)
			require.Empty(t, done)
			giveBack()
			for range 3 {
				require.NoError(t, <-done)
			}
		})
	}
}

// tried waits until a connection was tried for so often.
func tried(t *testing.T, tries chan struct{}, n int) {
	t.Helper()
	for range n {
		select {
		case <-tries:
		case <-patience(t).Done():
			require.FailNow(t, "no connection is tried for")
		}
	}
}

// TestFullServerIsNotWaitedOutForEver ends with the caller's time or with the library's own.
func TestFullServerIsNotWaitedOutForEver(t *testing.T) {
	server := narrowServer(t)
	d, tries := trying(t, server.URL())
	fill(t, server.URL(), 8)
	const words = "too many clients already"
	nothing := func(context.Context, dialect.Tx) error { return nil }

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() {
		_, err := d.Reader().Query(ctx, "SELECT 1")
		done <- err
	}()
	go func() { done <- d.Locked(ctx, refs("t"), nothing) }()
	tried(t, tries, 4)
	cancel()
	for range 2 {
		err := d.Classify(<-done)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, schema.ErrUnavailable)
		require.ErrorContains(t, err, words)
	}

	postgres.SetFullTimeout(d, 50*time.Millisecond)
	_, err := d.Begin(t.Context())
	require.ErrorIs(t, d.Classify(err), schema.ErrUnavailable)
	require.NotErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, d.Classify(err), words)
	err = d.Locked(t.Context(), refs("t"), nothing)
	require.ErrorIs(t, err, schema.ErrUnavailable)
	require.ErrorContains(t, err, words)
}

// TestStartingServerIsWaitedOut is told that the server is starting, and that it is stopping; other words are passed on.
func TestStartingServerIsWaitedOut(t *testing.T) {
	between := newRelay(t, postgrestest.Open(t))
	d, tries := trying(t, between.URL)
	between.refuseWith("57P03", "57P03", "53300")
	exec(t, d, "SELECT 1")
	require.Len(t, tries, 4)

	postgres.Forget(d)
	between.refuseWith("28000")
	_, err := d.Writer().Exec(t.Context(), "SELECT 1")
	require.ErrorIs(t, d.Classify(err), schema.ErrPermission)
	require.Len(t, tries, 5, "that is tried no second time")
}

// TestStoppedServerIsNotWaitedOut tells at once that nobody answers.
func TestStoppedServerIsNotWaitedOut(t *testing.T) {
	server := postgrestest.NewServer(t)
	d, tries := trying(t, server.URL())
	server.Stop()
	_, err := d.Writer().Exec(t.Context(), "SELECT 1")
	requireUnsaved(t, err)
	require.ErrorContains(t, d.Classify(err), "nothing answers there")
	require.Len(t, tries, 1)
}
