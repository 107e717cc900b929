package browsertest

import (
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const sample = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><title>sample</title><style>body { height: 2000px }</style>
<h1>Hello</h1><input autofocus><script>setTimeout(() => document.querySelector("h1").textContent = "Done", 50)</script>`

func serve(t *testing.T, body string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

func TestPage(t *testing.T) {
	page := Open(t)
	address := serve(t, sample)
	page.Go(address)
	page.Await(`document.querySelector("h1").textContent === "Done"`)
	page.Click("input")
	page.Press("abc")
	page.Type("表")
	require.Equal(t, "abc表", Eval[string](page, `Promise.resolve(document.querySelector("input").value)`))
	require.True(t, Eval[bool](page, `addEventListener("keydown", (event) => event.key === "/" && event.preventDefault()), true`))
	page.Press("a/b" + kb.Backspace)
	require.Equal(t, "abc表a", Eval[string](page, `document.querySelector("input").value`), "the page keeps a key for itself")
	dark := `matchMedia("(prefers-color-scheme: dark)").matches`
	require.False(t, Eval[bool](page, dark))
	page.Scheme("dark")
	require.True(t, Eval[bool](page, dark))

	for _, c := range []struct {
		size          Viewport
		width, height int
	}{{Desktop(), 1280, 800}, {Phone(), 2 * 390, 2 * 844}} {
		page.Resize(c.size)
		require.EqualValues(t, c.size.Width, Eval[int64](page, "innerWidth"))
		page.Screenshot("browsertest")
		width, height := size(t, "browsertest")
		require.Equal(t, []int{c.width, c.height}, []int{width, height})
		page.WholeScreenshot("browsertest")
		_, height = size(t, "browsertest")
		require.Greater(t, height, c.height)
	}
	require.Contains(t, page.Requests(), "GET "+address)
	page.Clean(address)
}

func size(t *testing.T, name string) (width, height int) {
	root, err := moduleRoot()
	require.NoError(t, err)
	file, err := os.Open(filepath.Join(root, "build", "screenshots", name+".png"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	config, err := png.DecodeConfig(file)
	require.NoError(t, err)
	return config.Width, config.Height
}

// Each kind of complaint is heard, and so is a request that goes elsewhere.
func TestComplaintsAreHeard(t *testing.T) {
	browser := Start(t)
	for name, c := range map[string]struct{ script, want string }{
		"exception": {`throw new Error("thrown")`, "thrown"},
		"rejection": {`Promise.reject(new Error("rejected"))`, "rejected"},
		"error":     {`console.error("said", 7)`, `"said" 7`},
		"missing":   {`fetch("/missing")`, "404"},
		"elsewhere": {`fetch("http://elsewhere.invalid/x")`, "ERR_NAME_NOT_RESOLVED"},
	} {
		t.Run(name, func(t *testing.T) {
			page := browser.Page(t)
			address := serve(t, sample+"<script>"+c.script+"; window.ran = true</script>")
			page.Go(address)
			require.Eventually(t, func() bool { return len(page.Complaints()) > 0 }, patience, patience/1000)
			require.Contains(t, page.Complaints()[0], c.want)

			judge := &recorder{TB: t}
			page.t = judge
			page.Clean(address)
			require.NotEmpty(t, judge.failed)
			if name == "elsewhere" {
				require.Contains(t, fmt.Sprint(judge.failed), "GET http://elsewhere.invalid/x")
			}
		})
	}
}

// recorder is a test that keeps how it was ended.
type recorder struct {
	testing.TB
	skipped string
	failed  []string
}

func (r *recorder) Helper()           {}
func (r *recorder) Error(args ...any) { r.failed = append(r.failed, fmt.Sprint(args...)) }

func (r *recorder) Skip(args ...any) {
	r.skipped = fmt.Sprint(args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) {
	r.failed = append(r.failed, fmt.Sprint(args...))
	runtime.Goexit()
}

func TestMissingBrowserSkipsUnlessRequired(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	start := func() *recorder {
		r := &recorder{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			Start(r)
		}()
		<-done
		return r
	}
	t.Setenv("SCHEMACTOR_TEST_REQUIRE", "postgres")
	require.Contains(t, start().skipped, "apt-get install chromium")
	require.NotContains(t, start().skipped, "\n")
	t.Setenv("SCHEMACTOR_TEST_REQUIRE", "postgres,chromium")
	require.Contains(t, start().failed[0], "apt-get install chromium")
}
