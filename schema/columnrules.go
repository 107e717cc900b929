package schema

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxSize      = 10_485_760 // PostgreSQL's longest varchar
	maxPrecision = 38
)

// columnRules are what a single column must keep to, each with what is said when it does not.
var columnRules = []struct {
	reason string
	broken func(p *columnParser, c *Column) bool
}{
	{"null and notnull contradict each other", func(p *columnParser, _ *Column) bool { return p.seen["null"] && p.seen["notnull"] }},
	{"a key cannot be null", func(p *columnParser, c *Column) bool { return p.seen["pk"] && (c.Nullable || p.pointer) }},
	{"a key cannot be generated", func(p *columnParser, c *Column) bool { return p.seen["pk"] && c.Generated != "" }},
	{"JSON cannot be a key", func(p *columnParser, c *Column) bool { return p.seen["pk"] && c.Kind == KindJSON }},
	{"size is for strings and bytes", func(p *columnParser, c *Column) bool {
		return p.seen["size"] && c.Kind != KindString && c.Kind != KindBytes
	}},
	{"size must be from 1 to 10485760", func(p *columnParser, c *Column) bool {
		return p.seen["size"] && (c.Size < 1 || c.Size > maxSize)
	}},
	{"precision and scale are for decimals", func(p *columnParser, c *Column) bool {
		return (p.seen["precision"] || p.seen["scale"]) && c.Kind != KindDecimal
	}},
	{"a decimal needs a precision from 1 to 38 and a scale from 0 to the precision", func(_ *columnParser, c *Column) bool {
		return c.Kind == KindDecimal && (c.Precision < 1 || c.Precision > maxPrecision || c.Scale > c.Precision)
	}},
	{"enum is for strings", func(_ *columnParser, c *Column) bool { return len(c.Enum) > 0 && c.Kind != KindString }},
	{"an enum value is empty, given twice, longer than size, or not text", func(_ *columnParser, c *Column) bool {
		return len(c.Enum) > 0 && !goodEnum(c)
	}},
	{"auto is for an integer that is the key", func(p *columnParser, c *Column) bool {
		return c.Auto && (!p.seen["pk"] || !c.Kind.Integer())
	}},
	{"default, generated and auto exclude each other", func(_ *columnParser, c *Column) bool {
		return c.Default != "" && c.Generated != "" || c.Auto && (c.Default != "" || c.Generated != "")
	}},
	{"default, generated, comment, was and backfill must be UTF-8 without a zero byte", func(_ *columnParser, c *Column) bool {
		return badText(c.Default) || badText(c.Generated) || badText(c.Comment) || badText(c.Was) || badText(c.Backfill)
	}},
	{"a generated or auto column cannot be filled: no backfill", func(_ *columnParser, c *Column) bool {
		return c.Backfill != "" && (c.Generated != "" || c.Auto)
	}},
	{"was names the column itself", func(_ *columnParser, c *Column) bool { return strings.EqualFold(c.Was, c.Name) }},
	{"default=now is for times and dates", func(_ *columnParser, c *Column) bool {
		return c.Default == DefaultNow && c.Kind != KindTime && c.Kind != KindDate
	}},
	{"false could never be stored, because it would become the default: use *bool", func(p *columnParser, c *Column) bool {
		return c.Kind == KindBool && c.Default != "" && !p.pointer && !slices.Contains([]string{"false", "0"}, strings.ToLower(c.Default))
	}},
	{"created, updated and deleted are for times", func(_ *columnParser, c *Column) bool {
		return slices.Contains([]Role{RoleCreated, RoleUpdated, RoleDeleted}, c.Role) && c.Kind != KindTime
	}},
	{"created and updated cannot be null", func(_ *columnParser, c *Column) bool {
		return (c.Role == RoleCreated || c.Role == RoleUpdated) && c.Nullable
	}},
	{"deleted must be nullable: use *time.Time", func(_ *columnParser, c *Column) bool { return c.Role == RoleDeleted && !c.Nullable }},
	{"version is for an integer that is not null", func(_ *columnParser, c *Column) bool {
		return c.Role == RoleVersion && (!c.Kind.Integer() || c.Nullable)
	}},
	{"a lifecycle column is filled by the library: no pk, auto, default or generated", func(p *columnParser, c *Column) bool {
		return c.Role != RoleNone && (p.seen["pk"] || c.Auto || c.Default != "" || c.Generated != "")
	}},
}

func goodEnum(c *Column) bool {
	seen := map[string]bool{}
	for _, v := range c.Enum {
		if v == "" || seen[v] || badText(v) {
			return false
		}
		if c.Size > 0 && utf8.RuneCountInString(v) > c.Size {
			return false
		}
		seen[v] = true
	}
	return true
}
