package actors_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// deaf is a connection on which a server is not asked to give up what it does, as pgx asks when another one breaks.
type deaf struct{ net.Conn }

func (d deaf) Write(b []byte) (int, error) {
	const cancelRequest = 80877102
	if len(b) == 16 && binary.BigEndian.Uint32(b[4:]) == cancelRequest {
		return 0, errors.New("not sent")
	}
	return d.Conn.Write(b)
}

// A batch whose connection breaks while the server goes on with it is done, and nobody knows: nothing of it is done again.
func TestLaneAnswerLost(t *testing.T) {
	const callers = 30
	address := postgrestest.Open(t)
	s := newLaneSite(t, address, 2, actors.LaneConfig{})
	through[slip, int64](t, s)
	slow := s.slow(t, "slips")

	config, err := pgxpool.ParseConfig(address)
	require.NoError(t, err)
	config.MaxConns = 2
	var mu sync.Mutex
	var lines []net.Conn
	config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		line, err := (&net.Dialer{}).DialContext(ctx, network, address)
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, line)
		return deaf{line}, err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	fragile := &laneSite{address: address, conns: 2, other: s.other}
	fragile.Dialect, err = postgres.New(pool, nil)
	require.NoError(t, err)
	fragile.system = actors.Start(fragile, actors.Config{News: actors.NewsOff, Mode: actors.ModeTrust})
	t.Cleanup(func() { fragile.close(t) })
	fragile.lane = fragile.system.Lane(fragile.Dialect, actors.LaneConfig{})
	node := through[slip, int64](t, fragile)

	release, errs := fragile.piled(t, each(callers, func(i int) error {
		return node.Create(t.Context(), &slip{Code: fmt.Sprint(i)})
	}))
	release()
	waitFor(t, "a batch to be in the trigger", func() bool {
		return number(t, s.other, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()") > 0
	})
	waitFor(t, "those who go by themselves", func() bool { return fragile.lane.Status().Direct == 0 })
	mu.Lock()
	for _, line := range lines {
		require.NoError(t, line.Close())
	}
	mu.Unlock()
	unknown := 0
	for _, err := range errs() {
		if err != nil {
			require.ErrorIs(t, err, schema.ErrOutcomeUnknown)
			unknown++
		}
	}
	require.Positive(t, unknown)
	slow.release()
	waitFor(t, "the server to be done", func() bool { return number(t, s.other, "SELECT count(*) FROM slips") >= callers })
	require.Equal(t, callers, number(t, s.other, "SELECT count(DISTINCT code) FROM slips"))
	require.Equal(t, callers, number(t, s.other, "SELECT count(*) FROM slips"), "nothing is there twice")
}

// A row that comes back as nobody could expect it makes pgx drop all the rest of a batch, which is committed: it is not known
// then, and not done again.
func TestLaneUnreadable(t *testing.T) {
	const callers = 40
	s := newLaneSite(t, postgrestest.Open(t), 1, actors.LaneConfig{})
	slips, pupils := through[slip, int64](t, s), through[pupil, string](t, s)
	run(t, s.other, "ALTER TABLE pupils ALTER grade DROP NOT NULL", "CREATE FUNCTION blank() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "+
		"NEW.grade := NULL; RETURN NEW; END $$",
		"CREATE TRIGGER blank BEFORE INSERT ON pupils FOR EACH ROW WHEN (NEW.age = 7) EXECUTE FUNCTION blank()")
	for round := range 5 {
		for i, err := range s.pile(t, each(callers, func(i int) error {
			code := fmt.Sprint(round, " ", i)
			if i%2 == 0 {
				return slips.Create(t.Context(), &slip{Code: code})
			}
			return pupils.Create(t.Context(), &pupil{Key: code, Email: code, Age: int64(i)})
		})) {
			table, column := "slips", "code"
			if i%2 == 1 {
				table, column = "pupils", "email"
			}
			require.NotErrorIs(t, err, schema.ErrDuplicate, "done again")
			stored := number(t, s.other, "SELECT count(*) FROM "+table+" WHERE "+column+" = $1", fmt.Sprint(round, " ", i))
			require.Equal(t, 1, stored, "%s %d: %v", table, i, err)
			if err != nil && table == "slips" && !errors.Is(err, schema.ErrOutcomeUnknown) {
				require.NoError(t, err)
			}
		}
	}
}
