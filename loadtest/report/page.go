package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"
)

//go:embed assets
var assets embed.FS

// scripts are the page's, in the order in which they run.
var scripts = []string{
	"uplot/uPlot.iife.min.js", "theme.js", "plot.js", "charts.js", "curves.js", "ensures.js", "page.js",
}

// ErrNoRuns is what Write gives when there is nothing to write about.
var ErrNoRuns = errors.New("no runs to report")

// page is what the template is given.
type page struct {
	view
	// CSP allows the one style and the one script that are in the page, by their hashes, and nothing else.
	CSP    string
	Style  template.CSS
	Script template.JS
	// Runs goes into the page as JSON, for the charts and to be saved as a file again.
	Runs []Run
}

// Write writes a page of one run, or of several beside each other, the first of which the others are measured by. The page is
// complete in itself; what it shows of a run is text, whatever it looks like. Nothing is written to w where there is an error
// that is not w's own.
func Write(w io.Writer, runs ...Run) error {
	if len(runs) == 0 {
		return ErrNoRuns
	}
	p := page{Runs: apart(runs)}
	p.view = look(p.Runs)
	for i := range p.Runs {
		p.Runs[i].Format = Format
	}
	if err := p.dress(); err != nil {
		return err
	}
	text, err := assets.ReadFile("assets/page.html")
	if err != nil {
		return err
	}
	shape, err := template.New("page").Parse(string(text))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := shape.Execute(&out, &p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, err = io.WriteString(w, straight(out.String()))
	return err
}

// straight has no text of a result turn the writing around it: what would is seen as a mark. The results themselves, behind what is
// shown, stay as they are.
func straight(page string) string {
	const data = `<script type="application/json"`
	shown, rest, _ := strings.Cut(page, data)
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, shown) + data + rest
}

// dress gives the page its style, its script, and the policy that allows them.
func (p *page) dress() error {
	style, err := joined("uplot/uPlot.min.css", "style.css")
	if err != nil {
		return err
	}
	licence, err := joined("uplot/LICENSE")
	if err != nil {
		return err
	}
	script, err := joined(scripts...)
	if err != nil {
		return err
	}
	script = "/* uPlot is under this licence:\n\n" + licence + "*/\n" + script
	p.Style, p.Script = template.CSS(style), template.JS(script)
	p.CSP = strings.Join([]string{
		"default-src 'none'", "script-src " + hashOf(script), "style-src " + hashOf(style), "img-src data:",
		"base-uri 'none'", "form-action 'none'",
	}, "; ")
	return nil
}

// joined puts files of assets behind each other.
func joined(names ...string) (string, error) {
	var all strings.Builder
	for _, name := range names {
		text, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return "", err
		}
		all.Write(text)
		all.WriteByte('\n')
	}
	return all.String(), nil
}

// hashOf names a text as a content security policy does.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
