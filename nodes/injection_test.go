package nodes_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// hostileTexts are texts that mean something to one of those on the way: SQL, patterns, COPY, arrays, JSON, drivers, terminals.
var hostileTexts = []string{
	"'; DROP TABLE letters; --", `" OR ""="`, "` OR 1=1", "[body]", "'' ''", `\`, `\'`, `\\N`, `\N`, `\.`, "\\.\n", "a\tb\nc\rd", "\v\f\b\x01\x1b[2J\x7f",
	"%", "_", `\%`, "100%_", "$1", "$$x$$", "?", "?1", ":name", "@x", "{}", `{"a,b",NULL}`, "{NULL}", "NULL", "null", "", " ", "(1,2)", "E'x'", "--", "/* */", ";",
	"é e\u0301 ß ﷽ \u202eabc\u202c 🙂‍↕️ \ufeff", "\u0085\u2028", strings.Repeat("long '\"\\\n", 20_000),
}

// letter has a text in each way a value can travel: as text, as JSON, as bytes, and beside a default.
type letter struct {
	ID    int64    `db:"id"    schema:"pk"`
	Body  string   `db:"body"`
	Again *string  `db:"again"`
	Doc   []string `db:"doc"`
	Raw   []byte   `db:"raw"`
	Kind  string   `db:"kind"  schema:"default='none'"`
}

func letterOf(id int64, text string) letter {
	return letter{ID: id, Body: text, Again: &text, Doc: []string{text}, Raw: []byte(text), Kind: "k" + text}
}

// waysToStore store a letter by every method that stores one.
var waysToStore = map[string]func(ctx context.Context, n *nodes.Node[letter, int64], l letter) error{
	"Create": func(ctx context.Context, n *nodes.Node[letter, int64], l letter) error { return n.Create(ctx, &l) },
	"Update": func(ctx context.Context, n *nodes.Node[letter, int64], l letter) error {
		if err := n.Create(ctx, &letter{ID: l.ID}); err != nil {
			return err
		}
		return n.Update(ctx, &l)
	},
	"Patch": func(ctx context.Context, n *nodes.Node[letter, int64], l letter) error {
		if err := n.Create(ctx, &letter{ID: l.ID}); err != nil {
			return err
		}
		_, err := n.Patch(ctx, l.ID, nodes.Set{"body": l.Body, "again": l.Again, "doc": l.Doc, "raw": l.Raw, "kind": l.Kind})
		return err
	},
	"Upsert": func(ctx context.Context, n *nodes.Node[letter, int64], l letter) error {
		if _, err := n.Upsert(ctx, &letter{ID: l.ID}); err != nil {
			return err
		}
		_, err := n.Upsert(ctx, &l)
		return err
	},
	"BulkCreate": func(ctx context.Context, n *nodes.Node[letter, int64], l letter) error {
		_, err := n.BulkCreate(ctx, []letter{l, {ID: -l.ID}}) // the other one takes a default
		return err
	},
	"BulkCreateSeq": func(ctx context.Context, n *nodes.Node[letter, int64], l letter) error {
		_, err := n.BulkCreateSeq(ctx, slices.Values([]letter{l}))
		return err
	},
	"BulkUpdateRows": func(ctx context.Context, n *nodes.Node[letter, int64], l letter) error {
		if err := n.Create(ctx, &letter{ID: l.ID}); err != nil {
			return err
		}
		_, err := n.BulkUpdateRows(ctx, []letter{l})
		return err
	},
	"BulkUpdate": func(ctx context.Context, n *nodes.Node[letter, int64], l letter) error {
		if err := n.Create(ctx, &letter{ID: l.ID}); err != nil {
			return err
		}
		_, err := n.BulkUpdate(ctx, nodes.Query{Where: nodes.Eq("id", l.ID)},
			nodes.Set{"body": l.Body, "again": l.Again, "doc": l.Doc, "raw": l.Raw, "kind": l.Kind})
		return err
	},
	"BulkUpsert": func(ctx context.Context, n *nodes.Node[letter, int64], l letter) error {
		_, err := n.BulkUpsert(ctx, []letter{l})
		return err
	},
}

// Whatever the text, every way of storing it stores it as it is, and every condition finds it and no other.
func TestHostileValues(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		n := open[letter, int64](t, d)
		for way, store := range waysToStore {
			for i, text := range hostileTexts {
				id := int64(i + 1)
				require.NoError(t, store(t.Context(), n, letterOf(id, text)), "%s %d", way, i)
				var body, again, kind string
				var raw []byte
				_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT body, again, kind, raw FROM letters WHERE id = "+
					d.Placeholder(1), []any{id}, &body, &again, &kind, &raw)
				require.NoError(t, err)
				require.Equal(t, []string{text, text, "k" + text, text}, []string{body, again, kind, string(raw)}, "%s %d", way, i)
				got, err := n.Get(t.Context(), id)
				require.NoError(t, err)
				require.Equal(t, []string{text}, got.Doc)
			}
			if way == "Create" {
				conditionsFind(t, n)
			}
			_, err := n.BulkPurge(t.Context(), nodes.AllRows())
			require.NoError(t, err)
		}
	})
}

// conditionsFind looks for each hostileTexts text by every operator.
func conditionsFind(t *testing.T, n *nodes.Node[letter, int64]) {
	body := nodes.Col[letter, string]("body")
	for i, text := range hostileTexts {
		escaped := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
		for name, where := range map[string]nodes.Cond{
			"eq": nodes.Eq("body", text), "in": nodes.In("body", "no such text", text), "typed": body.Eq(text),
			"between": nodes.Between("body", text, text), "like": nodes.Like("body", escaped),
			"prefix and suffix": nodes.And(nodes.Prefix("body", text), nodes.Suffix("body", text), nodes.Le("body", text)),
			"contains":          nodes.And(nodes.Contains("body", text), nodes.Ge("body", text), nodes.Le("body", text)),
			"null or not":       nodes.And(nodes.Or(nodes.Null("body"), nodes.NotNull("again")), nodes.Not(nodes.Ne("body", text))),
		} {
			if len(text) > 10_000 && name != "eq" && name != "in" && name != "typed" {
				continue // SQLite takes no longer pattern
			}
			found, err := n.List(t.Context(), nodes.Query{Where: where})
			require.NoError(t, err, "%s %d", name, i)
			require.Len(t, found, 1, "%s %d", name, i)
			require.Equal(t, text, found[0].Body)
		}
	}
}

// What is no text is refused by name on every way, and nothing is stored.
func TestBrokenText(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		n := open[letter, int64](t, d)
		for way, store := range waysToStore {
			for _, text := range []string{"a\x00b", "\xff", "cut \xe2\x82"} {
				l := letterOf(1, "fine")
				l.Body = text
				err := store(t.Context(), n, l)
				require.ErrorIs(t, err, schema.ErrInvalid, "%s %q", way, text)
				require.ErrorContains(t, err, "body", way)
				require.NotContains(t, err.Error(), text)
				stored, err := n.Count(t.Context(), nodes.Query{Where: nodes.Eq("again", "fine")})
				require.NoError(t, err)
				require.Zero(t, stored, way)
				_, err = n.BulkPurge(t.Context(), nodes.AllRows())
				require.NoError(t, err)
			}
		}
	})
}

// A name that the model does not have is refused wherever a name can stand, before anything is sent.
func TestHostileNames(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		over := &tally{Dialect: d}
		table, gate := gateOf[letter](t, d)
		n, err := nodes.New[letter, int64](over, table, gate)
		require.NoError(t, err)
		ctx, row := t.Context(), letterOf(1, "x")
		places := map[string]func(name string) error{
			"where": func(name string) error { _, err := n.List(ctx, nodes.Query{Where: nodes.Eq(name, 1)}); return err },
			"deep": func(name string) error {
				_, err := n.Count(ctx, nodes.Query{Where: nodes.Not(nodes.Or(nodes.Eq("id", 1), nodes.And(nodes.Null(name))))})
				return err
			},
			"order": func(name string) error {
				_, err := n.List(ctx, nodes.Query{OrderBy: []nodes.Order{nodes.Asc(name)}})
				return err
			},
			"only": func(name string) error { _, err := n.First(ctx, nodes.Query{Only: []string{name}}); return err },
			"set":  func(name string) error { _, err := n.Patch(ctx, 1, nodes.Set{name: 1}); return err },
			"sets": func(name string) error { _, err := n.BulkUpdate(ctx, nodes.AllRows(), nodes.Set{name: 1}); return err },
			"by": func(name string) error {
				_, err := n.Aggregate(ctx, nodes.Query{}, []string{name}, nodes.CountRows())
				return err
			},
			"term": func(name string) error {
				_, err := n.Aggregate(ctx, nodes.Query{}, nil, nodes.Max("id"), nodes.Min(name).As("m"))
				return err
			},
			"target": func(name string) error { _, err := n.Upsert(ctx, &row, nodes.OnConflict(name)); return err },
			"update": func(name string) error {
				_, err := n.BulkUpsert(ctx, []letter{row}, nodes.UpdateOnly("body", name))
				return err
			},
			"typed": func(name string) error {
				_, err := n.Exists(ctx, nodes.Query{Where: nodes.Col[letter, int64](name).Eq(1)})
				return err
			},
			"cursor": func(name string) error {
				_, err := n.Page(ctx, nodes.Query{After: nodes.Cursor("x" + name)})
				return err
			},
		}
		names := append([]string{"ID", "id ", "letters.id", `"id"`, "id\x00", "rowid", "ctid", "oid", "body--", "id, body", "count(*)", "*"}, hostileTexts...)
		for place, use := range places {
			for i, name := range names {
				err := use(name)
				require.ErrorIs(t, err, schema.ErrInvalid, "%s %d", place, i)
				require.Less(t, len(err.Error()), 500, "%s %d", place, i)
			}
		}
		require.Zero(t, over.reads.Load()+over.writes.Load(), "nothing was sent")

		for _, name := range hostileTexts { // a name for a figure is no name in SQL
			if name == "" {
				continue
			}
			groups, err := n.Aggregate(ctx, nodes.Query{}, nil, nodes.CountRows().As(name))
			require.NoError(t, err)
			require.Equal(t, []nodes.Group{{name: int64(0)}}, groups)
		}
	})
}
