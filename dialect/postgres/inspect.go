package postgres

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Inspect implements dialect.Inspector. A view or another thing that is no table under one of the names is
// ErrSchemaMismatch.
func (d *DB) Inspect(ctx context.Context, q dialect.Querier, refs ...schema.Ref) ([]*schema.Live, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	seen, err := inspect(ctx, q, refs)
	if err != nil {
		return nil, err
	}
	out := make([]*schema.Live, len(refs))
	for i, s := range seen {
		if s.live == nil && s.kind != "" {
			return nil, &schema.Error{
				Op: "inspect", Table: refs[i].String(), Kind: schema.ErrSchemaMismatch,
				Detail: "the name belongs to " + relationKind(s.kind),
			}
		}
		out[i] = s.live
	}
	return out, nil
}

// sight is what the catalogue says of one name.
type sight struct {
	namespace string // resolved
	current   string // current_schema()
	kind      string // pg_class.relkind; empty where nothing has the name
	hash      string // empty for what is no table
	live      *schema.Live
}

func inspect(ctx context.Context, q dialect.Querier, refs []schema.Ref) ([]sight, error) {
	namespaces, names := split(refs)
	result, err := q.Query(ctx, catalogSQL, namespaces, names)
	if err != nil {
		return nil, named("inspect", err)
	}
	out := make([]sight, len(refs))
	var text *string
	err = readSights(result, out, func(s *sight, at int) error {
		if text == nil {
			return nil
		}
		live, err := readLive(*text)
		if err != nil {
			return err
		}
		live.Ref, live.Hash, s.live = fit(refs[at]), s.hash, live
		return nil
	}, &text)
	if err != nil {
		return nil, named("inspect", err)
	}
	return out, nil
}

// readSights reads and closes the result of surveySQL, or of a query with more columns, which go to dest before then is
// called with the sight and its position.
func readSights(result dialect.Rows, out []sight, then func(s *sight, at int) error, dest ...any) error {
	defer func() { _ = result.Close() }()
	var ord int
	var s sight
	all := append([]any{&ord, &s.namespace, &s.current, &s.kind, &s.hash}, dest...)
	for result.Next() {
		s = sight{}
		if err := result.Scan(all...); err != nil {
			return err
		}
		if then != nil {
			if err := then(&s, ord-1); err != nil {
				return err
			}
		}
		out[ord-1] = s
	}
	return result.Close()
}

// split gives the parts of refs as they are stored.
func split(refs []schema.Ref) (namespaces, names []string) {
	for _, ref := range refs {
		stored := fit(ref)
		namespaces, names = append(namespaces, stored.Namespace), append(names, stored.Name)
	}
	return namespaces, names
}

// fit gives a reference as it is stored.
func fit(ref schema.Ref) schema.Ref {
	g := Grammar{}
	return schema.Ref{Namespace: g.FitName(ref.Namespace), Name: g.FitName(ref.Name)}
}

// document is the JSON of documentSQL.
type document struct {
	Comment string
	Columns []struct {
		Name, Type, Collation, Identity, Generated, Expr, Comment string
		NotNull, Serial, Volatile                                 bool
	}
	Key     []string
	KeyName string
	Indexes []struct {
		Name       string
		Unique     bool
		Constraint bool
		Definition string
	}
	ForeignKeys []struct {
		Name, Namespace, Table string
		Columns, RefColumns    []string
		OnDelete, OnUpdate     string
	}
	Checks            []schema.LiveCheck
	NotValid, Invalid []string
}

func readLive(text string) (*schema.Live, error) {
	var doc document
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return nil, err
	}
	live := &schema.Live{
		Key: doc.Key, KeyName: doc.KeyName, Checks: doc.Checks, Comment: doc.Comment, NotValid: doc.NotValid, Invalid: doc.Invalid,
	}
	slices.SortFunc(live.Checks, func(a, b schema.LiveCheck) int { return strings.Compare(a.Expr, b.Expr) })
	for _, c := range doc.Columns {
		column := schema.LiveColumn{
			Name: c.Name, Type: c.Type, Collation: c.Collation, NotNull: c.NotNull, Comment: c.Comment, Identity: c.Identity == "d",
		}
		switch {
		case c.Identity == "a":
			// It refuses keys that a program brings along, which `auto` allows.
			column.Generated = "always as identity"
		case c.Generated == "s":
			column.Generated = c.Expr
		case c.Generated != "":
			column.Generated = c.Expr + " virtual"
		case c.Serial && strings.HasPrefix(c.Expr, "nextval("):
			column.Identity = true
		default:
			column.Default, column.Volatile = c.Expr, c.Volatile
		}
		live.Columns = append(live.Columns, column)
	}
	for _, ix := range doc.Indexes {
		live.Indexes = append(live.Indexes, schema.LiveIndex(ix))
	}
	for _, fk := range doc.ForeignKeys {
		live.ForeignKeys = append(live.ForeignKeys, schema.ForeignKey{
			Name: fk.Name, Columns: fk.Columns, References: schema.Ref{Namespace: fk.Namespace, Name: fk.Table},
			RefColumns: fk.RefColumns, OnDelete: action(fk.OnDelete), OnUpdate: action(fk.OnUpdate),
		})
	}
	return live, nil
}

// action reads pg_constraint's letter.
func action(letter string) schema.Action {
	switch letter {
	case "r":
		return schema.Restrict
	case "c":
		return schema.Cascade
	case "n":
		return schema.SetNull
	case "d":
		return schema.SetDefault
	default:
		return schema.NoAction
	}
}

func relationKind(letter string) string {
	switch letter {
	case "v":
		return "a view"
	case "m":
		return "a materialized view"
	case "f":
		return "a foreign table"
	case "S":
		return "a sequence"
	case "i", "I":
		return "an index"
	case "c":
		return "a composite type"
	default:
		return "something that is no table"
	}
}
