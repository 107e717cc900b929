package nodes_test

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// heard is an observer that writes down what it is told.
type heard struct {
	mu    sync.Mutex
	begun []schema.Method
	again []error
	ended []schema.Call
}

type heardKey struct{}

func (h *heard) Begin(ctx context.Context, m schema.Method) context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begun = append(h.begun, m)
	return context.WithValue(ctx, heardKey{}, h)
}

func (h *heard) Again(_ context.Context, cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.again = append(h.again, cause)
}

func (h *heard) End(ctx context.Context, c schema.Call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Value(heardKey{}) != h {
		c.Err = context.Canceled // not the context of Begin
	}
	h.ended = append(h.ended, c)
}

// calledAs is what a method is told as.
func calledAs(method string) string {
	return strings.ToLower(strings.Join(regexp.MustCompile("[A-Z][a-z]*").FindAllString(method, -1), " "))
}

// Every call of every method is told once, as what it is and with what has become of it, wherever it is made.
func TestEveryCallIsToldOnce(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		s := newStore(t, d)
		for place, at := range places {
			for _, c := range methodCases() {
				at(t, s, func(ctx context.Context, n *stockNode, _ dialect.Querier) {
					h := &heard{}
					_, err := c.call(ctx, n.Observed(h))
					require.NoError(t, err)
					h.told(t, place, c.method)
				})
			}
			for _, c := range refusalCases() {
				at(t, s, func(ctx context.Context, n *stockNode, _ dialect.Querier) {
					h := &heard{}
					_, err := c.call(ctx, n.Observed(h))
					require.Error(t, err)
					h.told(t, place, c.method)
					for _, call := range h.ended {
						require.Equal(t, err, call.Err, "%s %s", place, c.method)
					}
				})
			}
		}
	})
}

func (h *heard) told(t *testing.T, place, method string) {
	if method == "Serve" && len(h.ended) == 0 {
		return // a message that is no request is no call
	}
	calls := 1
	if method == "Page" { // some cases turn pages
		calls = max(1, len(h.begun))
	}
	require.Len(t, h.begun, calls, "%s %s", place, method)
	require.Len(t, h.ended, calls, "%s %s", place, method)
	for i, c := range h.ended {
		require.Equal(t, h.begun[i], c.Method)
		if method != "Serve" {
			require.Equal(t, calledAs(method), c.Method.String(), place)
		}
		require.False(t, c.Cold, "%s %s", place, method)
		require.Positive(t, c.Duration)
	}
	require.Empty(t, h.again)
}
