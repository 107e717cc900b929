package dashboard_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/dashboard"
	"github.com/schemactor/schemactor/internal/browsertest"
	"github.com/schemactor/schemactor/schema"
)

// porter lets in who shows a badge, and writes down what was asked.
type porter struct {
	mu    sync.Mutex
	asked []dashboard.Action
}

func (p *porter) authorize(r *http.Request, a dashboard.Action) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, a)
	if r.Header.Get("Badge") == "" {
		return errors.New("no badge, no " + string(a.Kind))
	}
	return nil
}

func (p *porter) config() *dashboard.Config {
	return &dashboard.Config{Actions: true, Authorize: p.authorize}
}

// act asks for an action as a program would.
func act(t testing.TB, address, action string, body any, header ...string) (int, object) {
	text, err := json.Marshal(body)
	require.NoError(t, err)
	return ask(t, "POST", address+"api/"+action, string(text), append([]string{"Content-Type", "application/json", "Badge", "42"}, header...)...)
}

func TestEnsureAndRetry(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		c := threeVersions(t, db)
		register[Parcel](t, c, "orders")
		p := &porter{}
		_, address := serve(t, c, p.config())
		require.Equal(t, true, get(t, address+"api/overview")["actions"])

		status, body := act(t, address, "retry", object{"name": "orders"})
		require.Equal(t, []any{http.StatusConflict, "not-failed"}, []any{status, body["code"]})
		status, body = act(t, address, "ensure", object{"name": "orders"})
		require.Equal(t, http.StatusOK, status, body)
		require.Equal(t, "ready", body["table"].(object)["state"])
		require.NoError(t, c.Ensure(t.Context(), "orders"))

		before := attempts(c, "parcels")
		status, body = act(t, address, "retry", object{"name": "parcels"})
		require.Equal(t, []any{http.StatusConflict, "not-approved"}, []any{status, body["code"]})
		require.NotEmpty(t, body["hazards"])
		require.Greater(t, attempts(c, "parcels"), before, "it was tried again")
		require.Equal(t, []dashboard.Action{
			{Kind: "retry", Table: schema.Ref{Name: "orders"}}, {Kind: "ensure", Table: schema.Ref{Name: "orders"}}, {Kind: "retry", Table: schema.Ref{Name: "parcels"}},
		}, p.asked)
	})
}

func attempts(c *coordinator.Coordinator, table string) int64 {
	for _, s := range c.Status() {
		if s.Table.Name == table {
			return s.Attempts
		}
	}
	return -1
}

// revisions are how many rows the ledger has on parcels.
func revisions(t testing.TB, c *coordinator.Coordinator) int {
	history, err := c.History(t.Context(), "parcels")
	require.NoError(t, err)
	return len(history)
}

// A plan is applied as it was shown, with each hazard accepted by name, and not once it is out of date.
func TestApply(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		c := threeVersions(t, db)
		p := &porter{}
		_, address := serve(t, c, p.config())
		shown := func() string {
			return get(t, address+"api/plan?name=parcels")["plans"].([]any)[0].(object)["hash"].(string)
		}
		before := revisions(t, c)
		refused := func(status int, code string, body object, header ...string) {
			t.Helper()
			got, answer := act(t, address, "apply", body, header...)
			require.Equal(t, []any{status, code}, []any{got, answer["code"]}, answer)
			require.Equal(t, before, revisions(t, c), "the database heard of it")
		}
		accept := object{"name": "parcels", "hash": shown(), "allow": []string{"leftover-not-null"}, "reason": "a try"}
		refused(http.StatusConflict, "not-approved", object{"name": "parcels", "hash": shown()})
		refused(http.StatusConflict, "stale-plan", object{"name": "parcels", "hash": "0000"})
		refused(http.StatusConflict, "stale-plan", object{"name": "parcels"})
		refused(http.StatusUnprocessableEntity, "invalid", object{"name": "parcels", "hash": shown(), "allow": []string{"leftover-not-null"}})
		refused(http.StatusUnprocessableEntity, "invalid", object{"name": "parcels", "hash": shown(), "allow": []string{"everything"}, "reason": "why not"})
		refused(http.StatusForbidden, "forbidden", accept, "Badge", "")
		last := p.asked[len(p.asked)-1]
		require.Equal(t, dashboard.ActionApply, last.Kind)
		require.NotEmpty(t, last.Plan.Statements, "who decides sees what would be done")
		require.Equal(t, []schema.Allowance{{Hazard: "leftover-not-null", Table: "parcels", Reason: "a try"}}, last.Approve)

		// Somebody changes the table between the look and the word.
		_, d := db.connect(t, nil)
		_, err := d.Writer().Exec(t.Context(), "CREATE INDEX by_hand ON parcels (note)")
		require.NoError(t, err)
		refused(http.StatusConflict, "stale-plan", accept)

		accept["hash"] = shown()
		status, body := act(t, address, "apply", accept)
		require.Equal(t, http.StatusOK, status, body)
		require.Equal(t, "ready", body["table"].(object)["state"])
		history, err := c.History(t.Context(), "parcels")
		require.NoError(t, err)
		require.Len(t, history, before+1)
		require.Contains(t, history[before].Reason, "a try")
		require.NoError(t, c.Ensure(t.Context(), "parcels"))
	})
}

// What a page of another site can have a browser send does nothing.
func TestForgedRequestsAreRefused(t *testing.T) {
	c, _ := onSQLite(t).connect(t, nil)
	register[Parcel](t, c, "parcels")
	_, address := serve(t, c, &dashboard.Config{
		Actions: true, Authorize: func(*http.Request, dashboard.Action) error { return nil },
		TrustedOrigins: []string{"https://admin.example.org"},
	})
	body := `{"name": "parcels"}`
	for _, f := range []struct {
		status int
		code   string
		body   string
		header []string
	}{
		{403, "cross-origin", body, []string{"Content-Type", "application/json", "Sec-Fetch-Site", "cross-site"}},
		{403, "cross-origin", body, []string{"Content-Type", "application/json", "Sec-Fetch-Site", "same-site"}},
		{403, "cross-origin", body, []string{"Content-Type", "application/json", "Origin", "https://evil.example.org"}},
		{403, "cross-origin", body, []string{"Content-Type", "application/json", "Origin", "null"}},
		{415, "content-type", body, []string{"Content-Type", "text/plain", "Sec-Fetch-Site", "same-origin"}},
		{415, "content-type", body, []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{415, "content-type", body, nil},
		{400, "body", `{"name": "parcels", "more": 1}`, []string{"Content-Type", "application/json"}},
		{400, "body", body + body, []string{"Content-Type", "application/json"}},
		{400, "body", `name=parcels`, []string{"Content-Type", "application/json"}},
		{400, "body", fmt.Sprintf(`{"name": "%0100000d"}`, 0), []string{"Content-Type", "application/json"}},
		{404, "no-table", `{"name": "missing"}`, []string{"Content-Type", "application/json"}},
	} {
		status, answer := ask(t, "POST", address+"api/ensure", f.body, f.header...)
		require.Equal(t, []any{f.status, f.code}, []any{status, answer["code"]}, f)
	}
	require.Zero(t, attempts(c, "parcels"))
	for _, header := range [][]string{
		{"Origin", "https://admin.example.org", "Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-origin"}, nil,
	} {
		status, answer := ask(t, "POST", address+"api/ensure", body, append([]string{"Content-Type", "application/json; charset=utf-8"}, header...)...)
		require.Equal(t, http.StatusOK, status, answer)
	}
}

// An action goes on when whoever asked for it has left, and ends with the handler.
func TestApplyOutlivesItsRequest(t *testing.T) {
	c := threeVersions(t, onSQLite(t))
	source := &slowMigration{Coordinator: c, began: make(chan struct{}), goOn: make(chan struct{}), ended: make(chan error, 1)}
	p := &porter{}
	_, address := serve(t, source, p.config())
	body := object{
		"name": "parcels", "hash": get(t, address+"api/plan?name=parcels")["plans"].([]any)[0].(object)["hash"],
		"allow": []string{"leftover-not-null"}, "reason": "a try",
	}
	text, err := json.Marshal(body)
	require.NoError(t, err)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan struct{})
	go func() {
		defer close(left)
		_ = postWith(ctx, address+"api/apply", string(text))
	}()
	<-source.began
	status, answer := act(t, address, "apply", body)
	require.Equal(t, []any{http.StatusConflict, "applying"}, []any{status, answer["code"]})
	leave()
	<-left
	close(source.goOn)
	require.NoError(t, <-source.ended)
	require.Equal(t, 3, revisions(t, c))
}

// The same in a browser: shown, accepted, applied; and shown anew where it has gone out of date.
func TestActionsInTheBrowser(t *testing.T) {
	db := onSQLite(t)
	c := threeVersions(t, db)
	register[Parcel](t, c, "orders")
	_, address := serve(t, c, &dashboard.Config{Actions: true, Authorize: func(*http.Request, dashboard.Action) error { return nil }})
	page := browsertest.Open(t)
	page.Go(address + "#/table?name=orders")
	page.Await(`document.querySelector(".state").dataset.state === "unknown"`)
	page.Click(`.actions button:not([hidden])`)
	page.Await(`document.querySelector(".state").dataset.state === "ready"`)

	page.Go(address + "#/table?name=parcels")
	page.Click("#tab-1")
	page.Await(`document.querySelector(".apply") !== null`)
	_, d := db.connect(t, nil)
	_, err := d.Writer().Exec(t.Context(), "CREATE INDEX by_hand ON parcels (note)")
	require.NoError(t, err)
	accept := func() {
		page.Click(".apply [type=checkbox]")
		page.Click(".apply [type=text]")
		page.Press("nobody weighs any more")
		page.WholeScreenshot("dashboard-apply")
		page.Click(".apply [type=submit]")
	}
	accept()
	page.Await(`document.querySelector("[role=tabpanel]:not([hidden])").innerText.includes("not the one that was shown")`)
	page.Await(`document.querySelector(".apply") !== null`)
	accept()
	page.Await(`document.querySelector("[role=tabpanel]:not([hidden])").innerText.includes("The plan was applied.")`)
	page.Await(`document.querySelector(".state").dataset.state === "ready"`)
	require.Equal(t, 3, revisions(t, c))
	complaints := page.Complaints()
	require.Len(t, complaints, 1, "nothing but the refusal: %v", complaints)
	require.Contains(t, complaints[0], "409")
}

// slowMigration is a coordinator that waits before it migrates.
type slowMigration struct {
	*coordinator.Coordinator
	began, goOn chan struct{}
	ended       chan error
}

func (s *slowMigration) Migrate(ctx context.Context, plans []*schema.Plan, approve schema.Policy) error {
	close(s.began)
	<-s.goOn
	err := s.Coordinator.Migrate(ctx, plans, approve)
	s.ended <- err
	return err
}
