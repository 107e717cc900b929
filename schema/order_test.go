package schema

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// graph makes tables of which each points to the others named behind it: "orders: users items".
func graph(lines ...string) []*Table {
	var tables []*Table
	for _, line := range lines {
		name, targets, _ := strings.Cut(line, ":")
		t := &Table{ref: Ref{Name: name}}
		for _, target := range strings.Fields(targets) {
			t.foreignKeys = append(t.foreignKeys, ForeignKey{References: Ref{Name: target}})
		}
		tables = append(tables, t)
	}
	return tables
}

func words(groups [][]*Table) string {
	var parts []string
	for _, group := range groups {
		var names []string
		for _, t := range group {
			names = append(names, t.String())
		}
		parts = append(parts, strings.Join(names, "+"))
	}
	return strings.Join(parts, " ")
}

func TestGroups(t *testing.T) {
	for want, tables := range map[string][]*Table{
		"":                nil,
		"a b c":           graph("c", "a", "b"),
		"z y x":           graph("x: y", "y: z", "z"),
		"a":               graph("a: a elsewhere"),
		"a+b":             graph("b: a", "a: b"),
		"c a+b d":         graph("a: b", "b: a c", "c", "d: a"),
		"a+b+c":           graph("a: b", "b: c", "c: a"),
		"d+e+f":           graph("d: f", "e: d", "f: e"), // found in another order than the names'
		"c+d a+b":         graph("a: b", "b: a c", "c: d", "d: c"),
		"base left right": graph("right: base", "left: base", "base"),
		"base left+right": graph("right: base left", "left: base right", "base: base"),
		"hub a+b+c+d":     graph("a: b hub", "b: c", "c: d a", "d: b", "hub"),
	} {
		require.Equal(t, want, words(Groups(tables)))
	}
}

func TestGroupsTellNamespacesApart(t *testing.T) {
	far := &Table{ref: Ref{"z", "users"}}
	near := &Table{ref: Ref{"", "users"}}
	orders := &Table{ref: Ref{"a", "orders"}, foreignKeys: []ForeignKey{{References: Ref{"z", "users"}}}}
	require.Equal(t, "users z.users a.orders", words(Groups([]*Table{orders, far, near})))
}

func TestGroupsKeepTheirPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "tables")
		var lines []string
		for i := range n {
			targets := rapid.SliceOfN(rapid.IntRange(0, n), 0, 3).Draw(t, "targets") // n is unknown
			lines = append(lines, fmt.Sprintf("t%d: t%s", i, strings.Join(strings.Fields(strings.Trim(fmt.Sprint(targets), "[]")), " t")))
		}
		tables := graph(lines...)
		tables = rapid.Permutation(tables).Draw(t, "given")
		before := slices.Clone(tables)
		groups := Groups(tables)
		require.Equal(t, before, tables, "the argument is left as it was")
		require.Equal(t, words(groups), words(Groups(rapid.Permutation(tables).Draw(t, "order"))), "whatever the order")

		reach := reachable(tables)
		place := map[string]int{}
		for at, group := range groups {
			for _, table := range group {
				require.NotContains(t, place, table.ref.Name, "once")
				place[table.ref.Name] = at
			}
		}
		require.Len(t, place, n)
		for _, a := range tables {
			for _, b := range tables {
				there, back := reach[a.ref.Name][b.ref.Name], reach[b.ref.Name][a.ref.Name]
				same := a == b || there && back
				require.Equal(t, same, place[a.ref.Name] == place[b.ref.Name], "a circle is one group, and nothing else is")
				if there {
					require.LessOrEqual(t, place[b.ref.Name], place[a.ref.Name], "what is pointed to comes first")
				}
			}
		}
	})
}

// reachable says which table leads to which, by trying all ways.
func reachable(tables []*Table) map[string]map[string]bool {
	reach := map[string]map[string]bool{}
	for _, t := range tables {
		reach[t.ref.Name] = map[string]bool{}
		for _, fk := range t.foreignKeys {
			reach[t.ref.Name][fk.References.Name] = true
		}
	}
	for _, via := range tables {
		for _, a := range tables {
			for _, b := range tables {
				if reach[a.ref.Name][via.ref.Name] && reach[via.ref.Name][b.ref.Name] {
					reach[a.ref.Name][b.ref.Name] = true
				}
			}
		}
	}
	return reach
}
