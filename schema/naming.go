package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gobuffalo/flect"
)

// tailLen is how many hex digits of a hash a shortened name ends with.
const tailLen = 8

// FitName gives a name that takes at most limit bytes: the name itself, or its beginning, an underscore and eight hex
// digits of its SHA-256, so that every process shortens it to the same; below ten bytes there is room for digits only.
// A limit of 0 is none.
func FitName(name string, limit int) string {
	if limit <= 0 || len(name) <= limit {
		return name
	}
	cut := limit - tailLen - 1
	if cut <= 0 {
		return tail(name)[:min(limit, tailLen)]
	}
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + "_" + tail(name)
}

func tail(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])[:tailLen]
}

// IndexName gives the index's own name, or the one derived from table and columns.
func IndexName(table Ref, ix Index) string {
	if ix.Name != "" {
		return ix.Name
	}
	end := "_ix"
	if ix.Unique {
		end = "_uq"
	}
	return derive(table.Name, ix.Columns, end)
}

// CheckName gives the check's own name, or the one derived from table and expression.
func CheckName(table Ref, c Check) string {
	if c.Name != "" {
		return c.Name
	}
	return derive(table.Name, []string{tail(c.Expr)}, "_ck")
}

// ForeignKeyName gives the foreign key's own name, or the one derived from table and columns.
func ForeignKeyName(table Ref, fk ForeignKey) string {
	if fk.Name != "" {
		return fk.Name
	}
	return derive(table.Name, fk.Columns, "_fk")
}

// derive joins parts by a double underscore. Where a part makes that ambiguous, a hash of the parts is added.
func derive(table string, parts []string, end string) string {
	all := append([]string{table}, parts...)
	ambiguous := false
	for _, p := range all {
		if strings.Contains(p, "__") || strings.HasPrefix(p, "_") || strings.HasSuffix(p, "_") {
			ambiguous = true
		}
	}
	name := strings.Join(all, "__")
	if ambiguous {
		name += "_" + tail(strings.Join(all, "\x00"))
	}
	return name + end
}

// snake gives a Go name in snake case: HTTPServerID is http_server_id, UserIDs is user_ids.
func snake(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && runes[i-1] != '_' {
			wordEnded := !unicode.IsUpper(runes[i-1])
			if wordEnded || wordBegins(runes[i+1:]) {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// wordBegins reports whether what follows a capital makes it a word's first letter and not an acronym's last. An s
// alone is the acronym's plural.
func wordBegins(rest []rune) bool {
	if len(rest) == 0 || !unicode.IsLower(rest[0]) {
		return false
	}
	return rest[0] != 's' || len(rest) > 1 && unicode.IsLower(rest[1])
}

// tableName gives the table's name for a Go type: its last word in the plural.
func tableName(goName string) string {
	name := snake(goName)
	head, last := "", name
	if i := strings.LastIndexByte(name, '_'); i >= 0 {
		head, last = name[:i+1], name[i+1:]
	}
	return head + flect.Pluralize(last)
}
