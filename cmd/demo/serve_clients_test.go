package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// fate is what a client was told of something that it wrote.
type fate int

const (
	stored  fate = iota
	refused      // certainly not stored
	unknown
)

// visitors are HTTP clients that write and read until they are stopped, and what they were told.
type visitors struct {
	t       *testing.T
	client  *http.Client
	stopped chan struct{}
	stop    func()
	work    sync.WaitGroup
	leaving atomic.Bool // services may hang up by now
	acked   atomic.Int64
	failed  atomic.Int64

	mu        sync.Mutex
	customers map[string]fate // by email
	orders    map[string]fate // by reference
	patches   map[string]*[3]int
	told      map[string]int // answers that were no success, by code
	wrong     []string
}

// visit sends clients to services, each to one of them until that one hangs up.
func visit(t *testing.T, clients int, services ...*program) *visitors {
	v := &visitors{
		t: t, stopped: make(chan struct{}), customers: map[string]fate{}, orders: map[string]fate{}, patches: map[string]*[3]int{},
		told: map[string]int{},
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
			MaxIdleConnsPerHost: clients, DisableCompression: true,
		}},
	}
	v.stop = sync.OnceFunc(func() {
		close(v.stopped)
		v.work.Wait()
		v.client.CloseIdleConnections()
	})
	t.Cleanup(v.stop)
	for i := range clients {
		v.work.Go(func() {
			c := &visitor{visitors: v, number: i, service: services[i%len(services)].address}
			for turn := 0; ; turn++ {
				select {
				case <-v.stopped:
					return
				default:
				}
				if !c.turn(turn) {
					c.rest()
				}
			}
		})
	}
	return v
}

// visitor is one of them.
type visitor struct {
	*visitors
	number         int
	service        string
	email, address string // the customer who was stored last
	patched        int64  // how often that one was changed, as far as this one knows
}

// rest is the pause of a client that was sent away.
func (c *visitor) rest() {
	timer := time.NewTimer(10 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.stopped:
	}
}

// turn is one request. It reports whether it was a success.
func (c *visitor) turn(n int) bool {
	name := fmt.Sprintf("c%d-%d", c.number, n)
	switch {
	case n%4 == 0 || c.address == "":
		id, email := uuid.NewString(), name+"@load.example"
		f, _ := c.send("POST", "/v1/customers", 201, fmt.Sprintf(`{"id":%q,"email":%q,"name":"Ada"}`, id, email))
		if f == stored {
			c.email, c.address, c.patched = email, id, 0
		}
		return c.note(c.customers, email, f)
	case n%4 == 1:
		f, _ := c.send("POST", "/v1/orders", 201, fmt.Sprintf(`{"customer_id":%q,"reference":%q,"items":[`+
			`{"article":"tea","quantity":2,"price_cents":350},{"article":"pot","quantity":1,"price_cents":1900}]}`, c.address, name))
		return c.note(c.orders, name, f)
	case n%4 == 2:
		f, _ := c.send("PATCH", "/v1/customers/"+c.address, 200, fmt.Sprintf(`{"name":%q}`, name))
		c.mu.Lock()
		if c.patches[c.email] == nil {
			c.patches[c.email] = new([3]int)
		}
		c.patches[c.email][f]++
		c.mu.Unlock()
		if f == stored {
			c.patched++
			c.acked.Add(1)
		}
		return f == stored
	}
	f, version := c.send("GET", "/v1/customers/"+c.address, 200, "")
	if f == stored && version < 1+c.patched {
		c.mu.Lock()
		c.wrong = append(c.wrong, fmt.Sprintf("version %d was read where %d changes were acknowledged", version, c.patched))
		c.mu.Unlock()
	}
	return f == stored
}

// note keeps what became of something new.
func (c *visitor) note(of map[string]fate, what string, f fate) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	of[what] = f
	if f == stored {
		c.acked.Add(1)
	}
	return f == stored
}

// send makes one request and says what it means. A refusal that says that nothing was stored is held to it.
func (c *visitor) send(method, path string, want int, body string) (f fate, version int64) {
	request, err := http.NewRequestWithContext(context.Background(), method, c.service+path, bytes.NewReader([]byte(body)))
	if err != nil {
		panic(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	leaving := c.leaving.Load()
	response, err := c.client.Do(request)
	if err != nil {
		c.failed.Add(1)
		c.mu.Lock()
		defer c.mu.Unlock()
		if errors.Is(err, syscall.ECONNREFUSED) && leaving {
			c.told["nobody there"]++
			return refused, 0
		}
		c.told["hung up"]++
		if !leaving && !c.leaving.Load() {
			c.wrong = append(c.wrong, err.Error())
		}
		return unknown, 0
	}
	defer response.Body.Close()
	var answer struct {
		Version int64
		Code    string
	}
	err = json.NewDecoder(response.Body).Decode(&answer)
	if response.StatusCode == want && err == nil {
		return stored, answer.Version
	}
	c.failed.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told[fmt.Sprint(response.StatusCode, " ", answer.Code)]++
	switch answer.Code {
	case "unavailable", "not-ready", "busy", "stopping":
		return refused, 0
	case "outcome-unknown", "timeout":
		return unknown, 0
	}
	c.wrong = append(c.wrong, fmt.Sprintf("%s %s: %d %s", method, path[:min(len(path), 13)], response.StatusCode, answer.Code))
	return unknown, 0
}

// judge compares what the clients were told with what is in the database, by SQL.
func (v *visitors) judge(d dialect.Dialect, namespace string) {
	t := v.t
	table := func(name string) string { return d.QuoteTable(schema.Ref{Namespace: namespace, Name: name}) }
	customers := tally(t, d, "SELECT email, version FROM "+table("customers"))
	orders := tally(t, d, "SELECT reference, count(*) FROM "+table("orders")+" GROUP BY reference")
	items := tally(t, d, "SELECT o.reference, count(i.id) FROM "+table("orders")+" o LEFT JOIN "+table("order_items")+
		" i ON i.order_id = o.id GROUP BY o.reference")
	v.mu.Lock()
	defer v.mu.Unlock()
	t.Log(v.summary(len(customers), len(orders)))
	require.Empty(t, v.wrong)
	v.compare("customers", v.customers, customers)
	v.compare("orders", v.orders, orders)
	for reference, n := range orders {
		require.EqualValues(t, 1, n, "order %s is there %d times", reference, n)
		require.EqualValues(t, 2, items[reference], "order %s has %d items", reference, items[reference])
	}
	for email, p := range v.patches {
		least := int64(1 + p[stored])
		require.GreaterOrEqual(t, customers[email], least, "a change of %s that was acknowledged is lost", email)
		require.LessOrEqual(t, customers[email], least+int64(p[unknown]), "a change of %s was made twice", email)
	}
}

func (v *visitors) compare(what string, told map[string]fate, there map[string]int64) {
	lost, ghosts := 0, 0
	for name, f := range told {
		_, found := there[name]
		switch {
		case f == stored && !found:
			lost++
		case f == refused && found:
			ghosts++
		}
	}
	require.Zero(v.t, lost, "%s that were acknowledged are lost", what)
	require.Zero(v.t, ghosts, "%s that were refused are there", what)
	for name := range there {
		_, known := told[name]
		require.True(v.t, known, "nobody wrote %s", name)
	}
}

// summary is a line of figures.
func (v *visitors) summary(customers, orders int) string {
	var line strings.Builder
	count := func(of map[string]fate) (n [3]int) {
		for _, f := range of {
			n[f]++
		}
		return n
	}
	c, o := count(v.customers), count(v.orders)
	var p [3]int
	for _, of := range v.patches {
		for f := range p {
			p[f] += of[f]
		}
	}
	fmt.Fprintf(&line, "\n  %-10s %12s %8s %8s %16s", "", "acknowledged", "refused", "unknown", "in the database")
	fmt.Fprintf(&line, "\n  %-10s %12d %8d %8d %16d", "customers", c[stored], c[refused], c[unknown], customers)
	fmt.Fprintf(&line, "\n  %-10s %12d %8d %8d %16d", "orders", o[stored], o[refused], o[unknown], orders)
	fmt.Fprintf(&line, "\n  %-10s %12d %8d %8d", "changes", p[stored], p[refused], p[unknown])
	for _, word := range slices.Sorted(maps.Keys(v.told)) {
		fmt.Fprintf(&line, "\n  told %q %d times", word, v.told[word])
	}
	return line.String()
}

// tally reads names and numbers.
func tally(t *testing.T, d dialect.Dialect, sql string) map[string]int64 {
	rows, err := d.Reader().Query(t.Context(), sql)
	require.NoError(t, err)
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var name string
		var n int64
		require.NoError(t, rows.Scan(&name, &n))
		_, twice := out[name]
		require.False(t, twice, "%s is there twice", name)
		out[name] = n
	}
	require.NoError(t, rows.Err())
	return out
}
