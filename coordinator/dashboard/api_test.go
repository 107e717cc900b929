package dashboard_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator/dashboard"
	"github.com/schemactor/schemactor/schema"
)

// object is a JSON document.
type object = map[string]any

// ask does a request and reads its JSON answer.
func ask(t testing.TB, method, address, body string, header ...string) (int, object) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var answer object
	require.NoError(t, json.Unmarshal(text, &answer), "%s %s: %s", method, address, text)
	if response.StatusCode >= 400 {
		require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"))
		require.EqualValues(t, response.StatusCode, answer["status"])
		require.NotEmpty(t, answer["title"])
		require.NotEmpty(t, answer["detail"])
	} else {
		require.Equal(t, "application/json", response.Header.Get("Content-Type"))
	}
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	return response.StatusCode, answer
}

// get asks for what must be there.
func get(t testing.TB, address string) object {
	t.Helper()
	status, answer := ask(t, http.MethodGet, address, "")
	require.Equal(t, http.StatusOK, status, answer)
	return answer
}

func TestAPI(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		c := threeVersions(t, db)
		register[Parcel](t, c, "orders")
		_, address := serve(t, c, &dashboard.Config{Title: "Shop"})

		whole := get(t, address+"api/overview")
		require.Equal(t, "Shop", whole["title"])
		require.Equal(t, object{"blocked": 1.0, "unknown": 1.0}, whole["counts"])
		require.Equal(t, false, whole["ready"])
		require.Len(t, get(t, address+"api/lane")["batch"], schema.LaneSizes)

		table := get(t, address+"api/table?name=parcels")["table"].(object)
		require.Equal(t, "blocked", table["state"])
		require.Contains(t, table["lastError"], "weight")

		history := get(t, address+"api/history?name=parcels")
		require.EqualValues(t, 2, history["total"])
		revisions := history["revisions"].([]any)
		newest, oldest := revisions[0].(object), revisions[1].(object)
		require.EqualValues(t, 2, newest["generation"])
		require.NotEmpty(t, newest["statements"])
		signs := map[any]int{}
		for _, line := range newest["diff"].([]any) {
			signs[line.(object)["op"]]++
		}
		require.Zero(t, signs["-"], "the second version only adds")
		require.Greater(t, signs["+"], 2)
		require.Greater(t, signs[" "], 3)
		for _, line := range oldest["diff"].([]any) {
			require.Equal(t, "+", line.(object)["op"], "the first revision made the table")
		}
		second := get(t, address+"api/history?name=parcels&offset=1&limit=1")
		require.Equal(t, []any{oldest}, second["revisions"])
		require.Empty(t, get(t, address+"api/history?name=orders")["revisions"])

		drift := get(t, address+"api/drift?name=parcels")
		require.Equal(t, []any{1.0, 1.0}, []any{drift["compared"], drift["drifted"]}, "no other table is looked at")
		plan := get(t, address+"api/plan?name=parcels")["plans"].([]any)[0].(object)
		require.Len(t, plan["hash"], 64)
		require.Contains(t, plan["text"], "weight")
		require.NotEmpty(t, plan["hazards"])
		require.EqualValues(t, 2, get(t, address+"api/plan")["planned"], "a missing table is planned, too")
		require.EqualValues(t, 2, get(t, address+"api/drift")["compared"])

		require.NoError(t, c.Ensure(t.Context(), "orders"))
		require.Equal(t, "ready", get(t, address+"api/table?name=orders")["table"].(object)["state"], "what happened is seen at once")
	})
}

func TestTablesAreFoundSortedAndPaged(t *testing.T) {
	c, _ := onSQLite(t).connect(t, nil)
	tenThousand(t, c)
	require.NoError(t, c.Ensure(t.Context(), "tenant_0007_parcels", "tenant_0005_parcels"))
	_, address := serve(t, c, nil)
	names := func(query string) (matched float64, out []string) {
		answer := get(t, address+"api/tables?"+query)
		require.EqualValues(t, 10_000, answer["total"])
		for _, row := range answer["tables"].([]any) {
			out = append(out, row.(object)["table"].(object)["name"].(string))
		}
		return answer["matched"].(float64), out
	}
	matched, page := names("")
	require.EqualValues(t, 10_000, matched)
	require.Len(t, page, 50)
	_, page = names("limit=100000000000000000000")
	require.Len(t, page, 200, "no answer is longer")
	_, page = names("offset=9999")
	require.Len(t, page, 1)
	_, page = names("offset=20000")
	require.Empty(t, page)
	matched, page = names("q=PARCELS+0007")
	require.EqualValues(t, 1, matched)
	require.Equal(t, []string{"tenant_0007_parcels"}, page)
	_, page = names("state=ready&sort=-name")
	require.Equal(t, []string{"tenant_0007_parcels", "tenant_0005_parcels"}, page)
	_, page = names("sort=-generation&limit=3")
	require.ElementsMatch(t, []string{"tenant_0007_parcels", "tenant_0005_parcels"}, page[:2])
	for _, name := range []string{`<script>alert(1)</script>`, `Größe_表_🚚`, `<img src=x onerror="window.hurt=1">'"&amp;`} {
		_, page = names("q=" + url.QueryEscape(name))
		require.Equal(t, []string{name}, page)
		require.Equal(t, "unknown", get(t, address+"api/table?name="+url.QueryEscape(name))["table"].(object)["state"])
	}
	require.Empty(t, get(t, address+"api/tables?q=there+is+none")["tables"])
}

func TestProblems(t *testing.T) {
	c, _ := onSQLite(t).connect(t, nil)
	register[Parcel](t, c, "parcels")
	h, address := serve(t, c, nil)
	for _, p := range []struct {
		method, path string
		status       int
		code         string
	}{
		{"GET", "api/nothing", 404, "no-endpoint"},
		{"GET", "nothing", 404, "no-page"},
		{"GET", "../schema/../etc/passwd", 404, "no-page"},
		{"POST", "style.css", 405, "method"},
		{"POST", "api/tables", 405, "method"},
		{"GET", "api/apply", 405, "method"},
		{"GET", "api/table?name=missing", 404, "no-table"},
		{"GET", "api/history", 404, "no-table"},
		{"GET", "api/plan?name=missing", 404, "no-table"},
		{"GET", "api/drift?namespace=x&name=parcels", 404, "no-table"},
		{"GET", "api/tables?state=lost", 422, "invalid"},
		{"GET", "api/tables?sort=color", 422, "invalid"},
		{"GET", "api/tables?offset=-1", 422, "invalid"},
		{"GET", "api/history?name=parcels&limit=many", 422, "invalid"},
		{"POST", "api/ensure", 403, "read-only"},
		{"POST", "api/apply", 403, "read-only"},
	} {
		t.Run(p.method+" "+p.path, func(t *testing.T) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(p.method, "/schema/"+p.path, nil))
			var body object
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body), w.Body)
			require.Equal(t, p.status, w.Code, body)
			require.Equal(t, p.code, body["code"])
			require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
		})
	}
	require.NoError(t, h.Close(t.Context()))
	status, body := ask(t, "GET", address+"api/overview", "")
	require.Equal(t, []any{http.StatusServiceUnavailable, "closed"}, []any{status, body["code"]})
}

// Every route is in the documentation, with every field that it gives and every code of its errors.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/dashboard.md")
	require.NoError(t, err)
	text := string(page)
	source, err := os.ReadFile("handler.go")
	require.NoError(t, err)
	routes := regexp.MustCompile(`"(GET|POST) /(api/[a-z]+)"`).FindAllStringSubmatch(string(source), -1)
	require.Len(t, routes, 11)
	for _, route := range routes {
		require.Contains(t, text, "| `"+route[1]+" "+route[2]+"` |")
	}
	require.Equal(t, len(routes), strings.Count(text, "| `GET api/")+strings.Count(text, "| `POST api/"), "no more is promised")

	codes := regexp.MustCompile(`fail\(w, [A-Za-z.]+, "([a-z-]+)"|[sS]tatus[A-Za-z]+, "([a-z-]+)"|Code: "([a-z-]+)"`)
	fields := regexp.MustCompile("`json:\"([A-Za-z]+)")
	found := 0
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		source, err := os.ReadFile(entry.Name())
		require.NoError(t, err)
		for _, pattern := range []*regexp.Regexp{codes, fields} {
			for _, match := range pattern.FindAllStringSubmatch(string(source), -1) {
				found++
				word := strings.Join(match[1:], "")
				require.True(t, strings.Contains(text, "`"+word+"`") || strings.Contains(text, "`"+word+" "), "%s: the documentation has no %s", entry.Name(), word)
			}
		}
	}
	require.Greater(t, found, 60)
}

func TestConfigFaults(t *testing.T) {
	c, _ := onSQLite(t).connect(t, nil)
	for _, cfg := range []*dashboard.Config{
		{Actions: true}, {Reads: -1}, {Timeout: -1}, {Streams: -1}, {Recent: -1}, {Heartbeat: -1}, {TrustedOrigins: []string{"elsewhere"}},
	} {
		_, err := dashboard.New(c, cfg)
		require.ErrorIs(t, err, schema.ErrInvalid, fmt.Sprintf("%+v", cfg))
	}
	_, err := dashboard.New(nil, nil)
	require.ErrorIs(t, err, schema.ErrInvalid)
}
