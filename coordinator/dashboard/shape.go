package dashboard

import (
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// shape describes a table in lines that can be compared, one for each part of it, in the server's own words.
func shape(live *schema.Live) []string {
	lines := []string{"table " + live.Ref.String()}
	for _, c := range live.Columns {
		lines = append(lines, "  "+columnLine(c))
	}
	if len(live.Key) > 0 {
		lines = append(lines, "  primary key ("+strings.Join(live.Key, ", ")+")")
	}
	for _, f := range live.ForeignKeys {
		lines = append(lines, "  "+foreignKeyLine(f))
	}
	for _, c := range live.Checks {
		lines = append(lines, "  "+join("check", c.Name, c.Expr))
	}
	for _, i := range live.Indexes {
		word := "index"
		if i.Unique {
			word = "unique index"
		}
		lines = append(lines, "  "+join(word, i.Name, i.Definition))
	}
	if live.Comment != "" {
		lines = append(lines, "  comment "+live.Comment)
	}
	for _, name := range live.NotValid {
		lines = append(lines, "  not validated "+name)
	}
	for _, name := range live.Invalid {
		lines = append(lines, "  unfinished index "+name)
	}
	return lines
}

func columnLine(c schema.LiveColumn) string {
	words := []string{c.Name, c.Type}
	add := func(when bool, word string) {
		if when {
			words = append(words, word)
		}
	}
	add(c.NotNull, "not null")
	add(c.Identity, "identity")
	add(c.Default != "", "default "+c.Default)
	add(c.Generated != "", "generated as "+c.Generated)
	add(c.Collation != "", "collate "+c.Collation)
	add(c.Comment != "", "comment "+c.Comment)
	return join(words...)
}

func foreignKeyLine(f schema.ForeignKey) string {
	line := join("foreign key", f.Name, "("+strings.Join(f.Columns, ", ")+")", "references", f.References.String(),
		"("+strings.Join(f.RefColumns, ", ")+")")
	if f.OnDelete != schema.NoAction {
		line += " on delete " + strings.ToLower(f.OnDelete.String())
	}
	if f.OnUpdate != schema.NoAction {
		line += " on update " + strings.ToLower(f.OnUpdate.String())
	}
	return line
}

// join puts the words that there are next to each other. Line breaks would be lines.
func join(words ...string) string {
	var out []string
	for _, w := range words {
		if w = strings.Join(strings.Fields(w), " "); w != "" {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}
