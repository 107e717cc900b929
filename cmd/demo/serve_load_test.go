package main

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/database"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

const (
	serveClients = 64
	// serveWrites is how many writes are acknowledged before the next thing happens.
	serveWrites = 300
)

// serveSeconds is for how long the service is loaded at least, from SCHEMACTOR_SERVE_SECONDS.
func serveSeconds(t *testing.T) time.Duration {
	text := os.Getenv("SCHEMACTOR_SERVE_SECONDS")
	if text == "" {
		return 0
	}
	seconds, err := strconv.Atoi(text)
	require.NoError(t, err)
	return time.Duration(seconds) * time.Second
}

// work waits until the clients have had so many more writes acknowledged, and until a moment.
func (v *visitors) awaitWrites(end time.Time) {
	before := v.acked.Load()
	for deadline := time.Now().Add(2 * time.Minute); v.acked.Load() < before+serveWrites || time.Now().Before(end); {
		require.True(v.t, time.Now().Before(deadline), "the writes do not come: %v", v.told)
		timer := time.NewTimer(10 * time.Millisecond)
		<-timer.C
	}
}

// The service starts while its database is down, serves 64 clients, and outlives two restarts of the server: no write that was
// acknowledged is lost, none was made twice, and /readyz tells the truth throughout.
func TestServeOutlivesItsDatabase(t *testing.T) {
	// Each server is set so that a crash forgets nothing of what was acknowledged.
	t.Run("postgres", func(t *testing.T) {
		server := postgrestest.NewServer(t, "synchronous_commit=on")
		outlives(t, server, server.Open(t), serviceNamespace)
	})
	t.Run("mysql", func(t *testing.T) {
		server := mysqltest.NewServer(t, "--innodb-flush-log-at-trx-commit=1")
		outlives(t, server, server.Open(t), "")
	})
}

// mortal is a server of a database.
type mortal interface {
	Start()
	Stop()
	Crash()
}

func outlives(t *testing.T, server mortal, address, namespace string) {
	server.Stop()
	third := serveSeconds(t) / 3
	p := serving(t, "--database", address, "--grace", "1s")
	watch := newLookout(t, p.address)
	watch.open("down from the start", 503, time.Now())
	v := visit(t, serveClients, p)
	until(t, "clients to be sent away", func() bool { return v.failed.Load() >= serveClients })
	for _, restart := range []struct {
		name string
		end  func()
	}{{"stopped", server.Stop}, {"crashed", server.Crash}} {
		watch.shut()
		server.Start()
		ready := watch.awaitReady(time.Now())
		watch.open("up, until "+restart.name, 200, ready)
		v.awaitWrites(ready.Add(third))
		watch.shut()
		failed := v.failed.Load()
		restart.end()
		watch.open("down, "+restart.name, 503, time.Now().Add(watchAge))
		until(t, "clients to be sent away", func() bool { return v.failed.Load() >= failed+serveClients })
	}
	watch.shut()
	server.Start()
	ready := watch.awaitReady(time.Now())
	watch.open("up, until the service ends", 200, ready)
	v.awaitWrites(ready.Add(third))
	watch.shut()
	v.leaving.Store(true)
	acked := v.acked.Load()
	require.Zero(t, p.end(syscall.SIGTERM), p.said())
	v.stop()
	watch.end()
	watch.judge()
	require.True(t, watch.said("stopping"), "probes must learn that the service ends")

	d := openDatabase(t, address)
	t.Logf("%d writes were acknowledged after the signal to end", v.acked.Load()-acked)
	v.judge(d, namespace)
	requireOneMigrationEach(t, d)
}

// openDatabase opens a database for the time of a test.
func openDatabase(t *testing.T, address string) dialect.Dialect {
	known, err := parseDatabase(address)
	require.NoError(t, err)
	d, err := database.Open(t.Context(), known, database.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// said reports whether any probe was told a word.
func (w *lookout) said(word string) bool {
	for _, o := range w.within(window{}) {
		if o.status == word {
			return true
		}
	}
	return false
}

// requireOneMigrationEach reads from the ledger that each table was made once, whoever asked.
func requireOneMigrationEach(t *testing.T, d dialect.Dialect) {
	made := tally(t, d, "SELECT table_name, count(*) FROM schemactor_revisions WHERE state = 'applied' GROUP BY table_name")
	require.Equal(t, map[string]int64{"customers": 1, "orders": 1, "order_items": 1}, made)
}

func TestServeUnderLoadOnSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "service.db")
	p := serving(t, "--database", path)
	watch := newLookout(t, p.address)
	ready := watch.awaitReady(time.Now())
	watch.open("there", 200, ready)
	v := visit(t, serveClients, p)
	v.awaitWrites(ready.Add(serveSeconds(t)))
	watch.shut()
	v.leaving.Store(true)
	require.Zero(t, p.end(syscall.SIGTERM), p.said())
	v.stop()
	watch.end()
	watch.judge()
	d := openDatabase(t, path)
	v.judge(d, "")
	requireOneMigrationEach(t, d)
}

// Three services start at once on an empty database, and one of them ends while the others go on.
func TestServeThreeTimes(t *testing.T) {
	address := postgrestest.Open(t)
	var services []*program
	for range 3 {
		services = append(services, serving(t, "--database", address))
	}
	v := visit(t, serveClients, services...)
	for _, p := range services {
		until(t, "every service to be ready", func() bool { return p.answers("/readyz", 200) })
	}
	v.awaitWrites(time.Now().Add(serveSeconds(t)))
	v.leaving.Store(true)
	for i, p := range services {
		require.Zero(t, p.end(syscall.SIGTERM), p.said())
		if i == 0 {
			v.awaitWrites(time.Time{})
		}
	}
	v.stop()
	d := openDatabase(t, address)
	v.judge(d, serviceNamespace)
	requireOneMigrationEach(t, d)
}
