package faults_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// linearGame is one history in the making.
type linearGame struct {
	t         *testing.T
	outsider  dialect.Dialect // for plain SQL
	random    *rand.Rand
	disturbed bool
	order     linearOrder

	records []linearRecord
	begun   map[[2]int]int // index of each call in records
	others  sync.WaitGroup
	mu      sync.Mutex // of records
}

// linearOutsider names an outsider's connections, so that they are not cut.
func linearOutsider(address string) string {
	if !strings.HasPrefix(address, "postgres") {
		return address
	}
	join := "?"
	if strings.Contains(address, "?") {
		join = "&"
	}
	return address + join + "application_name=outsider"
}

// play has the workers call, disturbs them at moments of their progress, and reads the table at the end. Workers that are
// missing are started; one that was killed is missing afterwards.
func (h *linearGame) play(workers []*fleet.Process) {
	h.begun = map[[2]int]int{}
	newer := h.random.IntN(2 * linearPrograms) // every other history has none
	victim := h.random.IntN(3 * linearPrograms)
	for i, p := range workers {
		if p == nil {
			var err error
			workers[i], err = fleet.Start(h.t.Context(), "linear", nil)
			require.NoError(h.t, err)
			p = workers[i]
		}
		order := h.order
		order.First, order.Newer = i*linearClients, i == newer
		var word linearRecord
		require.NoError(h.t, p.Ask(order, &word))
		require.True(h.t, word.Ready)
	}
	moments := h.moments(workers, victim)
	heard := make(chan struct{}, linearPrograms*linearClients*linearCalls*2)
	var hearing sync.WaitGroup
	for i, p := range workers {
		require.NoError(h.t, p.Say(linearGo{}))
		hearing.Go(func() { h.hear(p, heard, h.disturbed && i == victim) })
	}
	go func() {
		hearing.Wait()
		close(heard)
	}()
	said := 0
	for range heard {
		said++
		for _, act := range moments[said] {
			h.others.Go(act)
		}
	}
	h.others.Wait()
	if h.disturbed && victim < len(workers) {
		_ = workers[victim].Kill()
		workers[victim] = nil
	}
	h.last()
}

// moments are what happens to the programs, by how many words they have said.
func (h *linearGame) moments(workers []*fleet.Process, victim int) map[int][]func() {
	words := linearPrograms * linearClients * linearCalls * 2
	moments := map[int][]func(){}
	at := func(act func()) {
		n := 1 + h.random.IntN(words*3/4)
		moments[n] = append(moments[n], act)
	}
	for n := range linearDrops {
		at(func() { h.drop(n) })
	}
	if !h.disturbed {
		return moments
	}
	if h.outsider.Name() != "sqlite" {
		for range 2 {
			at(h.cut)
		}
	}
	if victim < len(workers) {
		// Not by Kill, after which nothing of what was said can be heard.
		process, err := os.FindProcess(workers[victim].PID())
		require.NoError(h.t, err)
		at(func() { _ = process.Kill() })
	}
	return moments
}

// hear notes the calls of a program until it has done all of them, or dies.
func (h *linearGame) hear(p *fleet.Process, heard chan<- struct{}, mayDie bool) {
	for {
		var r linearRecord
		if err := p.Hear(&r); err != nil {
			if !mayDie {
				h.t.Errorf("a program ended: %v", err)
			}
			return
		}
		if r.Done {
			return
		}
		h.note(r)
		heard <- struct{}{}
	}
}

// note keeps a call, or completes it.
func (h *linearGame) note(r linearRecord) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i, ok := h.begun[[2]int{r.Client, r.N}]; ok {
		h.records[i] = r
		return
	}
	h.begun[[2]int{r.Client, r.N}] = len(h.records)
	h.records = append(h.records, r)
}

// drop is the outsider's call: plain SQL.
func (h *linearGame) drop(n int) {
	r := linearRecord{Client: linearPrograms*linearClients + n, Input: linearInput{Kind: linearDrop}, Call: linearClock()}
	_, err := h.outsider.Writer().Exec(h.t.Context(), "DROP TABLE IF EXISTS "+h.order.Table)
	r.Return = linearClock()
	if err != nil {
		err = h.outsider.Classify(err)
	}
	outcome, fault := linearOutcomeOf(nil, err)
	r.Output, r.Fault = linearOutput{Outcome: outcome}, fault
	h.note(r)
}

// cut ends half of the programs' sessions.
func (h *linearGame) cut() {
	if h.outsider.Name() == "mysql" {
		// The programs have an account of their own.
		if _, err := mysqlEnd(h.t.Context(), h.outsider, "p.user <> substring_index(user(), '@', 1) AND rand() < 0.5"); err != nil {
			h.t.Errorf("cut: %v", err)
		}
		return
	}
	_, err := h.outsider.Writer().Exec(h.t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"+
		" WHERE datname = current_database() AND application_name <> 'outsider' AND pid <> pg_backend_pid() AND random() < 0.5")
	if err != nil {
		h.t.Errorf("cut: %v", err)
	}
}

// last reads the table by a program that starts after everything else.
func (h *linearGame) last() {
	c, err := coordinator.New(h.outsider, &coordinator.Config{News: coordinator.NewsOff})
	require.NoError(h.t, err)
	node, err := coordinator.Register[linearRow, int64](c, schema.Named(h.order.Table))
	require.NoError(h.t, err)
	r := linearRecord{Client: linearPrograms*linearClients + linearDrops, Input: linearInput{Kind: linearList}, Call: linearClock()}
	rows, err := node.List(h.t.Context(), nodes.Query{})
	require.NoError(h.t, err)
	r.Return, r.Output.Outcome = linearClock(), linearDone
	for _, row := range rows {
		r.Output.Rows[row.ID-1] = row.Value
	}
	h.note(r)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	require.NoError(h.t, c.Close(ctx))
}
