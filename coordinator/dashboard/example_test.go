package dashboard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/dashboard"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/schema"
)

// A read-only page over a coordinator, beside what else the program serves.
func ExampleNew() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	db, err := sqlite.Open(ctx, filepath.Join(dir, "shop.db"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	c, err := coordinator.New(db, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close(ctx)
	if _, err := coordinator.Register[Parcel, int64](c, schema.Named("parcels")); err != nil {
		fmt.Println(err)
		return
	}

	page, err := dashboard.New(c, &dashboard.Config{Title: "Shop"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer page.Close(ctx) // before the server is shut down
	mux := http.NewServeMux()
	mux.Handle("/schema/", page)

	server := httptest.NewServer(mux)
	defer server.Close()
	for _, path := range []string{"/schema/", "/schema/api/tables?state=unknown&limit=1"} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		fmt.Println(response.StatusCode, response.Header.Get("Content-Type"), strings.Contains(string(body), `"name":"parcels"`))
	}
	// Output:
	// 200 text/html; charset=utf-8 false
	// 200 application/json true
}

// Who may do what is for the program to say, from whatever it knows of a request.
func ExampleConfig_actions() {
	cfg := &dashboard.Config{
		Actions: true,
		Authorize: func(r *http.Request, a dashboard.Action) error {
			role := r.Header.Get("X-Role") // put there by a proxy that checks who it is
			switch {
			case role == "owner", role == "operator" && a.Kind != dashboard.ActionApply:
				return nil
			}
			return errors.New("ask an owner")
		},
	}
	r := httptest.NewRequest(http.MethodPost, "/schema/api/apply", nil)
	r.Header.Set("X-Role", "operator")
	fmt.Println(cfg.Authorize(r, dashboard.Action{Kind: dashboard.ActionRetry}))
	fmt.Println(cfg.Authorize(r, dashboard.Action{Kind: dashboard.ActionApply}))
	// Output:
	// <nil>
	// ask an owner
}
