package browsertest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	// patience is how long a page may take for anything that a test waits for.
	patience = time.Minute
	// starts is how often a browser is started that crashes before it can be spoken to, as it does now and then on a busy machine.
	starts = 3
)

var errNoBrowser = errors.New("no Chromium: install the package chromium (apt-get install chromium, brew install chromium)")

// Browser is a running browser. Its pages know nothing of each other.
type Browser struct {
	ctx context.Context
}

// Start starts a browser that ends with the test.
func Start(t testing.TB) *Browser {
	t.Helper()
	program, err := find()
	if err != nil {
		unavailable(t, err)
	}
	var ctx context.Context
	for range starts {
		if ctx, err = start(t, program); err == nil {
			return &Browser{ctx: ctx}
		}
		t.Log("browsertest: the browser did not start: ", err)
	}
	t.Fatalf("browsertest: the browser did not start in %d attempts", starts)
	return nil
}

// start starts the browser once.
func start(t testing.TB, program string) (context.Context, error) {
	// The browser is closed in order when the test's own context has already ended.
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options(program)...)
	ctx, cancel := chromedp.NewContext(allocator, quietly()...)
	end := func() { cancel(); stop() }
	late := time.AfterFunc(patience, cancel)
	defer late.Stop()
	if err := chromedp.Do(ctx); err != nil {
		end()
		return nil, err
	}
	t.Cleanup(func() {
		closing, done := context.WithTimeout(ctx, patience)
		_ = chromedp.Cancel(closing)
		done()
		end()
	})
	return ctx, nil
}

// Open starts a browser for one page.
func Open(t testing.TB) *Page {
	t.Helper()
	return Start(t).Page(t)
}

// find looks for the browser where a shell would.
func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoBrowser
}

// options keep the browser away from everything that is not the test's. As root, chromedp itself adds --no-sandbox.
func options(program string) []chromedp.ExecAllocatorOption {
	return append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(program),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("no-pings", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("mute-audio", true),
		chromedp.Flag("lang", "en-US"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
}

// quietly keeps what chromedp says of protocol messages that it does not know out of the test's output.
func quietly() []chromedp.ContextOption {
	silent := func(string, ...any) {}
	return []chromedp.ContextOption{chromedp.WithLogf(silent), chromedp.WithErrorf(silent)}
}

// unavailable ends a test that cannot have a browser.
func unavailable(t testing.TB, err error) {
	t.Helper()
	if required("chromium") {
		t.Fatal("browsertest: ", err)
	}
	t.Skip(err)
}

// required reports whether a missing program is a failure: SCHEMACTOR_TEST_REQUIRE names those, with commas between.
func required(program string) bool {
	return slices.Contains(strings.Split(os.Getenv("SCHEMACTOR_TEST_REQUIRE"), ","), program)
}
