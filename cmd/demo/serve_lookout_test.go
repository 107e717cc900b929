package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// watchEvery is the pause between two probes.
	watchEvery = 10 * time.Millisecond
	// watchAge is how old an answer of /readyz may be, by its documentation.
	watchAge = time.Second
	// watchEnough is how many probes of a window are enough to judge it.
	watchEnough = 20
)

// observation is one probe.
type observation struct {
	begin, end time.Time
	code       int // 0: nobody answered
	status     string
	reason     string
}

// window is a span of time in which one answer is the truth. Who was surely down for as long as an answer may be old is 503;
// who is surely up, and has said so once, is 200.
type window struct {
	name     string
	code     int
	from, to time.Time
}

// lookout probes /readyz from its start to its end, and knows what the truth was.
type lookout struct {
	t       *testing.T
	address string
	stop    context.CancelFunc
	work    sync.WaitGroup
	windows []window // of the test's goroutine alone

	mu   sync.Mutex
	seen []observation
}

func newLookout(t *testing.T, address string) *lookout {
	ctx, stop := context.WithCancel(t.Context())
	w := &lookout{t: t, address: address, stop: stop}
	w.work.Go(func() {
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		for ctx.Err() == nil {
			w.probe(ctx)
			select {
			case <-ticker.C:
			case <-ctx.Done():
			}
		}
	})
	t.Cleanup(w.end)
	return w
}

func (w *lookout) probe(ctx context.Context) {
	seen := observation{begin: time.Now()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.address+"/readyz", nil)
	if err != nil {
		w.t.Error(err)
		return
	}
	if response, err := http.DefaultClient.Do(request); err == nil {
		var body struct{ Status, Reason string }
		err = json.NewDecoder(response.Body).Decode(&body)
		_ = response.Body.Close()
		if err == nil {
			seen.code, seen.status, seen.reason = response.StatusCode, body.Status, body.Reason
		}
	}
	if ctx.Err() != nil {
		return
	}
	seen.end = time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, seen)
}

func (w *lookout) end() {
	w.stop()
	w.work.Wait()
}

// within gives the probes that lie in a window as a whole.
func (w *lookout) within(in window) []observation {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []observation
	for _, o := range w.seen {
		if !o.begin.Before(in.from) && (in.to.IsZero() || !o.end.After(in.to)) {
			out = append(out, o)
		}
	}
	return out
}

// open begins a window, and waits for enough probes in it; its end is set by shut.
func (w *lookout) open(name string, code int, from time.Time) {
	w.t.Helper()
	now := window{name: name, code: code, from: from}
	until(w.t, "probes while "+name, func() bool { return len(w.within(now)) >= watchEnough })
	w.windows = append(w.windows, now)
}

// shut ends the last window, before what changes the truth.
func (w *lookout) shut() { w.windows[len(w.windows)-1].to = time.Now() }

// awaitReady waits for the first 200 that was asked for after a moment, and gives the moment when it was there.
func (w *lookout) awaitReady(after time.Time) time.Time {
	w.t.Helper()
	var at time.Time
	until(w.t, "/readyz to say 200", func() bool {
		for _, o := range w.within(window{from: after}) {
			if o.code == http.StatusOK {
				at = o.end
				return true
			}
		}
		return false
	})
	return at
}

// judge prints the windows and holds the probes against them. A check that did not get its turn within its two seconds is
// shown, and no lie.
func (w *lookout) judge() {
	var table strings.Builder
	fmt.Fprintf(&table, "\n  %-28s %8s %8s %6s %6s %6s  %s", "the database was", "for", "probes", "200", "503", "slow", "said")
	var lies []string
	for _, in := range w.windows {
		codes, said, slow := map[int]int{}, map[string]bool{}, 0
		seen := w.within(in)
		for _, o := range seen {
			codes[o.code]++
			said[o.status] = true
			switch {
			case strings.Contains(o.reason, "no answer in time"):
				slow++
			case o.code != in.code:
				lies = append(lies, fmt.Sprintf("%s: %d %s %s", in.name, o.code, o.status, o.reason))
			}
		}
		var words []string
		for word := range said {
			words = append(words, word)
		}
		fmt.Fprintf(&table, "\n  %-28s %8s %8d %6d %6d %6d  %s", in.name, in.to.Sub(in.from).Round(10*time.Millisecond), len(seen),
			codes[http.StatusOK], codes[http.StatusServiceUnavailable], slow, strings.Join(words, ", "))
	}
	w.t.Log(table.String())
	require.Empty(w.t, lies)
}
