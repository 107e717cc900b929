package docs_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/dashboard"
)

func mount(mux *http.ServeMux, c *coordinator.Coordinator) error {
	page, err := dashboard.New(c, nil) // read-only, below /schema/
	if err != nil {
		return err
	}
	mux.Handle("/schema/", page)
	return page.Close(context.Background())
}

func isOperator(r *http.Request) bool { return r.Header.Get("Operator") != "" }

func withActions() *dashboard.Config {
	cfg := &dashboard.Config{
		Actions: true,
		Authorize: func(r *http.Request, a dashboard.Action) error {
			if !isOperator(r) {
				return errors.New("only operators change tables")
			}
			return nil
		},
	}
	return cfg
}

func TestDashboardOfTheDocs(t *testing.T) {
	c, err := coordinator.New(open(t), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) }()
	_, err = coordinator.Register[User, uuid.UUID](c)
	require.NoError(t, err)
	require.NoError(t, mount(http.NewServeMux(), c))
	cfg := withActions()
	require.Error(t, cfg.Authorize(httptest.NewRequest("POST", "/", nil), dashboard.Action{}))
	page, err := dashboard.New(c, cfg)
	require.NoError(t, err)
	require.NoError(t, page.Close(t.Context()))
}
