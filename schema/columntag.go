package schema

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// columnParser reads the options of one field into its column.
type columnParser struct {
	*builder
	column    Column
	tag       string
	pointer   bool // the Go type itself can say null
	seen      map[string]bool
	reference *ForeignKey
}

// columnOption is what a tag option does; reason is empty unless the value is at fault.
type columnOption struct {
	value valueRule
	apply func(p *columnParser, value string) (reason string)
}

type valueRule uint8

const (
	noValue valueRule = iota
	someValue
	maybeValue
	sqlValue // some value, whose quotes belong to it
)

// columnOptions are all tag options of a field.
var columnOptions = map[string]columnOption{
	"pk":         {noValue, nothing},
	"auto":       {noValue, func(p *columnParser, _ string) string { p.column.Auto = true; return "" }},
	"unique":     {maybeValue, func(p *columnParser, v string) string { p.group(true, v, p.column.Name); return "" }},
	"index":      {maybeValue, func(p *columnParser, v string) string { p.group(false, v, p.column.Name); return "" }},
	"size":       {someValue, func(p *columnParser, v string) string { return number(v, &p.column.Size) }},
	"precision":  {someValue, func(p *columnParser, v string) string { return number(v, &p.column.Precision) }},
	"scale":      {someValue, func(p *columnParser, v string) string { return number(v, &p.column.Scale) }},
	"type":       {someValue, (*columnParser).setKind},
	"enum":       {sqlValue, (*columnParser).setEnum},
	"default":    {sqlValue, func(p *columnParser, v string) string { p.column.Default = v; return "" }},
	"generated":  {sqlValue, func(p *columnParser, v string) string { p.column.Generated = v; return "" }},
	"check":      {sqlValue, (*columnParser).addCheck},
	"references": {someValue, (*columnParser).setReference},
	"ondelete":   {someValue, nothing}, // read by actions, when the reference is known
	"onupdate":   {someValue, nothing},
	"null":       {noValue, func(p *columnParser, _ string) string { p.column.Nullable = true; return "" }},
	"notnull":    {noValue, func(p *columnParser, _ string) string { p.column.Nullable = false; return "" }},
	"comment":    {someValue, func(p *columnParser, v string) string { p.column.Comment = v; return "" }},
	"was":        {someValue, func(p *columnParser, v string) string { p.column.Was = v; return "" }},
	"backfill":   {sqlValue, func(p *columnParser, v string) string { p.column.Backfill = v; return "" }},
	"created":    {noValue, role(RoleCreated)},
	"updated":    {noValue, role(RoleUpdated)},
	"deleted":    {noValue, role(RoleDeleted)},
	"version":    {noValue, role(RoleVersion)},
}

func nothing(*columnParser, string) string { return "" }

func role(r Role) func(*columnParser, string) string {
	return func(p *columnParser, _ string) string {
		if p.column.Role != RoleNone {
			return "a column has one lifecycle role"
		}
		p.column.Role = r
		return ""
	}
}

func number(value string, to *int) string {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return "not a whole number"
	}
	*to = n
	return ""
}

// options reads the tag. Each option's fault is reported, and the others are read all the same.
func (p *columnParser) options() {
	list, faults := parseTag(p.tag)
	for _, err := range faults {
		p.wrong(err.Error())
	}
	p.keyed = p.keyed || faults != nil && list == nil
	actions := map[string]string{}
	for _, o := range list {
		p.keyed = p.keyed || o.name == "pk"
		if reason := p.option(o); reason != "" {
			p.wrong(fmt.Sprintf("option %q: %s", o.name, reason))
			continue
		}
		p.seen[o.name] = true
		if o.name == "ondelete" || o.name == "onupdate" {
			actions[o.name] = unquote(o.value)
		}
	}
	p.actions(actions)
}

// option reads one option.
func (p *columnParser) option(o tagOption) (reason string) {
	option, known := columnOptions[o.name]
	needed := option.value == someValue || option.value == sqlValue
	switch {
	case !known:
		return "unknown option"
	case p.seen[o.name] && o.name != "unique" && o.name != "index" && o.name != "check":
		return "given twice"
	case option.value == noValue && o.hasValue:
		return "takes no value"
	case o.hasValue && o.value == "":
		return "an equals sign and no value"
	case needed && !o.hasValue:
		return "needs a value"
	case option.value != sqlValue:
		o.value = unquote(o.value)
	}
	return option.apply(p, o.value)
}

func (p *columnParser) wrong(reason string) { p.fault(p.column.Field, reason) }

func (p *columnParser) setKind(word string) string {
	at := slices.Index(kindNames[:], word)
	if at <= int(KindInvalid) {
		return "not one of " + strings.Join(kindNames[1:], ", ")
	}
	p.column.Kind = Kind(at)
	return ""
}

func (p *columnParser) setEnum(list string) string {
	values, err := split(list, '|')
	if err != nil {
		return err.Error()
	}
	for i, v := range values {
		values[i] = unquote(strings.TrimSpace(v))
	}
	p.column.Enum = values
	return ""
}

func (p *columnParser) addCheck(expr string) string {
	if badText(expr) {
		return "holds a zero byte or is not UTF-8"
	}
	p.table.checks = append(p.table.checks, Check{Expr: expr})
	return ""
}

func (p *columnParser) setReference(target string) string {
	parts := strings.Split(target, ".")
	if n := len(parts); n < 2 || n > 3 || slices.Contains(parts, "") {
		return "write table.column or namespace.table.column"
	}
	fk := &ForeignKey{Columns: []string{p.column.Name}}
	if len(parts) == 3 {
		fk.References.Namespace, parts = parts[0], parts[1:]
	}
	fk.References.Name, fk.RefColumns = parts[0], parts[1:]
	p.reference = fk
	return ""
}

// actions sets what happens to the row when its foreign key's target goes or changes.
func (p *columnParser) actions(words map[string]string) {
	for _, name := range []string{"ondelete", "onupdate"} {
		word, given := words[name]
		if !given {
			continue
		}
		action, ok := actionOf(word)
		switch {
		case !ok:
			p.wrong(fmt.Sprintf("option %q: not one of cascade, restrict, set null, set default, no action", name))
		case p.reference == nil:
			p.wrong(fmt.Sprintf("option %q: there is no references", name))
		case name == "ondelete":
			p.reference.OnDelete = action
		default:
			p.reference.OnUpdate = action
		}
	}
}

func actionOf(words string) (Action, bool) {
	words = strings.Join(strings.FieldsFunc(words, func(r rune) bool { return r == ' ' || r == '_' }), " ")
	for i, name := range actionNames {
		if strings.EqualFold(name, words) {
			return Action(i), true
		}
	}
	return NoAction, false
}

// check looks whether the options fit the field and each other.
func (p *columnParser) check(t reflect.Type) {
	c := &p.column
	if c.Kind == KindInvalid {
		p.wrong(fmt.Sprintf("Go type %s does not tell its kind: say it with type=", t))
		return
	}
	if p.seen["type"] && !fits(t, c.Kind) {
		p.wrong(fmt.Sprintf("Go type %s cannot hold kind %s", t, c.Kind))
	}
	for _, rule := range columnRules {
		if rule.broken(p, c) {
			p.wrong(rule.reason)
		}
	}
}
