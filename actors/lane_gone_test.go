package actors_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// slip may be stored twice without the database's noticing.
type slip struct {
	ID    int64  `db:"id"    schema:"pk,auto"`
	Code  string `db:"code"`
	Grade string `db:"grade" schema:"default='plain'"`
}

// A server goes away under many writers and comes back: nobody hangs, nothing that was acknowledged is lost, nothing that
// certainly was not done is there, and nothing is there twice.
func TestLaneOfAServerThatIsGone(t *testing.T) {
	const writers = 64
	server := postgrestest.NewServer(t)
	run(t, openSite(t, server.URL(), 1), "ALTER DATABASE postgres SET synchronous_commit = on")
	s := &laneSite{address: server.URL(), Dialect: openSite(t, server.URL(), 8)}
	s.system = actors.Start(s, actors.Config{News: actors.NewsOff})
	t.Cleanup(func() { s.close(t) })
	s.lane = s.system.Lane(s.Dialect, actors.LaneConfig{})
	node := through[slip, int64](t, s)
	for name, end := range map[string]func(*postgrestest.Server){"stop": (*postgrestest.Server).Stop, "crash": (*postgrestest.Server).Crash} {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			var stored, failed, since [writers]atomic.Int64
			var mu sync.Mutex
			fate := map[string]error{}
			var back, enough atomic.Bool
			for i := range writers {
				all.Go(func() {
					for n := 0; !enough.Load(); n++ {
						row, again := slip{Code: fmt.Sprint(name, " ", i, " ", n)}, back.Load()
						ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
						err := node.Create(ctx, &row)
						cancel()
						mu.Lock()
						fate[row.Code] = err
						mu.Unlock()
						switch {
						case err != nil:
							failed[i].Add(1)
						case again:
							since[i].Add(1)
						default:
							stored[i].Add(1)
						}
					}
				})
			}
			every := func(counts *[writers]atomic.Int64) func() bool {
				return func() bool {
					for i := range counts {
						if counts[i].Load() == 0 {
							return false
						}
					}
					return true
				}
			}
			waitFor(t, "rows", every(&stored))
			end(server)
			waitFor(t, "errors", every(&failed))
			server.Start()
			back.Store(true)
			waitFor(t, "rows again", every(&since))
			enough.Store(true)
			all.Wait()
			looking := openSite(t, server.URL(), 1)
			require.Zero(t, number(t, looking, "SELECT count(*) FROM (SELECT FROM slips GROUP BY code HAVING count(*) > 1) AS twice"))
			unknown, acknowledged, there := 0, 0, slips(t, looking)
			for code, err := range fate {
				switch {
				case err == nil:
					acknowledged++
					require.True(t, there[code], "%s is lost", code)
				case errors.Is(err, schema.ErrOutcomeUnknown):
					unknown++
				default:
					require.ErrorIs(t, err, schema.ErrUnavailable, code)
					require.False(t, there[code], "%s was refused: %v", code, err)
				}
			}
			t.Logf("%d acknowledged, %d unknown, %d in all", acknowledged, unknown, len(fate))
		})
	}
}

func slips(t *testing.T, d dialect.Dialect) map[string]bool {
	rows, err := d.Reader().Query(t.Context(), "SELECT code FROM slips")
	require.NoError(t, err)
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var code string
		require.NoError(t, rows.Scan(&code))
		out[code] = true
	}
	require.NoError(t, rows.Err())
	return out
}
