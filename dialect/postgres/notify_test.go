package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
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

// listener is a Listen that runs until the test ends. It returns once it hears.
type listener struct {
	heard chan *dialect.News
	ended chan error
	stop  context.CancelFunc
}

func listen(t *testing.T, d *postgres.DB) *listener {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l := &listener{heard: make(chan *dialect.News, 1000), ended: make(chan error, 1), stop: stop}
	go func() { l.ended <- d.Listen(ctx, func(news *dialect.News) { l.heard <- news }) }()
	t.Cleanup(func() {
		stop()
		for range l.heard {
		}
	})
	go func() { // ends the channel with Listen
		err := <-l.ended
		l.ended <- err
		close(l.heard)
	}()
	require.Nil(t, l.next(t), "the beginning")
	return l
}

func (l *listener) next(t *testing.T) *dialect.News {
	t.Helper()
	select {
	case news, ok := <-l.heard:
		if !ok {
			require.FailNow(t, "it has ended", l.err(t))
		}
		return news
	case <-patience(t).Done():
		require.FailNow(t, "nothing was heard")
		return nil
	}
}

func (l *listener) err(t *testing.T) error {
	t.Helper()
	select {
	case err := <-l.ended:
		l.ended <- err
		return err
	case <-patience(t).Done():
		require.FailNow(t, "it goes on")
		return nil
	}
}

func notify(t *testing.T, d *postgres.DB, q dialect.Querier, ref schema.Ref, generation int64) {
	t.Helper()
	require.NoError(t, d.Notify(t.Context(), q, schema.Entry{Ref: ref, Generation: generation, CatalogHash: "abc"}))
}

func TestNewsComeWithTheCommit(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	l := listen(t, d)
	exec(t, d, "CREATE SCHEMA billing")
	long := strings.Repeat("lang", 40)
	for i, test := range []struct{ ref, want schema.Ref }{
		{schema.Ref{Name: "users"}, schema.Ref{Namespace: "public", Name: "users"}},
		{schema.Ref{Namespace: "billing", Name: `o'r"d\ers`}, schema.Ref{Namespace: "billing", Name: `o'r"d\ers`}},
		{schema.Ref{Namespace: "nicht da", Name: "né\n\t\x01{}%s$1"}, schema.Ref{Namespace: "nicht da", Name: "né\n\t\x01{}%s$1"}},
		{schema.Ref{Name: long}, schema.Ref{Namespace: "public", Name: d.FitName(long)}},
		{schema.Ref{Name: strings.Repeat("\x01", 63)}, schema.Ref{Namespace: "public", Name: strings.Repeat("\x01", 63)}},
	} {
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		notify(t, d, tx, schema.Ref{Name: "taken back"}, 1)
		require.NoError(t, tx.Rollback(t.Context()))

		err = d.Locked(t.Context(), []schema.Ref{test.ref}, func(ctx context.Context, tx dialect.Tx) error {
			notify(t, d, tx, test.ref, int64(i))
			require.Empty(t, l.heard)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, &dialect.News{Ref: test.want, Generation: int64(i), CatalogHash: "abc"}, l.next(t))
	}
}

func TestOthersWordsOnTheChannelAreIgnored(t *testing.T) {
	url := postgrestest.Open(t)
	d, other := open(t, url), open(t, postgrestest.Open(t))
	l := listen(t, d)
	notify(t, other, other.Writer(), schema.Ref{Name: "of another database"}, 1)
	exec(t, d, "NOTIFY schemactor", "NOTIFY schemactor, 'hello'", "NOTIFY schemactor, '{}'", "NOTIFY schemactor, '[1]'",
		`NOTIFY schemactor, '{"name": 5}'`, `NOTIFY another, '{"name": "users"}'`)
	notify(t, d, d.Writer(), schema.Ref{Name: "t"}, 7)
	require.EqualValues(t, 7, l.next(t).Generation)
}

func TestListenEnds(t *testing.T) {
	url := postgrestest.Open(t)
	d := open(t, url+"&application_name=hears")
	l := listen(t, d)
	require.Equal(t, 1, postgrestest.Terminate(t, url, "application_name = 'hears' AND query LIKE 'LISTEN%'"))
	require.ErrorIs(t, l.err(t), schema.ErrUnavailable)
	notify(t, d, d.Writer(), schema.Ref{Name: "t"}, 1) // the pool is as it was

	again := listen(t, d)
	again.stop()
	require.ErrorIs(t, again.err(t), context.Canceled)
	require.Eventually(t, func() bool {
		return one[int64](t, d, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hears' AND query LIKE 'LISTEN%'") == 0
	}, patienceTime, tick)

	ended, stop := context.WithCancel(t.Context())
	stop()
	require.ErrorIs(t, d.Listen(ended, nil), context.Canceled)
}

// TestListenNoticesASilentPeer has everything that is sent vanish, as when a firewall has forgotten the connection.
func TestListenNoticesASilentPeer(t *testing.T) {
	between := newRelay(t, postgrestest.Open(t))
	d := open(t, between.URL)
	postgres.SetListening(d, 20*time.Millisecond, 2*time.Second)
	l := listen(t, d)
	notify(t, d, d.Writer(), schema.Ref{Name: "t"}, 1)
	require.EqualValues(t, 1, l.next(t).Generation)
	between.silence()
	require.ErrorIs(t, l.err(t), schema.ErrUnavailable)
}

// TestListenHearsThroughProbes sends news all the time, while the connection is probed all the time.
func TestListenHearsThroughProbes(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	postgres.SetListening(d, time.Millisecond, time.Minute)
	l := listen(t, d)
	for i := range 200 {
		notify(t, d, d.Writer(), schema.Ref{Name: "t"}, int64(i))
		require.EqualValues(t, i, l.next(t).Generation)
	}
}

// TestListenConnectsAsThePoolDoes has what a program does to its pool's connections done to the listener's.
func TestListenConnectsAsThePoolDoes(t *testing.T) {
	var before, after atomic.Int32
	refuse := errors.New("not this one")
	fail := false
	p := pool(t, postgrestest.Open(t), func(c *pgxpool.Config) {
		c.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
			before.Add(1)
			c.RuntimeParams["application_name"] = "changed"
			return nil
		}
		c.AfterConnect = func(context.Context, *pgx.Conn) error {
			if fail {
				return refuse
			}
			after.Add(1)
			return nil
		}
	})
	d, err := postgres.New(p, nil)
	require.NoError(t, err)
	l := listen(t, d)
	require.EqualValues(t, 1, before.Load())
	require.EqualValues(t, 1, after.Load())
	require.EqualValues(t, 1, one[int64](t, d, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'changed' AND query LIKE 'LISTEN%'"))
	require.LessOrEqual(t, p.Stat().TotalConns(), int32(1), "the listener's is none of the pool's")
	l.stop()
	require.ErrorIs(t, l.err(t), context.Canceled)
	fail = true
	require.ErrorIs(t, d.Listen(t.Context(), nil), refuse)
}

// TestNewsThroughAPooler is told to those who can hear it, and who cannot is told so.
func TestNewsThroughAPooler(t *testing.T) {
	url := postgrestest.Open(t)
	direct, through := open(t, url), open(t, postgrestest.NewPooler(t, url, postgrestest.PoolerConfig{}))
	err := through.Listen(t.Context(), func(*dialect.News) { t.Error("it heard") })
	require.ErrorIs(t, err, dialect.ErrNoNews)
	require.ErrorContains(t, err, "a connection pooler stands before the server")
	l := listen(t, direct)
	notify(t, through, through.Writer(), schema.Ref{Name: "t"}, 3)
	require.EqualValues(t, 3, l.next(t).Generation)
}
