package dashboard_test

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/internal/browsertest"
	"github.com/schemactor/schemactor/schema"
)

// A herd makes its tables, and the page shows it without being loaded anew.
func TestHerdBecomesReadyLive(t *testing.T) {
	browser := browsertest.Start(t)
	eachSort(t, func(t *testing.T, db database) {
		const herd = 40
		c, _ := db.connect(t, nil)
		var names []string
		for i := range herd {
			names = append(names, fmt.Sprintf("parcels_%02d", i))
			register[Parcel](t, c, names[i])
		}
		_, address := serve(t, c, nil)
		page := browser.Page(t)
		page.Go(address)
		page.Await(`document.querySelectorAll(".tables .state[data-state=unknown]").length === 40`)
		page.Await(`document.getElementById("link").dataset.state === "live"`)
		require.True(t, browsertest.Eval[bool](page, `window.stayed = true`))
		page.Screenshot("dashboard-" + db.name + "-unknown")

		var callers sync.WaitGroup
		for i := range 8 * herd {
			callers.Go(func() {
				if err := c.Ensure(t.Context(), names[i%herd]); err != nil {
					t.Error(err)
				}
			})
		}
		page.Await(`document.querySelectorAll(".tables .state[data-state=ready]").length === 40`)
		callers.Wait()
		page.Await(`document.querySelector("[data-state=ready] b").textContent === "40"`)
		page.Await(`document.querySelectorAll(".feed li[data-kind=ready]").length > 0`)
		page.Await(`document.getElementById("announce").textContent.includes("became ready")`)
		require.True(t, browsertest.Eval[bool](page, `window.stayed === true`), "the page was loaded anew")
		page.Screenshot("dashboard-" + db.name + "-ready")
		page.Clean(address)
	})
}

// threeVersions makes a table, changes it, and gives a program whose model wants to drop a column.
func threeVersions(t *testing.T, db database) *coordinator.Coordinator {
	first, _ := db.connect(t, &coordinator.Config{Application: "shop", Version: "1.0"})
	register[Parcel](t, first, "parcels")
	require.NoError(t, first.EnsureAll(t.Context()))
	second, _ := db.connect(t, &coordinator.Config{Application: "shop", Version: "1.1"})
	register[ParcelV2](t, second, "parcels")
	require.NoError(t, second.EnsureAll(t.Context()))
	third, _ := db.connect(t, &coordinator.Config{Application: "shop", Version: "2.0"})
	register[ParcelV3](t, third, "parcels")
	require.Error(t, third.EnsureAll(t.Context()))
	return third
}

func TestRevisionPlanAndDrift(t *testing.T) {
	browser := browsertest.Start(t)
	eachSort(t, func(t *testing.T, db database) {
		c := threeVersions(t, db)
		_, address := serve(t, c, nil)
		page := browser.Page(t)
		page.Go(address)
		page.Await(`document.querySelector(".tables .state").dataset.state === "blocked"`)
		page.Click(`.tables a`)
		page.Await(`document.querySelectorAll(".revisions details").length === 2`)
		page.Click(`.revisions li:nth-child(2) summary`)
		page.Await(`document.querySelector(".revisions li:nth-child(2) details").open`)
		page.Click(`.revisions li:nth-child(2) summary`)
		text := browsertest.Eval[string](page, `document.querySelector(".revisions li:nth-child(1)").innerText`)
		require.Contains(t, text, "Generation 2")
		require.Contains(t, text, "shop 1.1")
		require.Contains(t, browsertest.Eval[string](page, `document.querySelector(".revisions .sql").innerText`), "note")
		require.Contains(t, browsertest.Eval[string](page, `document.querySelector(".diff [data-op='+']").innerText`), "note")
		page.WholeScreenshot("dashboard-" + db.name + "-revision")

		page.Click(`#tab-1`)
		page.Await(`[...document.querySelectorAll(".plan .tag.bad")].some((tag) => tag.textContent.includes("(weight)"))`)
		require.Zero(t, browsertest.Eval[int](page, `document.querySelectorAll(".apply, .actions:not([hidden])").length`), "the page is read-only")
		page.WholeScreenshot("dashboard-" + db.name + "-plan")
		page.Click(`#tab-2`)
		page.Await(`document.querySelector(".drift")?.innerText.includes("weight")`)
		page.WholeScreenshot("dashboard-" + db.name + "-drift")

		page.Click(`[data-section=plan]`)
		page.Await(`document.querySelector(".card")?.innerText.includes("parcels")`)
		page.Click(`[data-section=drift]`)
		page.Await(`document.querySelector(".card")?.innerText.includes("difference")`)
		page.Clean(address)
	})
}

// tenThousand registers as many tables, some with names that want to be markup.
func tenThousand(t testing.TB, c *coordinator.Coordinator) {
	for i := range 10_000 - 3 {
		register[Parcel](t, c, fmt.Sprintf("tenant_%04d_parcels", i))
	}
	register[Parcel](t, c, `<script>alert(1)</script>`)
	register[Parcel](t, c, `<img src=x onerror="window.hurt=1">'"&amp;`)
	register[Parcel](t, c, `Größe_表_🚚`)
}

func TestTenThousandTablesInTheBrowser(t *testing.T) {
	c, _ := onSQLite(t).connect(t, nil)
	tenThousand(t, c)
	_, address := serve(t, c, nil)
	page := browsertest.Open(t)
	page.Go(address)
	page.Await(`document.querySelector(".range").textContent === "1–50 of 10,000"`)
	require.Equal(t, 50, browsertest.Eval[int](page, `document.querySelectorAll(".tables tbody tr").length`))
	page.Screenshot("dashboard-many")

	page.Press("/4711")
	page.Await(`document.querySelector(".range").textContent === "1–1 of 1"`)
	require.Equal(t, "tenant_4711_parcels", browsertest.Eval[string](page, `document.querySelector(".tables tbody a").textContent`))
	page.Screenshot("dashboard-search")
	for _, name := range []string{`<script>alert(1)</script>`, `<img src=x onerror="window.hurt=1">'"&amp;`, `Größe_表_🚚`} {
		page.Press(kb.Escape + kb.Escape + "/") // leave the search empty, leave it, come back
		page.Type(name)
		page.Await(`document.querySelector(".range").textContent === "1–1 of 1"`)
		page.Await(fmt.Sprintf(`document.querySelector(".tables tbody a").textContent === %q`, name))
		page.Press(kb.Enter)
		page.Press(kb.Enter)
		page.Await(fmt.Sprintf(`document.querySelector("h1").textContent === %q`, name))
		page.Await(`document.querySelector(".history .notice")?.textContent.includes("never made")`)
		page.Press(kb.Escape)
		page.Await(`document.querySelector(".range")?.textContent === "1–1 of 1"`)
	}
	require.False(t, browsertest.Eval[bool](page, `"hurt" in window || document.querySelector("main script, main img") !== null`))
	page.Clean(address)
}

// Hostile has columns whose names want to be markup, SQL and whatnot.
type Hostile struct {
	ID     int64  `db:"id"                               schema:"pk"`
	Script string `db:"<script>hurt=1</script>"          schema:"default='<b>bold</b>'"`
	Quotes string `db:"it's \"quoted\" & 表"              schema:"index"`
}

// What is in the ledger and in plans is shown as the text that it is.
func TestHostileNamesInTheBrowser(t *testing.T) {
	browser := browsertest.Start(t)
	eachSort(t, func(t *testing.T, db database) {
		const name = `<img src=x onerror="hurt=1">'`
		c, _ := db.connect(t, nil)
		register[Hostile](t, c, name)
		_, address := serve(t, c, nil)
		page := browser.Page(t)
		table := address + "#/table?name=" + url.QueryEscape(name)
		page.Go(table)
		page.Click("#tab-1")
		page.Await(`document.querySelector(".plan .sql")?.innerText.includes("<script>hurt=1</script>")`)
		page.Go(address)
		require.NoError(t, c.EnsureAll(t.Context()))
		page.Await(`document.querySelector(".tables tbody a")?.textContent === ` + fmt.Sprintf("%q", name))
		page.Await(`document.querySelector(".feed li[data-kind=ready]")?.innerText.includes("<img src=x")`)
		page.Go(table)
		for _, part := range []string{".diff", ".sql"} {
			page.Await(`document.querySelector(".revisions ` + part + `")?.innerText.includes("<script>hurt=1</script>")`)
			page.Await(`document.querySelector(".revisions ` + part + `")?.innerText.includes("& 表")`)
		}
		require.False(t, browsertest.Eval[bool](page, `"hurt" in window || document.querySelector("main script, main img, main b b") !== null`))
		page.WholeScreenshot("dashboard-" + db.name + "-hostile")
		page.Clean(address)
	})
}

// The page on a phone and in the dark: nothing is wider than the screen.
func TestPhoneAndDark(t *testing.T) {
	db := onSQLite(t)
	threeVersions(t, db)
	c, d := db.connect(t, &coordinator.Config{Application: "shop", Version: "2.0"})
	register[ParcelV3](t, c, "parcels")
	register[Parcel](t, c, "a_table_with_a_name_that_is_as_long_as_people_make_them_when_nobody_stops_them")
	for i := range 20 {
		register[ParcelV2](t, c, fmt.Sprintf("orders_%02d", i))
	}
	_, err := d.Writer().Exec(t.Context(), `CREATE TABLE stranger (id integer)`)
	require.NoError(t, err)
	require.Error(t, c.EnsureAll(t.Context()))
	_, address := serve(t, c, nil)
	browser := browsertest.Start(t)
	for _, scheme := range []string{"light", "dark"} {
		page := browser.Page(t)
		page.Scheme(scheme)
		for _, size := range []browsertest.Viewport{browsertest.Desktop(), browsertest.Phone()} {
			page.Resize(size)
			look := func(view, await string) {
				if scheme == "dark" && !strings.HasPrefix(view, "#/table") && os.Getenv("SCHEMACTOR_SCREENS") != "all" {
					return
				}
				page.Go(address + view)
				page.Await(await)
				page.Await(`document.documentElement.scrollWidth <= innerWidth`)
				page.WholeScreenshot(fmt.Sprintf("dashboard-%s-%d-%s", scheme, size.Width, firstWord(view)))
				if size.Phone { // the narrowest there are
					page.Resize(browsertest.Viewport{Width: 320, Height: 568, Phone: true})
					page.Await(`innerWidth === 320 && document.documentElement.scrollWidth <= innerWidth`)
					page.Resize(size)
				}
			}
			look("#/tables", `document.querySelectorAll(".tables tbody tr").length > 2`)
			look("#/table?name=parcels", `document.querySelectorAll(".revisions details").length > 1`)
			look("#/live", `document.querySelectorAll(".feed li").length > 1`)
			look("#/lane", `document.querySelectorAll(".sizes tbody tr").length === 12`)
			look("#/plan", `document.querySelectorAll(".card").length > 0`)
			look("#/drift", `document.querySelectorAll(".card").length > 0`)
		}
		ground := browsertest.Eval[string](page, `getComputedStyle(document.documentElement).backgroundColor`)
		require.Equal(t, map[string]string{"light": "rgb(246, 247, 248)", "dark": "rgb(15, 20, 23)"}[scheme], ground)
		page.Clean(address)
	}
}

// Everything is had by keys alone.
func TestKeyboardOnly(t *testing.T) {
	db := onSQLite(t)
	threeVersions(t, db)
	c, _ := db.connect(t, nil)
	register[ParcelV2](t, c, "parcels")
	for i := range 60 {
		register[Parcel](t, c, fmt.Sprintf("orders_%02d", i))
	}
	_, address := serve(t, c, nil)
	page := browsertest.Open(t)
	page.Go(address)
	page.Await(`document.querySelector(".range").textContent === "1–50 of 61"`)
	focus := func(selector string) {
		page.Await(`document.activeElement.matches(` + fmt.Sprintf("%q", selector) + `)`)
	}

	page.Press(kb.Tab)
	focus("#skip")
	page.Screenshot("dashboard-skip-link")
	page.Press(kb.Enter)
	focus("main")
	page.Press("?")
	page.Await(`document.getElementById("help").open`)
	page.Screenshot("dashboard-help")
	page.Press(kb.Escape)
	page.Await(`!document.getElementById("help").open`)
	page.Press("jj")
	page.Await(`document.activeElement.textContent === "orders_01"`)
	page.Press(kb.ArrowDown)
	page.Press("k")
	page.Await(`document.activeElement.textContent === "orders_01"`)
	require.Equal(t, "solid", browsertest.Eval[string](page, `getComputedStyle(document.activeElement).outlineStyle`), "focus is visible")
	page.Screenshot("dashboard-focus")
	page.Press("n")
	page.Await(`document.querySelector(".range").textContent === "51–61 of 61"`)
	page.Press("p")
	page.Await(`document.querySelector(".range").textContent === "1–50 of 61"`)
	page.Press("/parc")
	page.Await(`document.querySelector(".range").textContent === "1–1 of 1"`)
	page.Press(kb.ArrowDown)
	page.Press(kb.Enter)
	page.Await(`document.querySelectorAll(".revisions summary").length === 2`)
	page.Press("jj")
	page.Press(kb.Enter)
	page.Await(`document.querySelector(".revisions li:nth-child(2) details").open`)
	page.Press(kb.Escape)
	page.Await(`document.querySelector(".tables tbody tr") !== null`)
	for i, section := range []string{"tables", "live", "lane", "plan", "drift"} {
		page.Press(fmt.Sprint(i + 1))
		page.Await(fmt.Sprintf(`document.querySelector("[aria-current=page]").dataset.section === %q`, section))
	}
	page.Press("t")
	page.Await(`document.documentElement.dataset.theme === "dark"`)
	page.Clean(address)
}

func firstWord(view string) string {
	return strings.FieldsFunc(view, func(r rune) bool { return r < 'a' || r > 'z' })[0]
}

// Rows that are written at the same moment are seen in the lane, and so is a table that fails and is tried again.
func TestLaneAndFailuresLive(t *testing.T) {
	db := onSQLite(t)
	c, _ := db.connect(t, &coordinator.Config{EnsureTimeout: time.Second, BackoffMin: 30 * time.Minute, BackoffMax: time.Hour})
	parcels, err := coordinator.Register[Parcel, int64](c, schema.Named("parcels"))
	require.NoError(t, err)
	register[Parcel](t, c, "orders")
	_, address := serve(t, c, nil)
	page := browsertest.Open(t)
	page.Go(address + "#/lane")
	page.Await(`document.querySelectorAll(".sizes tbody tr").length === 12`)
	var writers sync.WaitGroup
	for w := range 32 {
		writers.Go(func() {
			for i := range 40 {
				id := int64(w*1000 + i + 1)
				if err := parcels.Create(t.Context(), &Parcel{ID: id, Label: fmt.Sprint(id), Weight: 1}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	lane := c.LaneStatus()
	require.Positive(t, lane.Batches)
	page.Await(fmt.Sprintf(`[...document.querySelectorAll(".sizes td.number")].reduce((sum, td) => sum + Number(td.textContent.replaceAll(",", "")), 0) === %d`, lane.Batches))
	page.Screenshot("dashboard-lane")

	// A lock that somebody else holds: the attempt fails for a while, and the page counts down to the next.
	_, other := db.connect(t, nil)
	tx, err := other.Begin(t.Context())
	require.NoError(t, err)
	page.Press("1")
	page.Await(`document.querySelector(".tables tbody tr") !== null`)
	require.Error(t, c.Ensure(t.Context(), "orders"))
	page.Await(`document.querySelector(".tables [data-state=failed]") !== null`)
	page.Await(`/^in \d+ min$/.test(document.querySelector("time[data-relative=until]").textContent)`)
	page.Await(`document.querySelector(".feed li[data-kind=failed]") !== null`)
	page.Await(`document.getElementById("announce").textContent.includes("orders failed")`)
	page.Screenshot("dashboard-failed")
	page.Click(".filter[data-state=failed]")
	page.Await(`document.querySelector(".range").textContent === "1–1 of 1"`)
	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, c.Ensure(t.Context(), "orders"))
	page.Await(`document.querySelector(".range").textContent === "0–0 of 0"`)
	page.Clean(address)
}
