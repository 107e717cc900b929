package faults_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

const (
	freezeWaiters   = 3 // programs
	freezePatient   = 8 // goroutines of each
	freezeImpatient = 4
	freezePatience  = 500 * time.Millisecond
)

// A program freezes in the middle of making or changing a table, with the lock in its hands. The others wait within their
// contexts and hold nothing meanwhile. When it thaws, it goes on and they are served; when it loses its session or
// dies, one of them takes over. Whatever happens, the table is made once.
func TestFreeze(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	defer all.Wait()
	for version, kind := range []string{"create", "alter"} {
		for _, end := range []struct {
			name   string
			test   func(f *freeze)
			server bool // a file knows no sessions
		}{{"thaw", (*freeze).thaw, false}, {"kill", (*freeze).kill, false}, {"cut", (*freeze).cut, true}} {
			test := func(t *testing.T, address string) { newFreeze(t, address, version).run(end.test) }
			// All at the same moment, for they mostly wait: more than the number of CPUs, which bounds parallel tests.
			all.Go(func() {
				t.Run(kind+"/"+end.name+"/postgres", func(t *testing.T) { test(t, postgrestest.Open(t)) })
			})
			all.Go(func() {
				t.Run(kind+"/"+end.name+"/mysql", func(t *testing.T) { test(t, mysqltest.Open(t)) })
			})
			if end.server {
				continue
			}
			all.Go(func() {
				t.Run(kind+"/"+end.name+"/sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "freeze.db")) })
			})
		}
	}
}

// freeze is one frozen holder and those who wait for it.
type freeze struct {
	t       *testing.T
	address string
	version int
	direct  dialect.Dialect
	holder  *fleet.Process
	waiters []*fleet.Process
	stored  []int64
	late    time.Duration
	named   map[string]string // addresses with an account of their own, where sessions have no other name
}

func newFreeze(t *testing.T, address string, version int) *freeze {
	f := &freeze{t: t, address: address, version: version, direct: open(t, address)}
	if version > 0 {
		older, err := coordinator.New(f.direct, nil)
		require.NoError(t, err)
		door, err := herdVersions[0].register(older, freezeTable)
		require.NoError(t, err)
		require.NoError(t, door.create(t.Context(), -1, "older"))
		require.NoError(t, older.Close(t.Context()))
		f.stored = append(f.stored, -1)
	}
	return f
}

func (f *freeze) postgres() bool { return f.direct.Name() == "postgres" }

// account is the address for a program of that name, by whose account its sessions are known.
func (f *freeze) account(name string) string {
	if f.named == nil {
		f.named = map[string]string{}
	}
	if f.named[name] == "" {
		f.named[name] = mysqltest.Account(f.t, f.address, "ALL")
	}
	return f.named[name]
}

func (f *freeze) start(name string, hold bool) *fleet.Process {
	address := f.address
	switch f.direct.Name() {
	case "mysql":
		address = f.account(name)
	case "postgres":
		separator := "?"
		if strings.Contains(address, "?") {
			separator = "&"
		}
		address += separator + "application_name=" + name
	}
	p, err := fleet.Start(f.t.Context(), "freeze", freezeTask{Address: address, Version: f.version, Hold: hold})
	require.NoError(f.t, err)
	f.t.Cleanup(func() { _ = p.Kill() })
	return p
}

// run freezes the holder, has the others come, keeps it so for a while, and ends it one way or the other.
func (f *freeze) run(end func(f *freeze)) {
	f.holder = f.start("holder", true)
	require.NoError(f.t, f.holder.Say(freezeOrder{First: 1000, Patient: freezePatient}))
	f.hear(f.holder, freezeInside)
	require.NoError(f.t, f.holder.Freeze())
	frozen := time.NewTimer(time.Duration(size(3, 30)) * time.Second)
	defer frozen.Stop()

	var watch *freezeWatch
	if f.postgres() {
		watch = watchFreeze(f.t, f.address, "waiter")
	}
	for i := range freezeWaiters {
		p := f.start("waiter", false)
		f.waiters = append(f.waiters, p)
		require.NoError(f.t, p.Say(freezeOrder{
			First: int64(2000 + 1000*i), Patient: freezePatient, Impatient: freezeImpatient, Patience: freezePatience,
		}))
	}
	for _, p := range f.waiters {
		left := f.hear(p, freezeLeft)
		require.Equal(f.t, freezeImpatient, left.Expired, "%v", left)
		require.Empty(f.t, left.Stored, "the lock is still held")
		f.late = max(f.late, left.Late)
	}
	<-frozen.C
	if watch != nil {
		watch.stop()
		watch.requireFree(f.t, freezeWaiters)
		f.t.Log(watch)
	}
	require.Less(f.t, f.late, freezePatience, "a call outlived its context by more than all the time it had")
	end(f)
	f.judge()
}

func (f *freeze) hear(p *fleet.Process, event string) freezeWord {
	var word freezeWord
	require.NoError(f.t, p.Hear(&word))
	require.Empty(f.t, word.Faults)
	require.Equal(f.t, event, word.Event)
	return word
}

// served hears that all patient callers of a program have been served, and how many statements it has run.
func (f *freeze) served(p *fleet.Process) int {
	word := f.hear(p, freezeServed)
	require.Len(f.t, word.Stored, freezePatient)
	f.stored = append(f.stored, word.Stored...)
	return word.Ran
}

// thaw lets the holder go on: nobody else changes anything.
func (f *freeze) thaw() {
	f.release()
	require.Positive(f.t, f.served(f.holder))
	for _, p := range f.waiters {
		require.Zero(f.t, f.served(p), "statements of one that waited")
	}
}

func (f *freeze) release() {
	require.NoError(f.t, f.holder.Thaw())
	require.NoError(f.t, f.holder.Say(freezeOrder{}))
}

// cut takes the holder's session away: another one makes the table while the holder is still frozen, and the holder, once it
// thaws, finds it made.
func (f *freeze) cut() {
	began := time.Now()
	cut := 0
	if f.postgres() {
		cut = count(f.t, f.direct, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "+
			"WHERE datname = current_database() AND application_name = 'holder'")
	} else {
		var err error
		cut, err = mysqlEnd(f.t.Context(), f.direct, "p.user = '"+mysqlUser(f.t, f.named["holder"])+"'")
		require.NoError(f.t, err)
	}
	require.Positive(f.t, cut)
	f.takeover(began)
	f.release()
	require.Equal(f.t, 1, f.served(f.holder), "what it ran before it was frozen and nothing since")
}

// kill ends the holder as it is: another one makes the table.
func (f *freeze) kill() {
	began := time.Now()
	require.NoError(f.t, f.holder.Kill())
	f.holder = nil
	f.takeover(began)
}

// takeover waits until all who waited are served, by one of them. Where what the holder did was final, nobody does it again.
func (f *freeze) takeover(began time.Time) {
	makers := 0
	for _, p := range f.waiters {
		if f.served(p) > 0 {
			makers++
		}
	}
	wanted := 1
	if f.direct.Capability().ShapesCommit {
		wanted = 0
	}
	require.Equal(f.t, wanted, makers, "programs that ran statements")
	f.t.Logf("taken over, and everyone served, %v after the holder was gone", time.Since(began).Round(time.Millisecond))
}

// judge ends everybody and looks at what is in the database.
func (f *freeze) judge() {
	if f.holder != nil {
		require.NoError(f.t, f.holder.End())
	}
	for _, p := range f.waiters {
		require.NoError(f.t, p.End())
	}
	herdVerdict(f.t, f.direct, herdFate(f.t, f.version, freezeTable, 1+f.version, f.stored...))
	require.Equal(f.t, len(f.stored), count(f.t, f.direct, "SELECT count(*) FROM "+freezeTable))
	f.t.Logf("%d rows, %d applied revisions, calls returned at most %v after their deadline",
		len(f.stored), 1+f.version, f.late.Round(time.Millisecond))
}
