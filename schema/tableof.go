package schema

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// TableOf reads the shape of a table from the struct type T: its exported fields in their order, those of embedded
// structs among them. The column's name is the `db` tag or the field's name in snake case, the table's name is the
// type's in snake case and plural; the `schema` tag and the options say the rest. Every fault is reported, as one
// joined error of *TagError values, each of which matches ErrInvalid.
func TableOf[T any](opts ...TableOption) (*Table, error) {
	return tableOf(reflect.TypeFor[T](), opts)
}

// TableOfType is TableOf for a struct type that is known at run time only, as one made by reflect.StructOf, which has no
// name: the table then needs one by Named.
func TableOfType(rt reflect.Type, opts ...TableOption) (*Table, error) { return tableOf(rt, opts) }

func tableOf(rt reflect.Type, opts []TableOption) (*Table, error) {
	b := newBuilder(rt)
	if rt.Kind() != reflect.Struct {
		b.fault("", "not a struct")
		return nil, errors.Join(b.faults...)
	}
	b.fields(rt, 0, "")
	return b.finish(opts)
}

// builder puts a Table together and collects its faults.
type builder struct {
	table  *Table
	faults []error
	groups map[string]int    // index group → position in table.indexes
	tags   map[string]string // field → its struct tag
	keyed  bool              // a field means to be the key, be it right or wrong
}

func newBuilder(rt reflect.Type) *builder {
	b := &builder{table: &Table{goType: rt, byName: map[string]int{}}, groups: map[string]int{}, tags: map[string]string{}}
	// The name of a generic type goes on with its arguments.
	goName, _, _ := strings.Cut(rt.Name(), "[")
	b.table.ref.Name = tableName(goName)
	return b
}

// finish applies the options to the table of all columns, and looks at it as a whole.
func (b *builder) finish(opts []TableOption) (*Table, error) {
	if len(b.table.columns) == 0 && len(b.faults) == 0 {
		b.fault("", "no field is a column")
	}
	for _, o := range opts {
		if o != nil {
			o(b)
		}
	}
	b.check()
	if err := errors.Join(b.faults...); err != nil {
		return nil, err
	}
	b.table.fingerprint = fingerprint(b.table)
	return b.table, nil
}

// fault notes what is wrong with a field, or with the whole table where field is empty.
func (b *builder) fault(field, reason string) {
	b.faults = append(b.faults, &TagError{Type: b.table.goType.String(), Field: field, Tag: b.tags[field], Reason: reason})
}

// fields reads the fields of a struct that lies at an offset of T, reached through path.
func (b *builder) fields(rt reflect.Type, offset uintptr, path string) {
	for f := range rt.Fields() {
		tag, tagged := f.Tag.Lookup("schema")
		name, named := f.Tag.Lookup("db")
		if name == "-" || strings.TrimSpace(tag) == "-" {
			continue
		}
		field := path + f.Name
		b.tags[field] = string(f.Tag)
		if reason := overlooked(f.Tag); reason != "" {
			b.keyed = true
			b.fault(field, reason)
			continue
		}
		embedded := f.Anonymous && !named && !tagged
		switch {
		case embedded && flattens(f.Type):
			b.fields(f.Type, offset+f.Offset, field+".")
		case embedded && f.Type.Kind() == reflect.Pointer && flattens(f.Type.Elem()):
			b.fault(field, "an embedded pointer: embed the struct itself")
		case !f.IsExported() && (named || tagged):
			b.fault(field, "an unexported field cannot be a column")
		case !f.IsExported():
		case named && name == "":
			b.fault(field, `an empty name in the db tag: leave it out, or write "-" to skip the field`)
		case strings.Contains(name, ","):
			b.fault(field, "a comma in the db tag, which is the name alone: options stand in the schema tag")
		default:
			if !named {
				name = snake(f.Name)
			}
			b.column(f, name, tag, offset+f.Offset, field)
		}
	}
}

// column reads one field.
func (b *builder) column(f reflect.StructField, name, tag string, offset uintptr, field string) {
	before := len(b.faults)
	p := &columnParser{builder: b, tag: tag, seen: map[string]bool{}}
	p.column = Column{Name: name, Field: field}
	kind, nullable, err := kindOf(f.Type)
	p.column.Kind, p.column.Nullable, p.pointer = kind, nullable, nullable
	p.column.Enum = p.enumOf(f.Type)
	p.options()
	if err != nil {
		p.wrong(err.Error())
	} else {
		p.check(f.Type)
	}
	c := p.column
	if len(b.faults) == before {
		if c.access, err = newAccess(&c, offset, f.Type); err != nil {
			p.wrong(err.Error())
		}
	}
	t := b.table
	if p.seen["pk"] {
		t.key = append(t.key, len(t.columns))
	}
	if p.reference != nil {
		t.foreignKeys = append(t.foreignKeys, *p.reference)
	}
	if _, taken := t.byName[name]; !taken {
		t.byName[name] = len(t.columns)
	}
	t.columns = append(t.columns, c)
}

// group adds a column to the index group of a tag option; an option without a group is an index of its own.
func (b *builder) group(unique bool, group, column string) {
	key := "index " + group
	if unique {
		key = "unique " + group
	}
	t := b.table
	if at, ok := b.groups[key]; ok && group != "" {
		t.indexes[at].Columns = append(t.indexes[at].Columns, column)
		return
	}
	b.groups[key] = len(t.indexes)
	t.indexes = append(t.indexes, Index{Columns: []string{column}, Unique: unique})
}

// enumOf gives the strings that a field's type allows by a method Values, or nil.
func (p *columnParser) enumOf(t reflect.Type) []string {
	inner, _, err := unwrapNull(t)
	if err != nil || inner.Kind() != reflect.String {
		return nil
	}
	e, ok := reflect.New(inner).Interface().(interface{ Values() []string })
	if !ok {
		return nil
	}
	values := e.Values()
	if len(values) == 0 {
		p.wrong(fmt.Sprintf("method Values of Go type %s gives no strings", inner))
	}
	return slices.Clone(values)
}
