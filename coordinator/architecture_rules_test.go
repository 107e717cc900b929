package coordinator_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

const (
	modulePath  = "github.com/schemactor/schemactor"
	protoActor  = "github.com/asynkron/protoactor-go/actor"
	maxFile     = 400 // lines
	maxFunction = 60  // lines, those of the functions inside not counted
)

// floor is what one package may import beside the standard library: packages of the project, and modules of others.
type floor struct {
	project []string
	others  []string
}

// floorPlan is the table of docs/architecture.md. Test files may import anything.
var floorPlan = map[string]floor{
	"schema":              {others: []string{"github.com/gobuffalo/flect"}},
	"dialect":             {project: []string{"schema"}},
	"dialect/postgres":    {project: []string{"schema", "dialect"}, others: []string{"github.com/jackc/pgx/v5"}},
	"dialect/mysql":       {project: []string{"schema", "dialect"}, others: []string{"github.com/go-sql-driver/mysql"}},
	"dialect/sqlite":      {project: []string{"schema", "dialect"}, others: []string{"github.com/mattn/go-sqlite3"}},
	"dialect/dialecttest": {project: []string{"schema", "dialect"}, others: []string{"github.com/stretchr/testify", "pgregory.net/rapid", "github.com/google/uuid"}},
	"actors":              {project: []string{"schema", "dialect"}, others: []string{"github.com/asynkron/protoactor-go", "go.uber.org/zap"}},
	"nodes":               {project: []string{"schema", "dialect"}},
	"nodes/dynamic":       {project: []string{"schema", "dialect", "nodes"}},
	"nodes/workflow":      {project: []string{"schema", "dialect", "nodes", "nodes/dynamic"}},
	"coordinator":         {project: []string{"schema", "dialect", "actors", "nodes", "nodes/dynamic"}, others: []string{"go.uber.org/zap"}},
	"coordinator/telemetry": {
		project: []string{"schema"},
		others:  []string{"go.opentelemetry.io/otel", "github.com/prometheus/client_golang"},
	},
	"coordinator/dashboard": {project: []string{"schema"}},
	"coordinator/coordinatortest": {
		project: []string{"schema", "coordinator"},
		others:  []string{"github.com/aymanbagabas/go-udiff"},
	},
	"coordinator/coordinatortest/internal/models": {
		project: []string{"dialect", "coordinator"},
	},
	"coordinator/coordinatortest/internal/shop": {
		project: []string{"schema", "nodes", "coordinator"},
	},
	"coordinator/coordinatortest/sqlitetest": {
		project: []string{"dialect/sqlite", "coordinator", "coordinator/coordinatortest/internal/models"},
	},
	"coordinator/coordinatortest/postgrestest": {
		project: []string{"dialect/postgres", "coordinator", "coordinator/coordinatortest/internal/models", "internal/postgrestest"},
		others:  []string{"github.com/jackc/pgx/v5"},
	},
	"coordinator/coordinatortest/mysqltest": {
		project: []string{
			"dialect", "dialect/mysql", "coordinator", "coordinator/coordinatortest/internal/models", "internal/mysqlserver", "internal/mysqltest",
		},
	},
	"cmd/demo": {
		project: []string{
			"schema", "dialect", "nodes", "nodes/dynamic", "nodes/workflow", "coordinator", "cmd/demo/service", "internal/baseline",
			"internal/database",
		},
		others: []string{"github.com/spf13/cobra", "golang.org/x/term", "github.com/google/uuid", "go.uber.org/zap"},
	},
	"cmd/demo/service": {
		project: []string{"schema", "dialect", "nodes", "coordinator", "coordinator/dashboard", "coordinator/telemetry"},
		others:  []string{"github.com/google/uuid", "go.uber.org/zap", "github.com/prometheus/client_golang"},
	},
	"internal/fleet":    {others: []string{"golang.org/x/sys"}},
	"internal/baseline": {project: []string{"schema", "dialect"}},
	"internal/checker":  {project: []string{"schema", "dialect"}},
	"internal/faults": {
		project: []string{"schema", "dialect"},
		others:  []string{"golang.org/x/sys"},
	},
	"loadtest/load": {
		project: []string{
			"schema", "dialect", "nodes", "coordinator", "internal/baseline", "internal/checker",
			"internal/daemon", "internal/database", "internal/fleet", "internal/mysqlserver", "internal/postgresserver", "loadtest/report",
		},
		others: []string{
			"github.com/HdrHistogram/hdrhistogram-go", "github.com/jackc/pgx/v5/stdlib", "github.com/mattn/go-sqlite3",
		},
	},
	"loadtest/report": {},
	"loadtest": {
		project: []string{"loadtest/load", "loadtest/report", "internal/fleet"},
		others:  []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/vbauerster/mpb/v8", "golang.org/x/term"},
	},
	"internal/nodetest": {
		project: []string{
			"schema", "dialect", "dialect/mysql", "dialect/postgres", "dialect/sqlite", "actors", "nodes", "internal/mysqltest", "internal/postgrestest",
		},
		others: []string{"github.com/stretchr/testify", "github.com/google/uuid"},
	},
	"internal/browsertest": {others: []string{"github.com/chromedp/chromedp", "github.com/chromedp/cdproto"}},
	"internal/postgrestest": {
		project: []string{"schema", "dialect", "dialect/postgres", "internal/daemon", "internal/postgresserver"},
		others:  []string{"github.com/jackc/pgx/v5", "github.com/stretchr/testify"},
	},
	"internal/mysqltest":      {project: []string{"internal/daemon", "internal/mysqlserver"}},
	"internal/mysqlserver":    {project: []string{"internal/daemon"}, others: []string{"github.com/go-sql-driver/mysql"}},
	"internal/postgresserver": {project: []string{"internal/daemon"}, others: []string{"github.com/jackc/pgx/v5"}},
	"internal/daemon":         {},
	"internal/database":       {project: []string{"dialect", "dialect/mysql", "dialect/postgres", "dialect/sqlite"}},
}

// source is one folder's Go files, by their path from the module's root.
type source struct {
	name  string
	fset  *token.FileSet
	files map[string]*ast.File
}

// faults gives every broken rule, in the order of the files.
func (s *source) faults() []string {
	var out []string
	plan, planned := floorPlan[s.name]
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		file := s.files[name]
		report := func(pos token.Pos, format string, args ...any) {
			out = append(out, fmt.Sprintf("%s:%d: %s", name, s.fset.Position(pos).Line, fmt.Sprintf(format, args...)))
		}
		if lines := s.fset.File(file.Pos()).LineCount(); lines > maxFile {
			report(file.End(), "the file is %d lines long, %d are allowed", lines, maxFile)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if !planned {
			report(file.Pos(), "package %s has no place in the floor plan", s.name)
		}
		checkName(name, file, report)
		checkImports(file, plan, report)
		checkFunctions(s.fset, file, report)
		checkExported(file, report)
	}
	if s.name != "internal/postgrestest" && s.name != "internal/mysqltest" {
		// Exempt, for one server serves all tests of a process.
		out = append(out, s.checkState()...)
	}
	return out
}

type reporter func(pos token.Pos, format string, args ...any)

func checkName(name string, file *ast.File, report reporter) {
	for _, word := range []string{strings.TrimSuffix(path.Base(name), ".go"), path.Base(path.Dir(name))} {
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "manager"}, word) {
			report(file.Pos(), "the name %q says nothing", word)
		}
	}
}

func checkImports(file *ast.File, plan floor, report reporter) {
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if imported == "C" || !strings.Contains(strings.Split(imported, "/")[0], ".") {
			continue
		}
		allowed := slices.ContainsFunc(plan.others, func(module string) bool {
			return imported == module || strings.HasPrefix(imported, module+"/")
		})
		if own, ok := strings.CutPrefix(imported, modulePath+"/"); ok {
			allowed = slices.Contains(plan.project, own)
		}
		if !allowed {
			report(spec.Pos(), "must not import %s", imported)
		}
	}
}

func checkFunctions(fset *token.FileSet, file *ast.File, report reporter) {
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if fn.Recv == nil && fn.Name.Name == "init" {
			report(fn.Pos(), "func init is not allowed: what runs, runs because somebody called it")
		}
		lines := func(n ast.Node) int { return fset.Position(n.End()).Line - fset.Position(n.Pos()).Line + 1 }
		own := lines(fn)
		ast.Inspect(fn, func(n ast.Node) bool {
			literal, ok := n.(*ast.FuncLit)
			if !ok {
				return true
			}
			// A function within a function is one of its own; of its lines the first and the last are the outer one's.
			if length := lines(literal); length > maxFunction {
				report(literal.Pos(), "a function in %s is %d lines long, %d are allowed", fn.Name.Name, length, maxFunction)
			} else if length > 2 {
				own -= length - 2
			}
			return false
		})
		if own > maxFunction {
			report(fn.Pos(), "%s is %d lines long, %d are allowed", fn.Name.Name, own, maxFunction)
		}
	}
}

// mount is the one function that is for programs of actors, and shows what they are made of.
const mount = "Serve"

// checkExported wants a doc comment on every exported name, and no actor in any exported signature but that of mount.
func checkExported(file *ast.File, report reporter) {
	actorName := importName(file, protoActor)
	look := func(owner string, node ast.Node) {
		ast.Inspect(node, func(n ast.Node) bool {
			if fields, ok := n.(*ast.StructType); ok {
				for _, f := range fields.Fields.List {
					if exportedField(f) {
						ast.Inspect(f.Type, func(n ast.Node) bool { return reportActor(owner, actorName, n, report) })
					}
				}
				return false
			}
			return reportActor(owner, actorName, n, report)
		})
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if !decl.Name.IsExported() || !exportedReceiver(decl) {
				continue
			}
			if file.Name.Name != "actors" || decl.Name.Name != mount {
				look(decl.Name.Name, decl.Type)
			}
			if decl.Doc == nil && file.Name.Name != "main" {
				report(decl.Pos(), "%s has no doc comment", decl.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				checkSpec(file, decl, spec, look, report)
			}
		}
	}
}

func checkSpec(file *ast.File, decl *ast.GenDecl, spec ast.Spec, look func(string, ast.Node), report reporter) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if !spec.Name.IsExported() {
			return
		}
		look(spec.Name.Name, spec.Type)
		if decl.Doc == nil && spec.Doc == nil && file.Name.Name != "main" {
			report(spec.Pos(), "%s has no doc comment", spec.Name.Name)
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() && spec.Type != nil {
				look(name.Name, spec.Type)
			}
			if name.IsExported() && decl.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				report(spec.Pos(), "%s has no doc comment", name.Name)
			}
		}
	}
}

func reportActor(owner, actorName string, n ast.Node, report reporter) bool {
	if selector, ok := n.(*ast.SelectorExpr); ok && actorName != "" {
		if x, ok := selector.X.(*ast.Ident); ok && x.Name == actorName {
			report(selector.Pos(), "the exported %s shows %s.%s", owner, protoActor, selector.Sel.Name)
		}
	}
	return true
}

// importName is the name under which a file knows an import, or empty.
func importName(file *ast.File, imported string) string {
	for _, spec := range file.Imports {
		if spec.Path.Value != strconv.Quote(imported) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(imported)
	}
	return ""
}

func exportedField(f *ast.Field) bool {
	return len(f.Names) == 0 || slices.ContainsFunc(f.Names, func(n *ast.Ident) bool { return n.IsExported() })
}

func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return true
	}
	exported := false
	ast.Inspect(fn.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && !exported {
			exported = id.IsExported()
			return false
		}
		return true
	})
	return exported
}
