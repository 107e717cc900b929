package dashboard_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator/dashboard"
)

// BenchmarkTables is one page of 10,000 tables, asked for while nothing happens, and searched for.
func BenchmarkTables(b *testing.B) {
	c, _ := onSQLite(b).connect(b, nil)
	tenThousand(b, c)
	h, err := dashboard.New(c, nil)
	require.NoError(b, err)
	defer func() { require.NoError(b, h.Close(b.Context())) }()
	for name, query := range map[string]string{"page": "", "search": "?q=4711", "sorted": "?sort=-attempts"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/schema/api/tables"+query, nil))
				if w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
