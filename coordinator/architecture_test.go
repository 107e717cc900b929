package coordinator_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestArchitecture holds the whole tree to docs/architecture.md: who imports whom, and what no package may do.
func TestArchitecture(t *testing.T) {
	packages := readTree(t, moduleRoot(t))
	require.Greater(t, len(packages), 5, "the tree was not found")
	for _, p := range packages {
		for _, fault := range p.faults() {
			t.Error(fault)
		}
	}
	for name := range floorPlan {
		found := false
		for _, p := range packages {
			found = found || p.name == name
		}
		require.True(t, found, "the floor plan names %s, which is not there", name)
	}
}

// TestArchitectureCanFail feeds the rules a source that breaks each of them, and one that comes near and breaks none.
func TestArchitectureCanFail(t *testing.T) {
	long := strings.Repeat("\t_ = 1\n", maxFunction+1)
	for _, c := range []struct {
		name, pkg, file, source, want string
	}{
		{"a sibling", "actors", "a.go", `import _ "` + modulePath + `/nodes"`, "must not import " + modulePath + "/nodes"},
		{"a floor above", "schema", "a.go", `import _ "` + modulePath + `/dialect"`, "must not import"},
		{"a concrete dialect", "coordinator", "a.go", `import _ "` + modulePath + `/dialect/sqlite"`, "must not import"},
		{"a third party", "nodes", "a.go", `import _ "github.com/google/uuid"`, "must not import github.com/google/uuid"},
		{"a name that only begins alike", "dialect/postgres", "a.go", `import _ "github.com/jackc/pgx/v5evil"`, "must not import"},
		{"actors outside of actors", "coordinator", "a.go", `import _ "` + protoActor + `"`, "must not import"},
		{"a package without a place", "util", "a.go", ``, "no place in the floor plan"},
		{"a word for anything", "schema", "helper.go", ``, "says nothing"},
		{"init", "schema", "a.go", "func init() {}", "func init"},
		{"a variable without a value", "schema", "a.go", "var count int", "package-level state: count"},
		{"a variable that is assigned", "schema", "a.go", "var count = 1\nfunc F() { count = 2 }", "package-level state: count"},
		{"a variable that is counted up", "schema", "a.go", "var count = 1\nfunc F() { count++ }", "package-level state: count"},
		{"a table that is written", "schema", "a.go", "var m = map[string]int{}\nfunc F() { m[``] = 2 }", "package-level state: m"},
		{"a table that is deleted from", "schema", "a.go", "var m = map[string]int{}\nfunc F() { delete(m, ``) }", "package-level state: m"},
		{"a table that is appended to", "schema", "a.go", "var s = []int{1}\nfunc F() []int { return append(s, 1) }", "package-level state: s"},
		{"a table whose address is taken", "schema", "a.go", "var s = [1]int{1}\nfunc F() *[1]int { return &s }", "package-level state: s"},
		{"an exported table", "schema", "a.go", "var Words = []string{``}", "package-level state: Words"},
		{"a pointer", "schema", "a.go", "type t struct{}\nvar p = &t{}", "package-level state: p"},
		{"a call", "schema", "a.go", "import `sync`\nvar f = sync.OnceValue(func() int { return 1 })", "package-level state: f"},
		{"an actor's address", "actors", "a.go", `import "` + protoActor + "\"\n// F is.\nfunc F() *actor.PID { return nil }", "shows " + protoActor},
		{"a mount elsewhere", "actors", "a.go", `import "` + protoActor + "\"\n// Mount is.\nfunc Mount() *actor.Props { return nil }", "shows " + protoActor},
		{"an address under another name", "actors", "a.go", `import x "` + protoActor + "\"\n// T is.\ntype T struct { P []x.PID }", "shows " + protoActor},
		{"an exported embedded file", "schema", "a.go", "import _ `embed`\n//go:embed a.txt\nvar Text string", "package-level state: Text"},
		{"an embedded file that is written", "schema", "a.go", "import _ `embed`\n//go:embed a.txt\nvar text string\nfunc F() { text = `` }", "package-level state: text"},
		{"a long function", "schema", "a.go", "func f() {\n" + long + "}", "lines long"},
		{"a long function inside", "schema", "a.go", "func f() {\n_ = func() {\n" + long + "}\n}", "lines long"},
		{"a long file", "schema", "a_test.go", strings.Repeat("// more\n", maxFile), "lines long"},
		{"no doc comment", "schema", "a.go", "func F() {}", "F has no doc comment"},
		{"no doc comment on a method", "schema", "a.go", "// T is.\ntype T int\nfunc (t *T) M() {}", "M has no doc comment"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parseSample(t, c.pkg, c.file, "package p\n"+c.source)
			require.Contains(t, strings.Join(p.faults(), "\n"), c.want)
		})
	}
	t.Run("nothing to say", func(t *testing.T) {
		p := parseSample(t, "actors", "a.go", `package p
import (
	"embed"
	"errors"
	"regexp"
	"`+protoActor+`"
)
// ErrGone is one.
var ErrGone = errors.New("gone")
var _ error = (*fault)(nil)
var word = regexp.MustCompile("a")
var table = map[string]int{"a": 1}
//go:embed a.txt
var files embed.FS
type fault struct{ pid *actor.PID }
func (f *fault) Error() string { return "" }
func (f *fault) Receive(c actor.Context) { _ = table["a"] }
func local() { table := map[string]int{}; table["a"] = 1; word := 1; word++ }
`)
		require.Empty(t, p.faults())
	})
}

// moduleRoot is the folder of go.mod above this package.
func moduleRoot(t *testing.T) string {
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		require.NotEqual(t, filepath.Dir(dir), dir, "no go.mod above the test")
		dir = filepath.Dir(dir)
	}
}

// readTree parses every Go file below root, whatever its build tags, and groups them by folder.
func readTree(t *testing.T, root string) []*source {
	byName := map[string]*source{}
	var packages []*source
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); file != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "build") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(file, "go.mod")); err == nil && file != root {
				return filepath.SkipDir // a module of its own, which nobody imports
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		relative, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(fset, file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		name := path.Dir(relative)
		if byName[name] == nil {
			byName[name] = &source{name: name, fset: fset, files: map[string]*ast.File{}}
			packages = append(packages, byName[name])
		}
		byName[name].files[relative] = parsed
		return nil
	})
	require.NoError(t, err)
	return packages
}

func parseSample(t *testing.T, pkg, file, text string) *source {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, text, parser.ParseComments|parser.SkipObjectResolution)
	require.NoError(t, err)
	return &source{name: pkg, fset: fset, files: map[string]*ast.File{pkg + "/" + file: parsed}}
}
