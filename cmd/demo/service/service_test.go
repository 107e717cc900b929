package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m))) }

// eachDatabase runs a test with a service on a fresh database of each kind.
func eachDatabase(t *testing.T, test func(t *testing.T, p *party)) {
	t.Run("sqlite", func(t *testing.T) {
		d, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "service.db"), nil)
		require.NoError(t, err)
		test(t, newParty(t, d, Config{}))
	})
	t.Run("postgres", func(t *testing.T) {
		d, err := postgres.Open(t.Context(), postgrestest.Open(t), nil)
		require.NoError(t, err)
		test(t, newParty(t, d, Config{Namespace: "service"}))
	})
	t.Run("mysql", func(t *testing.T) {
		d, err := mysql.Open(t.Context(), mysqltest.Open(t), nil)
		require.NoError(t, err)
		test(t, newParty(t, d, Config{}))
	})
}

// party is a service over HTTP and who talks to it.
type party struct {
	t       *testing.T
	service *Service
	server  *httptest.Server
	logs    *observer.ObservedLogs
}

func newParty(t *testing.T, d dialect.Dialect, cfg Config) *party {
	core, logs := observer.New(zap.InfoLevel)
	cfg.Logger = zap.New(core)
	s, err := New(d, cfg)
	require.NoError(t, err)
	p := &party{t: t, service: s, server: httptest.NewServer(s.Handler()), logs: logs}
	t.Cleanup(func() {
		p.server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, s.Close(ctx))
		require.NoError(t, d.Close())
	})
	return p
}

// answered is what came back.
type answered struct {
	code   int
	header http.Header
	body   map[string]any
}

// send sends a body, which may be empty, with headers in pairs.
func (p *party) send(method, path, body string, headers ...string) answered {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.server.URL+path, strings.NewReader(body))
	require.NoError(p.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := p.server.Client().Do(r)
	require.NoError(p.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	got := answered{code: response.StatusCode, header: response.Header}
	if len(text) > 0 {
		require.NoError(p.t, json.Unmarshal(text, &got.body), "%s", text)
	}
	return got
}

// made sends what must be stored, and gives its key.
func (p *party) made(path, body string) string {
	p.t.Helper()
	got := p.send("POST", path, body)
	require.Equal(p.t, 201, got.code, got.body)
	require.Equal(p.t, `"1"`, got.header.Get("ETag"))
	require.Equal(p.t, path+"/"+got.body["id"].(string), got.header.Get("Location"))
	return got.body["id"].(string)
}

// refused sends what must become a problem.
func (p *party) refused(code int, word, method, path, body string, headers ...string) answered {
	p.t.Helper()
	got := p.send(method, path, body, headers...)
	require.Equal(p.t, code, got.code, got.body)
	require.Equal(p.t, "application/problem+json", got.header.Get("Content-Type"))
	require.Equal(p.t, word, got.body["code"], got.body)
	require.EqualValues(p.t, code, got.body["status"])
	require.Equal(p.t, got.header.Get("X-Request-Id"), got.body["request_id"])
	require.Equal(p.t, code == 503, got.header.Get("Retry-After") != "")
	return got
}

func customer(email string) string { return fmt.Sprintf(`{"email":%q,"name":"Ada"}`, email) }

func order(customer, reference string) string {
	return fmt.Sprintf(`{"customer_id":%q,"reference":%q,"items":[{"article":"tea","quantity":2,"price_cents":350},`+
		`{"article":"pot","quantity":1,"price_cents":1900}]}`, customer, reference)
}

func TestCustomers(t *testing.T) {
	eachDatabase(t, func(t *testing.T, p *party) {
		id := p.made("/v1/customers", customer("ada@example.org"))
		got := p.send("GET", "/v1/customers/"+id, "")
		require.Equal(t, 200, got.code)
		require.Equal(t, "ada@example.org", got.body["email"])
		require.NotContains(t, got.body, "deleted_at")

		p.refused(409, "duplicate", "POST", "/v1/customers", customer("ada@example.org"))
		p.refused(422, "check", "POST", "/v1/customers", customer("ada"))
		p.refused(422, "check", "PATCH", "/v1/customers/"+id, `{"name":""}`)
		p.refused(400, "invalid", "PATCH", "/v1/customers/"+id, `{"version":7}`)
		p.refused(400, "invalid", "PATCH", "/v1/customers/"+id, `{}`)

		got = p.send("PATCH", "/v1/customers/"+id, `{"name":"Eve"}`, "If-Match", `"1"`)
		require.Equal(t, 200, got.code, got.body)
		require.Equal(t, "Eve", got.body["name"])
		require.Equal(t, `"2"`, got.header.Get("ETag"))
		p.refused(412, "conflict", "PATCH", "/v1/customers/"+id, `{"name":"Eva"}`, "If-Match", `"1"`)
		p.refused(412, "conflict", "DELETE", "/v1/customers/"+id, "", "If-Match", `"1"`)
		p.refused(412, "conflict", "DELETE", "/v1/customers/"+id, "", "If-Match", `W/"x"`)

		require.Equal(t, 204, p.send("DELETE", "/v1/customers/"+id, "", "If-Match", `"2"`).code)
		p.refused(404, "not-found", "GET", "/v1/customers/"+id, "")
		p.refused(404, "not-found", "DELETE", "/v1/customers/"+id, "")
		p.refused(409, "duplicate", "POST", "/v1/customers", customer("ada@example.org"))
		p.refused(422, "foreign-key", "POST", "/v1/orders", order(id, "of one who is gone"))

		// Who chooses the key may send a request again whose answer was lost.
		mine := uuid.NewString()
		body := fmt.Sprintf(`{"id":%q,"email":"bob@example.org","name":"Bob"}`, mine)
		require.Equal(t, mine, p.made("/v1/customers", body))
		p.refused(409, "duplicate", "POST", "/v1/customers", body)
	})
}

func TestOrders(t *testing.T) {
	eachDatabase(t, func(t *testing.T, p *party) {
		ada := p.made("/v1/customers", customer("ada@example.org"))
		id := p.made("/v1/orders", order(ada, "r1"))
		got := p.send("GET", "/v1/orders/"+id, "")
		require.Equal(t, 200, got.code)
		require.EqualValues(t, 2600, got.body["total_cents"])
		require.Equal(t, "open", got.body["status"])
		require.Len(t, got.body["items"], 2)

		p.refused(422, "foreign-key", "POST", "/v1/orders", order(uuid.NewString(), "r2"))
		p.refused(422, "check", "POST", "/v1/orders", fmt.Sprintf(`{"customer_id":%q,"reference":"r3","items":[]}`, ada))
		p.refused(422, "check", "POST", "/v1/orders", strings.Replace(order(ada, "r4"), `"quantity":1`, `"quantity":0`, 1))
		p.refused(422, "check", "PATCH", "/v1/orders/"+id, `{"status":"nonsense"}`)
		require.Equal(t, "paid", p.send("PATCH", "/v1/orders/"+id, `{"status":"paid"}`).body["status"])
		got = p.send("GET", "/v1/orders?customer_id="+ada, "")
		require.Len(t, got.body["rows"], 1, "what was refused has left nothing, %v", got.body)

		item := p.made("/v1/order-items", fmt.Sprintf(`{"order_id":%q,"article":"cup","quantity":1,"price_cents":50}`, id))
		p.refused(422, "foreign-key", "POST", "/v1/order-items", fmt.Sprintf(`{"order_id":%q,"article":"cup","quantity":1}`, ada))
		require.EqualValues(t, 3, p.send("PATCH", "/v1/order-items/"+item, `{"quantity":3}`).body["quantity"])
		p.refused(400, "invalid", "PATCH", "/v1/order-items/"+item, `{"quantity":3.5}`)
		require.EqualValues(t, 2750, p.send("GET", "/v1/orders/"+id, "").body["total_cents"])

		require.Equal(t, 204, p.send("DELETE", "/v1/orders/"+id, "").code)
		p.refused(404, "not-found", "GET", "/v1/order-items/"+item, "")
	})
}

func TestLists(t *testing.T) {
	eachDatabase(t, func(t *testing.T, p *party) {
		want := map[string]bool{}
		for i := range 7 {
			want[p.made("/v1/customers", customer(fmt.Sprintf("c%d@example.org", i)))] = true
		}
		after, pages := "", 0
		for ; pages == 0 || after != ""; pages++ {
			got := p.send("GET", "/v1/customers?limit=3&after="+after, "")
			require.Equal(t, 200, got.code, got.body)
			for _, row := range got.body["rows"].([]any) {
				id := row.(map[string]any)["id"].(string)
				require.True(t, want[id], "a row comes once")
				delete(want, id)
			}
			after, _ = got.body["next"].(string)
		}
		require.Empty(t, want)
		require.Equal(t, 3, pages)
		require.Len(t, p.send("GET", "/v1/customers?email=c3@example.org", "").body["rows"], 1)
		require.Equal(t, []any{}, p.send("GET", "/v1/orders", "").body["rows"])
		for _, query := range []string{"limit=0", "limit=201", "limit=x", "after=x", "name=Ada", "color=red"} {
			p.refused(400, "invalid", "GET", "/v1/customers?"+query, "")
		}
		p.refused(400, "invalid", "GET", "/v1/order-items?order_id=x", "")
	})
}

func TestRequestsThatAreNone(t *testing.T) {
	d, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "service.db"), nil)
	require.NoError(t, err)
	p := newParty(t, d, Config{})
	p.refused(404, "not-found", "GET", "/nowhere", "")
	p.refused(404, "not-found", "GET", "/v1/customers/7", "")
	got := p.refused(405, "method", "PUT", "/v1/customers", "")
	require.Equal(t, "GET, HEAD, POST", got.header.Get("Allow"))
	p.refused(415, "media-type", "POST", "/v1/customers", "a=b", "Content-Type", "application/x-www-form-urlencoded")
	for _, body := range []string{`{`, `{} {}`, `7`, `{"email":7}`, `{"color":"red"}`, `{"id":"x"}`} {
		p.refused(400, "json", "POST", "/v1/customers", body)
	}
	p.refused(413, "too-large", "POST", "/v1/customers", customer(strings.Repeat("a", bodyMost)))
	p.refused(403, "cross-origin", "POST", "/v1/customers", customer("ada@example.org"), "Sec-Fetch-Site", "cross-site")

	require.Equal(t, "abc-1", p.send("GET", "/livez", "", "X-Request-Id", "abc-1").header.Get("X-Request-Id"))
	require.Len(t, p.send("GET", "/livez", "", "X-Request-Id", "a b").header.Get("X-Request-Id"), 36)
	require.Equal(t, "/v1/orders", p.send("GET", "/", "").body["orders"])
}

// A line for each request, by its route, and nothing of what was in it.
func TestLogsHoldNoRows(t *testing.T) {
	eachDatabase(t, func(t *testing.T, p *party) {
		const secret = "kanarienvogel"
		id := p.made("/v1/customers", customer(secret+"@example.org"))
		p.refused(409, "duplicate", "POST", "/v1/customers", customer(secret+"@example.org"))
		p.refused(422, "check", "POST", "/v1/customers", customer(secret))
		p.refused(400, "invalid", "PATCH", "/v1/customers/"+id, `{"name":7}`)
		p.send("GET", "/v1/customers?email="+secret, "")
		p.service.mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic(secret) })
		p.refused(500, "internal", "GET", "/panic", "")
		var text bytes.Buffer
		routes := map[string]int{}
		for _, entry := range p.logs.All() {
			fmt.Fprintln(&text, entry.Message, entry.ContextMap())
			if entry.Message == "request" {
				routes[entry.ContextMap()["route"].(string)]++
			}
		}
		require.NotContains(t, text.String(), secret)
		require.NotContains(t, text.String(), id)
		require.Contains(t, text.String(), "a request panicked")
		require.Equal(t, map[string]int{
			"POST /v1/customers": 3, "PATCH /v1/customers/{id}": 1, "GET /v1/customers": 1, "GET /panic": 1,
		}, routes)
	})
}

// An answer that is left by a panic midway is cut off, and not taken for a whole one.
func TestPanicsCutAnswersOff(t *testing.T) {
	d, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "service.db"), nil)
	require.NoError(t, err)
	p := newParty(t, d, Config{})
	p.service.mux.HandleFunc("GET /half", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half of it")
		_ = http.NewResponseController(w).Flush()
		panic("midway")
	})
	response, err := p.server.Client().Get(p.server.URL + "/half")
	require.NoError(t, err)
	defer response.Body.Close()
	_, err = io.ReadAll(response.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Len(t, p.logs.FilterMessage("a request panicked").All(), 1)
	require.Len(t, p.logs.FilterMessage("request").All(), 1)
}
