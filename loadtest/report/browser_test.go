package report

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/browsertest"
)

// saved writes a page to a file and gives its address.
func saved(t *testing.T, runs ...Run) string {
	var out bytes.Buffer
	require.NoError(t, Write(&out, runs...))
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(path, out.Bytes(), 0o600))
	return "file://" + path
}

func TestPictures(t *testing.T) {
	browser := browsertest.Start(t)
	for _, c := range []struct {
		name string
		runs []Run
	}{
		{"one", []Run{coordinated().run()}},
		{"three", []Run{coordinated().run(), checking().run(), assuming().run()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			page := browser.Page(t)
			address := saved(t, c.runs...)
			page.Go(address)
			page.Await(`document.documentElement.dataset.drawn === "yes"`)
			page.WholeScreenshot("report-" + c.name + "-light")
			page.Scheme("dark")
			page.WholeScreenshot("report-" + c.name + "-dark")
			page.Resize(browsertest.Phone())
			t.Log(browsertest.Eval[string](page, `[...document.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > 390.5 && !e.parentElement?.closest(".scroll, .lanes, svg")).map(e => e.tagName + "." + e.className + "#" + e.id + " " + e.getBoundingClientRect().right).join("\n") + document.documentElement.scrollWidth + " " + innerWidth`))
			page.WholeScreenshot("report-" + c.name + "-phone")
			page.Clean(address)
		})
	}
}
