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

// fill takes connections until there are no more, and gives one back when called.
func fill(t *testing.T, database string) (giveBack func()) {
	t.Helper()
	var taken []*pgx.Conn
	t.Cleanup(func() {
		for _, conn := range taken {
			_ = conn.Close(context.Background())
		}
	})
	for {
		conn, err := pgx.Connect(t.Context(), database)
		if err != nil {
			return func() {
				require.NoError(t, taken[0].Close(t.Context()))
				taken = taken[1:]
			}
		}
		taken = append(taken, conn)
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

// narrow is a way to a server, and one by which its last connections can be taken.
type narrow struct{ use, fill string }

func narrowServers(t *testing.T) map[string]narrow {
	server := postgrestest.NewServer(t, "max_connections=8", "superuser_reserved_connections=2")
	admin := open(t, server.URL())
	exec(t, admin, "CREATE ROLE few LOGIN CONNECTION LIMIT 2", "CREATE ROLE many LOGIN")
	require.NoError(t, admin.Close())
	few, many := as(t, server.URL(), "few", ""), as(t, server.URL(), "many", "")
	pooler := postgrestest.NewPooler(t, postgrestest.Open(t), postgrestest.PoolerConfig{MaxClients: 2})
	// Of a database that it does not know yet the pooler asks the server while a client connects.
	before := as(t, postgrestest.NewPooler(t, server.URL(), postgrestest.PoolerConfig{}), "postgres", "template1")
	return map[string]narrow{
		"server":                 {server.URL(), server.URL()},
		"role":                   {few, few},
		"all but superusers":     {many, many},
		"pooler":                 {pooler, pooler},
		"server behind a pooler": {before, server.URL()},
	}
}

// TestFullServerIsWaitedOut lets one connection go once several have been tried for, which is enough for all.
func TestFullServerIsWaitedOut(t *testing.T) {
	for name, server := range narrowServers(t) {
		t.Run(name, func(t *testing.T) {
			ctx := patience(t)
			giveBack := fill(t, server.fill)
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
	server := postgrestest.NewServer(t, "max_connections=8", "superuser_reserved_connections=2")
	d, tries := trying(t, server.URL())
	fill(t, server.URL())
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
