package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// written is a page of runs.
func written(t *testing.T, runs ...Run) string {
	var out bytes.Buffer
	require.NoError(t, Write(&out, runs...))
	return out.String()
}

// between is what stands between two texts, the first of which comes once.
func between(t *testing.T, text, before, after string) string {
	require.Equal(t, 1, strings.Count(text, before), before)
	_, rest, _ := strings.Cut(text, before)
	inside, _, found := strings.Cut(rest, after)
	require.True(t, found, after)
	return inside
}

// words is the page as text: tags gone, entities read, white space as one.
func words(page string) string {
	page = regexp.MustCompile(`(?s)<(style|script)\b.*?</(style|script)>`).ReplaceAllString(page, " ")
	page = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
	return strings.Join(strings.Fields(html.UnescapeString(page)), " ")
}

// says wants a text in a page, and does not print the page.
func says(t *testing.T, page, want string, about ...any) {
	t.Helper()
	if !strings.Contains(page, want) {
		t.Error("the page does not say", want, about)
	}
}

func TestNothingIsNoPage(t *testing.T) {
	require.ErrorIs(t, Write(&bytes.Buffer{}), ErrNoRuns)
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

var errFull = errors.New("disk full")

func TestAFullDiskIsToldOf(t *testing.T) {
	require.ErrorIs(t, Write(full{}, Run{}), errFull)
}

func TestThePageAsksForNothing(t *testing.T) {
	page := written(t, coordinated().run(), checking().run())
	policy := html.UnescapeString(between(t, page, `http-equiv="Content-Security-Policy" content="`, `"`))
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	require.Contains(t, policy, "script-src "+hashOf(between(t, page, "<script>", "</script>"))+";")
	require.Contains(t, policy, "style-src "+hashOf(between(t, page, "<style>", "</style>"))+";")
	require.Less(t, strings.Index(page, "Content-Security-Policy"), strings.Index(page, "<style>"), "the policy comes first")
	for _, link := range regexp.MustCompile(`\b(?:src|href|action)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		require.Contains(t, []string{"data:,", "#content"}, link[1])
	}
	require.False(t, strings.Contains(page, ` style="`), "the page says %s", ` style="`)
	says(t, page, "Permission is hereby granted", "uPlot's licence goes with it")
}

func TestThePageHoldsTheResults(t *testing.T) {
	runs := []Run{coordinated().run(), evil()}
	var got []Run
	require.NoError(t, json.Unmarshal([]byte(between(t, written(t, runs...), `<script type="application/json" id="runs">`, "</script>")), &got))
	runs[0].Format, runs[1].Format = Format, Format
	require.Equal(t, runs, got)
}

func TestOneRun(t *testing.T) {
	run := coordinated().run()
	text := words(written(t, run))
	says(t, text, "Load test: every promise kept")
	says(t, text, "coordinator SQLite 3.50.4 · 2026-11-30 13:20:00 UTC 256 writers in 4 processes on 50 tables · 20.0 s")
	says(t, text, "Throughput "+perSecond(run.Throughput()))
	says(t, text, "Latency p99 "+span(run.All.At(0.99)))
	says(t, text, "Migrations 50 of 50 tables")
	says(t, text, "one migration per table wanted 50 migrations for 50 tables kept: 50 migrations")
	says(t, text, "loadtest_1a2b_049 4 ")
	says(t, text, "--writers given 256")
	says(t, text, "create 141,600 7,080/s 0")
	require.False(t, strings.Contains(text, "beside each other"), "the page says %s", "beside each other")
	require.False(t, strings.Contains(text, "Errors that callers got"), "the page says %s", "Errors that callers got")
	require.False(t, strings.Contains(text, "interrupted"), "the page says %s", "interrupted")
}

func TestSeveralRuns(t *testing.T) {
	checked := checking().run()
	checked.Interrupted = true
	page := written(t, coordinated().run(), checked, assuming().run())
	text := words(page)
	says(t, text, "Load test: coordinator kept every promise, check-every-op and if-not-exists did not")
	says(t, text, "check-every-op broken interrupted")
	says(t, text, "Throughput acknowledged operations 11,800/s 410/s 0.03× ▼ worse 9,300/s 0.79× ▼ worse")
	require.True(t, regexp.MustCompile(`Latency p50 half are quicker 9\.49 ms 503 ms 53\.0× ▼ worse `).MatchString(text), "the page has nothing like %s", `Latency p50 half are quicker 9\.49 ms 503 ms 53\.0× ▼ worse `)
	require.True(t, regexp.MustCompile(`Errors that callers got, without cause 0 309 38 Errors of faults while something was done to the run 0 3 3 `).MatchString(text), "the page has nothing like %s", `Errors that callers got, without cause 0 309 38 Errors of faults while something was done to the run 0 3 3 `)
	require.True(t, regexp.MustCompile(`one migration per table wanted 50 migrations for 50 tables kept: 50 migrations broken: 61 migrations broken: 0 migrations`).MatchString(text), "the page has nothing like %s", `one migration per table wanted 50 migrations for 50 tables kept: 50 migrations broken: 61 migrations broken: 0 migrations`)
	says(t, text, "check-every-op the table exists already 309 – create loadtest_1a2b_007")
	says(t, text, "check-every-op deadline exceeded 3 restart")
	require.Less(t, strings.Index(text, "no caller got an error wanted"), strings.Index(text, "every acknowledged row is there wanted"), "the broken come first")
	says(t, text, "--mode given differs coordinator check-every-op if-not-exists")
	says(t, text, "--writers given 256 256 256")
	require.Equal(t, 3, strings.Count(page, `<th scope="col"><span class="dot run-2"></span>check-every-op</th>`), "runs, promises, settings")
}

func TestHeadlines(t *testing.T) {
	kept, broken, unjudged := []Promise{{Name: "a", Kept: true}}, []Promise{{Name: "a", Kept: true}, {Name: "b"}}, []Promise(nil)
	for want, verdicts := range map[string][][]Promise{
		"every promise kept":                          {kept},
		"1 of 2 promises broken":                      {broken},
		"the promise is broken":                       {broken[1:]},
		"nobody has judged":                           {unjudged},
		"every promise kept in all 2 runs":            {kept, kept},
		"promises broken in all 2 runs":               {broken, broken},
		"B and C kept every promise, A and D did not": {broken, kept, kept, broken},
		"promises broken by B":                        {unjudged, broken},
		"2 runs":                                      {unjudged, kept},
	} {
		var runs []Run
		for i, promises := range verdicts {
			runs = append(runs, Run{Name: string(rune('A' + i)), Promises: promises})
		}
		says(t, written(t, runs...), "<title>Load test: "+want+"</title>")
	}
}

func TestPromisesOfOneNameAndOtherWants(t *testing.T) {
	rows := promises([]Run{
		{Promises: []Promise{{Name: "rows", Kept: true, Want: "5"}, {Name: "rows", Kept: true, Want: "6", Got: "6", Detail: "t"}}},
		{Promises: []Promise{{Name: "rows", Want: "7", Detail: "u"}, {Name: "locks", Kept: true}}},
	})
	require.Equal(t, []row{
		{Name: "rows", Note: "5", Cells: []cell{{"kept", "", "good"}, {"broken", "wanted 7 · u", "bad"}}, Marked: true},
		{Name: "rows", Cells: []cell{{"6", "t", "good"}, {}}},
		{Name: "locks", Cells: []cell{{}, {"kept", "", "good"}}},
	}, rows)
}

func TestWhateverTextsSayTheyAreText(t *testing.T) {
	page := written(t, evil(), coordinated().run())
	require.False(t, strings.Contains(page, "<script>document"), "the page says %s", "<script>document")
	require.False(t, strings.Contains(page, "<img"), "the page says %s", "<img")
	require.Equal(t, 2, strings.Count(page, "</script>"), "the data's and the program's")
	says(t, words(page), strings.Join(strings.Fields(strings.ReplaceAll(hostile, "\u202e", "\ufffd")), " "))
	shown, _, _ := strings.Cut(page, `<script type="application/json"`)
	require.False(t, strings.Contains(shown, "\u202e"), "the writing is turned round")
}

func TestAnEmptyRunHasAPage(t *testing.T) {
	text := words(written(t, Run{}))
	says(t, text, "nobody has judged")
	says(t, text, "Throughput 0/s")
	says(t, text, "Nobody has held the database against what was acknowledged.")
	require.False(t, strings.Contains(text, "NaN"), "the page says %s", "NaN")
}

func TestTooManyRowsAreLeftOutAndSaidSo(t *testing.T) {
	run := Run{Series: make([]Point, maxRows+1), Ensures: []Ensure{{Table: "t", Process: 1}}}
	text := words(written(t, run))
	require.Equal(t, 3, strings.Count(text, "The first 1,000 of 1,001 rows; all are in the JSON."), "throughput, latency, tables")
}
