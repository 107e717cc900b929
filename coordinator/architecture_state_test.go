package coordinator_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"
)

// checkState finds variables of the package that can change. Allowed are interface assertions, error sentinels, embedded files, and
// unexported tables, patterns and constants in all but name that nothing in the package writes to.
func (s *source) checkState() []string {
	var files []*ast.File
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		if !strings.HasSuffix(name, "_test.go") {
			files = append(files, s.files[name])
		}
	}
	if len(files) == 0 {
		return nil
	}
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	// Only what a name refers to is wanted, and that needs neither imports nor freedom from errors.
	config := types.Config{Error: func(error) {}, Importer: hollowImporter{}, FakeImportC: true}
	_, _ = config.Check(s.name, s.fset, files, info)
	written := writtenObjects(files, info)

	var out []string
	for _, file := range files {
		for _, decl := range file.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.VAR {
				continue
			}
			for _, spec := range group.Specs {
				spec := spec.(*ast.ValueSpec)
				for i, name := range spec.Names {
					if name.Name != "_" && !constantLike(spec, i) && !embedded(group, spec) || written[info.Defs[name]] {
						position := s.fset.Position(name.Pos())
						out = append(out, fmt.Sprintf("%s/%s:%d: package-level state: %s",
							s.name, path.Base(position.Filename), position.Line, name.Name))
					}
				}
			}
		}
	}
	return out
}

// constantLike reports whether the i-th variable's value can stay what it is.
func constantLike(spec *ast.ValueSpec, i int) bool {
	if len(spec.Values) != len(spec.Names) {
		return false
	}
	name, value := spec.Names[i].Name, spec.Values[i]
	if call, ok := value.(*ast.CallExpr); ok {
		function := types.ExprString(call.Fun)
		if strings.HasPrefix(strings.ToLower(name), "err") {
			return function == "errors.New" || function == "fmt.Errorf"
		}
		made := []string{"regexp.MustCompile", "strings.NewReplacer", "reflect.TypeFor", "reflect.TypeOf", "time.Date"}
		return !ast.IsExported(name) && slices.ContainsFunc(made, func(m string) bool {
			return function == m || strings.HasPrefix(function, m+"[")
		})
	}
	if unary, ok := value.(*ast.UnaryExpr); ok && unary.Op == token.AND {
		return false
	}
	return !ast.IsExported(name)
}

// embedded reports whether the variable is an unexported one that the compiler fills from files.
func embedded(group *ast.GenDecl, spec *ast.ValueSpec) bool {
	directive := func(doc *ast.CommentGroup) bool {
		return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
	}
	return (directive(group.Doc) || directive(spec.Doc)) && !ast.IsExported(spec.Names[0].Name)
}

// writtenObjects are all objects that some statement assigns to, counts up, appends to, deletes from, clears, or takes
// the address of, as a whole or in part.
func writtenObjects(files []*ast.File, info *types.Info) map[types.Object]bool {
	written := map[types.Object]bool{}
	mark := func(e ast.Expr) {
		if id := root(e); id != nil && info.Uses[id] != nil {
			written[info.Uses[id]] = true
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					mark(left)
				}
			case *ast.IncDecStmt:
				mark(n.X)
			case *ast.RangeStmt:
				mark(n.Key)
				mark(n.Value)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					mark(n.X)
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 &&
					slices.Contains([]string{"append", "delete", "clear", "copy"}, f.Name) {
					mark(n.Args[0])
				}
			}
			return true
		})
	}
	return written
}

// root is the variable at the bottom of x, x.f, x[i], *x and (x).
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// hollowImporter gives an empty package for every path.
type hollowImporter struct{}

func (hollowImporter) Import(imported string) (*types.Package, error) {
	p := types.NewPackage(imported, path.Base(imported))
	p.MarkComplete()
	return p, nil
}
