package docs_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} (.*)$`)
	// named is a path of this repository in a page's text: a folder or a file below one of its top folders.
	named = regexp.MustCompile("`((?:actors|cmd|coordinator|dialect|docs|internal|loadtest|nodes|schema)(?:/[a-zA-Z0-9_.-]+)+/?)`")
)

// TestLinksInDocs follows every link between the pages, into folders and files, and to headings.
func TestLinksInDocs(t *testing.T) {
	followed := 0
	for _, page := range allPages(t) {
		for _, target := range link.FindAllStringSubmatch(fence.ReplaceAllString(read(t, page), ""), -1) {
			to, anchor, _ := strings.Cut(target[1], "#")
			if strings.Contains(to, "://") {
				continue
			}
			followed++
			file := page
			if to != "" {
				file = path.Join(path.Dir(page), to)
			}
			info, err := os.Stat(file)
			if err != nil {
				t.Errorf("%s links to %s, which is not there", page, target[1])
				continue
			}
			if info.IsDir() {
				file = path.Join(file, "README.md")
			}
			if anchor != "" && !anchors(read(t, file))[anchor] {
				t.Errorf("%s links to %s, and %s has no such heading", page, target[1], file)
			}
		}
	}
	require.Greater(t, followed, 100)
}

// TestPathsInDocs looks for every path of the repository that a page names.
func TestPathsInDocs(t *testing.T) {
	found := 0
	for _, page := range allPages(t) {
		for _, name := range named.FindAllStringSubmatch(read(t, page), -1) {
			found++
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(name[1]))); err != nil && !packageOf(name[1]) {
				t.Errorf("%s names %s, which is not there", page, name[1])
			}
		}
	}
	require.Greater(t, found, 50)
}

// packageOf reports whether a name is one of Go's, as `nodes/dynamic.Handler`, whose package is there.
func packageOf(name string) bool {
	folder, _, selector := strings.Cut(name, ".")
	info, err := os.Stat(filepath.Join("..", folder))
	return selector && err == nil && info.IsDir()
}

// TestEveryPageIsReached walks from the index.
func TestEveryPageIsReached(t *testing.T) {
	reached := map[string]bool{}
	var walk func(page string)
	walk = func(page string) {
		if reached[page] || !strings.HasSuffix(page, ".md") {
			return
		}
		reached[page] = true
		for _, target := range link.FindAllStringSubmatch(read(t, page), -1) {
			to, _, _ := strings.Cut(target[1], "#")
			if to == "" || strings.Contains(to, "://") {
				continue
			}
			file := path.Join(path.Dir(page), to)
			if info, err := os.Stat(file); err == nil && info.IsDir() {
				file = path.Join(file, "README.md")
			}
			if _, err := os.Stat(file); err == nil {
				walk(file)
			}
		}
	}
	walk("README.md")
	for _, page := range allPages(t) {
		if !reached[page] && page != "../README.md" && page != "../CONTRIBUTING.md" {
			t.Errorf("%s is not reached from docs/README.md", page)
		}
	}
}

// anchors are the names that a page's headings have in links, as GitHub makes them.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		var b strings.Builder
		for _, r := range strings.ToLower(strings.TrimSpace(h[1])) {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				b.WriteRune(r)
			case r == ' ':
				b.WriteByte('-')
			}
		}
		all[b.String()] = true
	}
	return all
}
