package coordinator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// probed is what a probe is told.
type probed struct {
	Status string
	Reason string
	Tables struct{ Registered, Ready, Behind, Starting, Failed, Blocked int }

	NotReady []struct{ Table, State, Reason string }
	More     int
}

// probe asks a handler, and checks what all answers have in common.
func probe(t *testing.T, h http.Handler) (code int, got probed) {
	t.Helper()
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	require.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
	require.Equal(t, "application/json", answer.Header().Get("Content-Type"))
	require.Equal(t, answer.Code != http.StatusOK, answer.Header().Get("Retry-After") != "")
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &got), answer.Body.String())
	require.Less(t, answer.Body.Len(), 20_000)

	head := httptest.NewRecorder()
	h.ServeHTTP(head, httptest.NewRequestWithContext(t.Context(), http.MethodHead, "/readyz", nil))
	require.Equal(t, answer.Code, head.Code)
	require.Zero(t, head.Body.Len())
	return answer.Code, got
}

func requireProbe(t *testing.T, h http.Handler, code int, status string) probed {
	t.Helper()
	gotCode, got := probe(t, h)
	require.Equal(t, status, got.Status, "%+v", got)
	require.Equal(t, code, gotCode)
	return got
}

func TestReadyHandler(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		c := start(t, db.open(t), nil)
		register[User, uuid.UUID](t, c)
		h := c.ReadyHandler(nil)
		got := requireProbe(t, h, 503, "starting")
		require.Equal(t, 1, got.Tables.Starting)
		require.Equal(t, "users", got.NotReady[0].Table)

		require.NoError(t, c.EnsureAll(t.Context()))
		got = requireProbe(t, h, 200, "compatible")
		require.Equal(t, 1, got.Tables.Ready)
		require.Empty(t, got.NotReady)

		// What comes later takes nothing away that was given, and a probe that comes first is not told so.
		register[Item, int64](t, c)
		got = requireProbe(t, h, 200, "compatible")
		require.Equal(t, "items", got.NotReady[0].Table)
		requireProbe(t, c.ReadyHandler(nil), 503, "starting")

		shut(t, c)
		got = requireProbe(t, h, 503, "closed")
		require.Equal(t, 2, got.Tables.Registered)
		require.Empty(t, got.NotReady)
	})
}

// A table that failed is not ready while it is tried again, whatever was answered before it failed.
func TestReadyHandlerWhileWhatFailedIsTriedAgain(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c, _ := items[Item](t, d, &coordinator.Config{News: coordinator.NewsOff})
		require.NoError(t, c.EnsureAll(t.Context()))
		h := c.ReadyHandler(nil)
		requireProbe(t, h, 200, "compatible")
		exec(t, d, "CREATE TABLE users (id INTEGER)")
		register[User, uuid.UUID](t, c)
		require.ErrorIs(t, c.Ensure(t.Context(), "users"), schema.ErrSchemaMismatch)
		requireProbe(t, h, 503, "incompatible")

		var meanwhile []int
		defer c.Listen(&schema.Listener{Ensuring: func(schema.Event) {
			code, _ := probe(t, h)
			meanwhile = append(meanwhile, code)
		}})()
		require.ErrorIs(t, c.Ensure(t.Context(), "users"), schema.ErrSchemaMismatch)
		require.Equal(t, []int{503}, meanwhile)
	})
}

func TestReadyHandlerTakesOnlyProbes(t *testing.T) {
	c := start(t, sqliteDatabase(t).open(t), nil)
	answer := httptest.NewRecorder()
	c.ReadyHandler(nil).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/readyz", nil))
	require.Equal(t, http.StatusMethodNotAllowed, answer.Code)
	require.Equal(t, "GET, HEAD", answer.Header().Get("Allow"))
}

func TestReadyHandlerBehindAndStale(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 1)
		newer, _ := items[ItemMore](t, d, nil)
		require.NoError(t, newer.EnsureAll(t.Context()))
		older, _ := items[Item](t, d, nil)
		require.NoError(t, older.EnsureAll(t.Context()))
		got := requireProbe(t, older.ReadyHandler(nil), 200, "behind")
		require.Equal(t, 1, got.Tables.Behind)
		require.Equal(t, 1, got.Tables.Ready)
		requireProbe(t, newer.ReadyHandler(nil), 200, "compatible")
	})
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 1)
		newer, _ := items[ItemShort](t, d, &coordinator.Config{Policy: allow(schema.HazardDropColumn, "items", "note")})
		require.NoError(t, newer.Migrate(t.Context(), []*schema.Plan{planFor(t, newer, "items")}, schema.Policy{}))
		stale, _ := items[Item](t, d, nil)
		require.ErrorIs(t, stale.EnsureAll(t.Context()), schema.ErrStaleModel)
		got := requireProbe(t, stale.ReadyHandler(nil), 503, "incompatible")
		require.Equal(t, "blocked", got.NotReady[0].State)
		require.Contains(t, got.NotReady[0].Reason, schema.ErrStaleModel.Error())
	})
}

// A server that is down before the tables were ready, and one that goes away after they were.
func TestReadyHandlerWhenTheServerGoesAway(t *testing.T) {
	server := postgrestest.NewServer(t)
	address := server.URL()
	server.Stop()
	c := start(t, lazyPostgres(t, address), &coordinator.Config{News: coordinator.NewsOff})
	register[User, uuid.UUID](t, c)
	h := c.ReadyHandler(&coordinator.ReadyConfig{Check: c.Ping, CheckEvery: time.Nanosecond})
	require.ErrorIs(t, c.EnsureAll(t.Context()), schema.ErrUnavailable)
	got := requireProbe(t, h, 503, "unavailable")
	require.Equal(t, 1, got.Tables.Failed)
	require.Contains(t, got.NotReady[0].Reason, schema.ErrUnavailable.Error())

	server.Start()
	waitFor(t, func() bool { return c.EnsureAll(t.Context()) == nil })
	requireProbe(t, h, 200, "compatible")
	for _, end := range []func(){server.Stop, server.Crash} {
		end()
		got = requireProbe(t, h, 503, "unavailable")
		require.Contains(t, got.Reason, schema.ErrUnavailable.Error())
		require.Equal(t, 1, got.Tables.Ready, "the tables are as they were")
		requireProbe(t, c.ReadyHandler(nil), 200, "compatible")
		server.Start()
		waitFor(t, func() bool { code, _ := probe(t, h); return code == http.StatusOK })
	}
}

func TestReadyHandlerNamesAFew(t *testing.T) {
	c := start(t, sqliteDatabase(t).open(t), nil)
	many(t, c, 1_000)
	got := requireProbe(t, c.ReadyHandler(nil), 503, "starting")
	require.Equal(t, 1_000, got.Tables.Starting)
	require.Len(t, got.NotReady, 20)
	require.Equal(t, 980, got.More)
}

func many(t testing.TB, c *coordinator.Coordinator, tables int) {
	for i := range tables {
		_, err := coordinator.Register[Item, int64](c, schema.Named(fmt.Sprintf("items_%05d", i)))
		require.NoError(t, err)
	}
}

func BenchmarkReadyHandlerOf10000(b *testing.B) {
	c := start(b, sqliteDatabase(b).open(b), nil)
	many(b, c, 10_000)
	h := c.ReadyHandler(nil)
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/readyz", nil))
	}
}

// A storm of probes is one question, and so are those that come while its answer counts.
func TestReadyHandlerAsksOnce(t *testing.T) {
	c := start(t, sqliteDatabase(t).open(t), nil)
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		answer := make(chan error)
		h := c.ReadyHandler(&coordinator.ReadyConfig{Check: func(ctx context.Context) error {
			asked.Add(1)
			select {
			case err := <-answer:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}})
		storm := func(word string, code int) *sync.WaitGroup {
			var probes sync.WaitGroup
			for range 100 {
				probes.Go(func() {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
					if w.Code != code || !strings.Contains(w.Body.String(), word) {
						t.Errorf("want %d and %s, got %d and %s", code, word, w.Code, w.Body)
					}
				})
			}
			synctest.Wait()
			return &probes
		}
		probes := storm(`"compatible"`, 200)
		answer <- nil
		probes.Wait()
		storm(`"compatible"`, 200).Wait()
		require.EqualValues(t, 1, asked.Load())

		time.Sleep(time.Second)
		probes = storm(`"reason":"check: failed"`, 503)
		answer <- errors.New("postgres://user:secret@host is down")
		probes.Wait()
		require.EqualValues(t, 2, asked.Load())

		// One that hangs is given up, for all of them.
		time.Sleep(time.Second)
		storm("no answer in time", 503).Wait()
		require.LessOrEqual(t, asked.Load(), int64(3))

		// A probe that leaves takes the question from nobody.
		time.Sleep(time.Second)
		leaving, leave := context.WithCancel(t.Context())
		var gone sync.WaitGroup
		gone.Go(func() {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(leaving, http.MethodGet, "/readyz", nil))
		})
		synctest.Wait()
		leave()
		probes = storm(`"compatible"`, 200)
		answer <- nil
		probes.Wait()
		gone.Wait()
		require.EqualValues(t, 4, asked.Load())
	})
}
