package dashboard_test

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator/dashboard"
)

func request(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func newHandler(t *testing.T, cfg *dashboard.Config) *dashboard.Handler {
	c, _ := onSQLite(t).connect(t, nil)
	h, err := dashboard.New(c, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Close(context.WithoutCancel(t.Context()))) })
	return h
}

// Whatever is served says what a browser may do with it: nothing but run our own files.
func TestSecurityHeaders(t *testing.T) {
	h := newHandler(t, nil)
	for _, path := range []string{"/schema/", "/schema/app.js", "/schema/api/overview", "/schema/api/nothing", "/schema/nothing", "/schema"} {
		header := request(h, "GET", path).Header()
		policy := header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'", path)
		require.Contains(t, policy, "frame-ancestors 'none'", path)
		require.Contains(t, policy, "require-trusted-types-for 'script'", path)
		require.NotContains(t, policy, "unsafe", path)
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", header.Get("Referrer-Policy"), path)
		require.NotEmpty(t, header.Get("Cache-Control"), path)
		require.Empty(t, header.Values("Set-Cookie"), path)
	}
}

// The page's files have nothing inline, name no other host, and never make markup from text.
func TestAssetsKeepToThePolicy(t *testing.T) {
	files := 0
	require.NoError(t, fs.WalkDir(os.DirFS("assets"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile("assets/" + name)
		require.NoError(t, err)
		content := strings.ReplaceAll(string(text), "http://www.w3.org/2000/svg", "")
		require.NotRegexp(t, `https?://`, content, name)
		require.NotRegexp(t, regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function`), content, name)
		if strings.HasSuffix(name, ".html") {
			require.NotRegexp(t, regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script>|javascript:`), content, name)
		}
		require.LessOrEqual(t, strings.Count(content, "\n"), 400, name)
		return nil
	}))
	require.Greater(t, files, 10)
}

func TestAssetsAreAskedForAgainAndNotSentAgain(t *testing.T) {
	h := newHandler(t, nil)
	first := request(h, "GET", "/schema/app.js")
	require.Equal(t, http.StatusOK, first.Code)
	require.Equal(t, "text/javascript; charset=utf-8", first.Header().Get("Content-Type"))
	require.Equal(t, "no-cache", first.Header().Get("Cache-Control"))
	etag := first.Header().Get("ETag")
	require.NotEmpty(t, etag)
	again := request(h, "GET", "/schema/app.js", "If-None-Match", etag)
	require.Equal(t, http.StatusNotModified, again.Code)
	require.Empty(t, again.Body.String())
	head := request(h, "HEAD", "/schema/app.js")
	require.Equal(t, http.StatusOK, head.Code)
	require.Empty(t, head.Body.String())
}

// The handler works at its prefix, at another one that was taken off, and without the slash at its end.
func TestPrefixes(t *testing.T) {
	h := newHandler(t, &dashboard.Config{Prefix: "admin/tables"})
	require.Equal(t, http.StatusOK, request(h, "GET", "/admin/tables/").Code)
	require.Equal(t, http.StatusOK, request(h, "GET", "/admin/tables/api/overview").Code)
	require.Equal(t, http.StatusOK, request(h, "GET", "/api/overview").Code)
	bare := request(h, "GET", "/admin/tables")
	require.Equal(t, []any{http.StatusPermanentRedirect, "tables/"}, []any{bare.Code, bare.Header().Get("Location")})

	stripped := http.StripPrefix("/x/y", newHandler(t, nil))
	require.Equal(t, http.StatusOK, request(stripped, "GET", "/x/y/").Code)
	require.Equal(t, http.StatusOK, request(stripped, "GET", "/x/y/api/tables").Code)
	require.Equal(t, http.StatusOK, request(stripped, "GET", "/x/y/style.css").Code)
	bare = request(stripped, "GET", "/x/y?a=b")
	require.Equal(t, []any{http.StatusPermanentRedirect, "y/"}, []any{bare.Code, bare.Header().Get("Location")})
}

// The middleware is around everything, and its answers carry the headers, too.
func TestMiddleware(t *testing.T) {
	h := newHandler(t, &dashboard.Config{Middleware: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer right" {
				http.Error(w, "who are you?", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	for _, path := range []string{"/schema/", "/schema/app.js", "/schema/api/overview", "/schema/api/events", "/schema/nothing"} {
		answer := request(h, "GET", path)
		require.Equal(t, http.StatusUnauthorized, answer.Code, path)
		require.NotEmpty(t, answer.Header().Get("Content-Security-Policy"), path)
	}
	require.Equal(t, http.StatusOK, request(h, "GET", "/schema/api/overview", "Authorization", "Bearer right").Code)
}
