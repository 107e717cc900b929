package report

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/browsertest"
)

// visit writes a page to a file, opens it, and waits until its scripts have run. At the test's end the page must have been
// without complaints and have asked for nothing but itself.
func visit(t *testing.T, browser *browsertest.Browser, runs ...Run) *browsertest.Page {
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(path, []byte(written(t, runs...)), 0o600))
	page := browser.Page(t)
	t.Cleanup(func() { page.Clean("file://" + path) })
	page.Go("file://" + path)
	page.Await(`document.documentElement.dataset.drawn === "yes"`)
	return page
}

// painted is how many pixels of a chart have a colour of the page's style, as an expression.
func painted(chart, colour string) string {
	return `(() => {
		const chart = document.querySelector("#` + chart + ` canvas"), copy = new OffscreenCanvas(chart.width, chart.height + 1);
		const context = copy.getContext("2d", { willReadFrequently: true });
		context.fillStyle = color("` + colour + `");
		context.fillRect(0, chart.height, 1, 1);
		context.drawImage(chart, 0, 0);
		const [r, g, b] = context.getImageData(0, chart.height, 1, 1).data, all = context.getImageData(0, 0, chart.width, chart.height).data;
		let n = 0;
		for (let i = 0; i < all.length; i += 4) if (Math.abs(all[i] - r) + Math.abs(all[i + 1] - g) + Math.abs(all[i + 2] - b) < 12 && all[i + 3] > 200) n++;
		return n;
	})()`
}

// fits fails if the page is wider than its window, and names what is.
func fits(t *testing.T, page *browsertest.Page, in browsertest.Viewport) {
	require.Equal(t, "", browsertest.Eval[string](page, `((width) => {
		if (Math.max(document.documentElement.scrollWidth, innerWidth) <= width) return "";
		const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width && !e.parentElement.closest(".scroll, .lanes"));
		return innerWidth + " " + wide.map((e) => e.tagName + "#" + e.id + "." + e.className).join(" ");
	})(`+strconv.FormatInt(in.Width, 10)+`)`))
}

// labelled fails if an axis of a chart has fewer than two numbers.
func labelled(t *testing.T, page *browsertest.Page) {
	require.Equal(t, "", browsertest.Eval[string](page, `plots.flatMap(({ host, chart }) => chart.axes.map((axis, i) =>
		axis._values.filter((text) => text != null && text !== "").length < 2 ? host.id + " " + i + ": " + axis._values : "")).filter(Boolean).join("\n")`))
}

func TestInTheBrowser(t *testing.T) {
	browser := browsertest.Start(t)
	for name, test := range map[string]func(*testing.T, *browsertest.Browser){
		"one run": oneRun, "three runs": threeRuns, "hostile texts": hostileTexts, "nothing measured": nothingMeasured,
		"a long run": longRun, "keys": keys, "lanes": lanes, "files": files, "paper": paper,
		"odd beginning": oddBeginning,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser) })
	}
}

// A curve may begin between two steps of its axis.
func oddBeginning(t *testing.T, browser *browsertest.Browser) {
	run := coordinated().run()
	run.All.Quantiles = []Quantile{{0, 96 * time.Microsecond}, {0.5, 80 * time.Millisecond}, {1, 6488 * time.Millisecond}}
	page := visit(t, browser, run)
	page.Await(painted("cdf", "run-1") + " > 200")
}

var charts = []string{"throughput", "latency", "cdf", "tables"}

func oneRun(t *testing.T, browser *browsertest.Browser) {
	page := visit(t, browser, coordinated().run())
	for _, scheme := range []string{"light", "dark"} {
		page.Scheme(scheme)
		for _, chart := range charts {
			page.Await(painted(chart, "run-1") + " > 200")
		}
		labelled(t, page)
		require.Equal(t, 50*4, browsertest.Eval[int](page, `document.querySelectorAll(".lane rect.ready").length`))
		if scheme == "light" {
			page.WholeScreenshot("report-one-light")
		} else {
			page.Screenshot("report-one-dark")
		}
	}
	page.Resize(browsertest.Phone())
	fits(t, page, browsertest.Phone())
	page.Await(`document.querySelector("#throughput .uplot").clientWidth <= 390`)
	labelled(t, page)
	page.WholeScreenshot("report-one-phone")
}

func threeRuns(t *testing.T, browser *browsertest.Browser) {
	short := coordinated()
	short.points = 12
	page := visit(t, browser, short.run(), checking().run(), assuming().run())
	for i, chart := range charts {
		page.Await(painted(chart, "run-"+strconv.Itoa(i%3+1)) + " > 100")
	}
	labelled(t, page)
	page.WholeScreenshot("report-three-light")

	// A run that has ended has no value any more; the other ones have theirs.
	browsertest.Eval[bool](page, `document.querySelector("#throughput .u-over").focus() ?? true`)
	page.Press(kb.End)
	values := `[...document.querySelectorAll("#throughput .u-legend .u-value")].slice(1).map((e) => e.textContent).join(" ")`
	page.Await(values + `.includes("/s")`)
	require.Regexp(t, `^– [\d,]+/s `, browsertest.Eval[string](page, values)+" ")
	before := browsertest.Eval[string](page, `document.querySelector("#cdf .u-legend").textContent`)
	require.Contains(t, before, "check-every-op")
	browsertest.Eval[bool](page, `(() => {
		const lines = document.getElementById("cdf-lines");
		lines.value = [...lines.options].find((o) => o.textContent === "coordinator, by operation").value;
		return lines.dispatchEvent(new Event("change"));
	})()`)
	require.Contains(t, browsertest.Eval[string](page, `document.querySelector("#cdf .u-legend").textContent`), "delete")
	page.Scheme("dark")
	page.Resize(browsertest.Phone())
	fits(t, page, browsertest.Phone())
	page.Screenshot("report-three-phone")
}

func hostileTexts(t *testing.T, browser *browsertest.Browser) {
	page := visit(t, browser, evil(), coordinated().run())
	require.Zero(t, browsertest.Eval[int](page, `document.querySelectorAll("img").length`))
	require.True(t, strings.HasPrefix(browsertest.Eval[string](page, `document.title`), "Load test: "))
	for _, place := range []string{"#headline", ".name strong", ".promises th small", "#settings td", ".u-legend", ".lane .table", "#cdf-lines", "#downloads button"} {
		texts := browsertest.Eval[string](page, `[...document.querySelectorAll("`+place+`")].map((e) => e.textContent).join("\n")`)
		require.Contains(t, texts, `<img src=x onerror="document.title='owned'">"'`+"`${1}&amp;", place)
	}
	fits(t, page, browsertest.Desktop())
	page.Resize(browsertest.Phone())
	fits(t, page, browsertest.Phone())
	page.Screenshot("report-hostile-phone")
}

func nothingMeasured(t *testing.T, browser *browsertest.Browser) {
	page := visit(t, browser, Run{})
	require.Equal(t, 4, browsertest.Eval[int](page, `document.querySelectorAll(".plot .empty").length`))
	require.Contains(t, browsertest.Eval[string](page, `document.getElementById("ensures-body").textContent`), "No run has noted")
	page.Screenshot("report-empty")
	// One run that has something beside one that has nothing, and points of which nothing came.
	idle := Run{Mode: "idle", Series: []Point{{Offset: 1e9, Length: 1e9}, {}}}
	page = visit(t, browser, Run{}, idle, coordinated().run())
	page.Await(painted("throughput", "run-3") + " > 100")
	page = visit(t, browser, idle)
	require.Contains(t, browsertest.Eval[string](page, `document.getElementById("cdf").textContent`), "Nothing was measured")
}

func longRun(t *testing.T, browser *browsertest.Browser) {
	page := visit(t, browser, long())
	page.Await(painted("throughput", "run-1") + " > 200")
	require.Equal(t, "50 × kill, 1 freeze", browsertest.Eval[string](page, `document.querySelector("#throughput .marks").textContent`))
	require.Equal(t, 150, browsertest.Eval[int](page, `document.querySelectorAll(".lane").length`))
	page.Click("#ensures .more")
	require.Equal(t, 155, browsertest.Eval[int](page, `document.querySelectorAll(".lane").length`))
	page.Do(chromedp.ScrollIntoView(chromedp.CSS("#throughput")))
	page.Screenshot("report-long")
}

func keys(t *testing.T, browser *browsertest.Browser) {
	page := visit(t, browser, coordinated().run())
	value := `document.querySelector("#throughput .u-legend .u-series:nth-child(2) .u-value").textContent`
	require.Equal(t, "–", browsertest.Eval[string](page, value))
	browsertest.Eval[bool](page, `document.querySelector("#throughput .u-over").focus() ?? true`)
	page.Press(kb.ArrowRight)
	page.Await(value + ` !== "–"`)
	first := browsertest.Eval[string](page, value)
	page.Press(kb.ArrowRight)
	page.Await(value + ` !== ` + strconv.Quote(first))
	require.Regexp(t, `^1\.50 s$|^1\.5 s$`, browsertest.Eval[string](page, `document.querySelector("#latency .u-legend .u-value").textContent`), "the charts go together")
	page.Screenshot("report-keys")

	browsertest.Eval[bool](page, `document.querySelector("#latency .u-legend .u-series:nth-child(3) th").focus() ?? true`)
	page.Press(" ")
	page.Await(`document.querySelector("#latency .u-legend .u-series:nth-child(3)").classList.contains("u-off")`)
	page.Await(painted("latency", "run-2") + " < 20")

	// Whatever can be clicked can be come to by the tabulator.
	require.Zero(t, browsertest.Eval[int](page, `[...document.querySelectorAll("button, select, input, summary, .u-legend .u-series th, .u-over, .lanes, .scroll")].filter((e) => e.tabIndex < 0).length`))
	require.Zero(t, browsertest.Eval[int](page, `[...document.querySelectorAll(".plot canvas, .lane svg")].filter((e) => e.getAttribute("role") !== "img" || !e.getAttribute("aria-label")).length`))
	require.Equal(t, 5, browsertest.Eval[int](page, `document.querySelectorAll("details.data table").length`), "a table for each chart")
}

func lanes(t *testing.T, browser *browsertest.Browser) {
	page := visit(t, browser, checking().run(), Run{Mode: "no ensures"})
	part := func() []string {
		return strings.Fields(browsertest.Eval[string](page, `document.querySelector(".lane svg").getAttribute("viewBox")`))
	}
	width := func() float64 {
		wide, err := strconv.ParseFloat(part()[2], 64)
		require.NoError(t, err)
		return wide
	}
	cold := width()
	require.Less(t, cold, 2000.0, "the cold phase, in milliseconds")
	browsertest.Eval[bool](page, `document.querySelector(".lanes").focus() ?? true`)
	page.Press("+")
	require.InDelta(t, cold/2, width(), 1)
	page.Press(kb.ArrowRight)
	require.NotEqual(t, "0", part()[0])
	page.Press("0")
	require.InDelta(t, cold, width(), 1)
	page.Click(".tools .group button:nth-child(2)")
	require.InDelta(t, 20000, width(), 1)
	page.Click(".tools .group button:nth-child(1)")

	names := `[...document.querySelectorAll(".lane .table")].map((e) => e.title).join(" ")`
	page.Click("#ensures input[type=search]")
	page.Press("_04")
	page.Await(`document.querySelectorAll(".lane").length === 10`)
	require.Contains(t, browsertest.Eval[string](page, names), "loadtest_1a2b_049")
	require.Equal(t, 10*4, browsertest.Eval[int](page, `document.querySelectorAll(".lane rect.ready").length`))
	told := browsertest.Eval[string](page, `(() => {
		document.querySelector(".lane rect.failed").dispatchEvent(new PointerEvent("pointermove", { bubbles: true }));
		return document.querySelector(".told").textContent;
	})()`)
	require.Regexp(t, `^loadtest_1a2b_04\d · process \d · failed \(raced\) · from .* to .* · 90 ms$`, told)
	page.Do(chromedp.ScrollIntoView(chromedp.CSS(".lanes")))
	page.Screenshot("report-lanes")
	browsertest.Eval[bool](page, `[...document.querySelectorAll("#ensures button")].find((b) => b.textContent === "Each process").click() ?? true`)
	require.Equal(t, 10, browsertest.Eval[int](page, `document.querySelectorAll(".lane rect.applying").length`), "one line for each table")
	page.Screenshot("report-lanes-together")
}

func files(t *testing.T, browser *browsertest.Browser) {
	run := evil()
	page := visit(t, browser, run)
	text := browsertest.Eval[string](page, `new Promise((found) => {
		const kept = URL.createObjectURL;
		URL.createObjectURL = (blob) => { blob.text().then(found); return kept.call(URL, blob); };
		HTMLAnchorElement.prototype.click = function () { if (!this.download.endsWith(".json")) throw new Error("not saved"); };
		document.querySelector("#downloads button").click();
	})`)
	got, err := Decode(strings.NewReader(text))
	require.NoError(t, err)
	run.Format = Format
	require.Equal(t, &run, got)
}

func paper(t *testing.T, browser *browsertest.Browser) {
	page := visit(t, browser, coordinated().run(), checking().run())
	page.Scheme("dark")
	page.Await(`getComputedStyle(document.body).backgroundColor === "rgb(17, 19, 21)"`)
	page.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		sheets, err := cdp.Call(ctx, target, cdppage.PrintToPDF, cdppage.PrintToPDFParams{PrintBackground: new(true)})
		if err == nil && !bytes.HasPrefix(sheets.Data, []byte("%PDF-")) {
			t.Error("this is no PDF")
		}
		return err
	}))
	page.Await(`!document.documentElement.classList.contains("printing")`)

	// The same again by hand, to be looked at.
	page.Do(chromedp.EmulateViewport(718, 1000), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: "print", Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
		})
		return err
	}))
	browsertest.Eval[bool](page, `dispatchEvent(new Event("beforeprint"))`)
	page.Await(`color("run-1") === "#2458d3"`)
	page.Await(painted("throughput", "run-1") + " > 100")
	require.False(t, browsertest.Eval[bool](page, `document.querySelector("#ensures .tools").checkVisibility()`))
	page.Screenshot("report-paper")
}
