package schema

import (
	"fmt"
	"strings"
)

// scratchPrefix begins the names of what a plan makes on its way and takes away again.
const scratchPrefix = "schemactor_"

// Renames gives the columns that a model says had another name before, for Compare. Both names are put through fit,
// the dialect's FitName, and so are as a catalogue shows them.
func Renames(t *Table, fit func(string) string) []Rename {
	var out []Rename
	for i := range t.columns {
		c := &t.columns[i]
		if r := (Rename{From: fit(c.Was), To: fit(c.Name)}); c.Was != "" && r.From != r.To {
			out = append(out, r)
		}
	}
	return out
}

// RenameHints tells which missing columns look like extra ones under a new name: of the same type and nullability. It
// says nothing where a column has more than one such partner. Hints are for people; nothing is renamed for them.
func (d *Delta) RenameHints() []string {
	var out []string
	for _, missing := range d.Missing {
		partners := alike(missing, d.Extra, d.freed)
		if len(partners) == 1 && len(alike(partners[0], d.Missing, nil)) == 1 {
			out = append(out, fmt.Sprintf("column %q is missing and %q of the same type is not in the model: if it was renamed, say was=%s",
				missing.Name, partners[0].Name, tagValue(partners[0].Name)))
		}
	}
	return out
}

// freed reports whether an extra column may be the former self of a missing one: it is not a plan's own, and the model
// does not say already what it is.
func (d *Delta) freed(c LiveColumn) bool {
	for _, r := range d.Conflicts {
		if r.From == c.Name {
			return false
		}
	}
	return !strings.HasPrefix(c.Name, scratchPrefix)
}

// alike gives the columns of a list that a column could be renamed to or from.
func alike(c LiveColumn, list []LiveColumn, which func(LiveColumn) bool) (out []LiveColumn) {
	for _, other := range list {
		same := c.Type == other.Type && c.NotNull == other.NotNull && c.Identity == other.Identity &&
			(c.Generated == "") == (other.Generated == "")
		if same && (which == nil || which(other)) {
			out = append(out, other)
		}
	}
	return out
}

// tagValue writes a name as a tag option's value, in quotes where it could be taken for something else.
func tagValue(name string) string {
	if plainIdentifier(name) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", "''") + "'"
}
