package workflow

import (
	"fmt"
	"maps"
	"slices"

	"github.com/schemactor/schemactor/schema"
)

// Parse reads a workflow from a JSON document:
//
//	{
//	  "name": "welcome",
//	  "transaction": true,
//	  "steps": [
//	    {"name": "make", "model": "User", "operation": "create", "input": {"row": {"name": "Ada"}}},
//	    {"name": "read", "model": "User", "operation": "get"},
//	    {"name": "all", "model": "User", "operation": "count", "after": ["make"]}
//	  ],
//	  "connections": [{"from": "make.key", "to": "read.key"}]
//	}
//
// Name and steps must be there. Numbers lose no digits. Whatever else is in the document, and a name that comes twice in an
// object, is schema.ErrInvalid, as is one of more than 1 MiB or nested deeper than 64. All faults of its form come at once,
// a hundred of them with their words; what it says is for Build to check. Functions can be added to the result.
func Parse(document []byte) (*Builder, error) {
	value, err := readJSON(document)
	if err != nil {
		return nil, err
	}
	d := &parsing{}
	b := New("")
	top := d.object("the document", value, "name", "transaction", "steps", "connections")
	b.name = d.text(top, "the document", "name", true)
	b.transaction = d.flag(top, "the document", "transaction")
	for i, value := range d.array(top, "the document", "steps", true) {
		d.step(b, fmt.Sprintf("steps[%d]", i), value)
	}
	for i, value := range d.array(top, "the document", "connections", false) {
		place := fmt.Sprintf("connections[%d]", i)
		object := d.object(place, value, "from", "to")
		b.Connect(d.text(object, place, "from", true), d.text(object, place, "to", true))
	}
	if err := d.faults.joined("parse workflow", ""); err != nil {
		return nil, err
	}
	return b, nil
}

// parsing looks at the form of a document. What is wrong reads as empty.
type parsing struct{ faults faults }

func invalid(format string, args ...any) error {
	return schema.Invalid("parse workflow", "", "", format, args...)
}

func (d *parsing) fault(format string, args ...any) {
	d.faults.add(func() error { return invalid(format, args...) })
}

func (d *parsing) step(b *Builder, place string, value any) {
	object := d.object(place, value, "name", "model", "operation", "input", "after")
	name := d.text(object, place, "name", true)
	var input Input
	if given, ok := object["input"]; ok {
		if input, ok = given.(map[string]any); !ok {
			d.fault("%s: input wants an object", place)
		}
	}
	b.Step(name, Op(d.text(object, place, "model", true), d.text(object, place, "operation", true), input))
	var earlier []string
	for _, value := range d.array(object, place, "after", false) {
		text, ok := value.(string)
		if !ok {
			d.fault("%s: after wants texts in the array", place)
		}
		earlier = append(earlier, text)
	}
	if len(earlier) > 0 {
		b.After(name, earlier...)
	}
}

// object reads an object that has no fields but some.
func (d *parsing) object(place string, value any, fields ...string) map[string]any {
	object, ok := value.(map[string]any)
	if !ok {
		d.fault("%s: want an object", place)
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(fields, name) {
			d.fault("%s: unknown field %.60q", place, name)
		}
	}
	return object
}

func (d *parsing) text(object map[string]any, place, name string, required bool) string {
	value, given := object[name]
	text, ok := value.(string)
	switch {
	case required && text == "" && (!given || ok):
		d.fault("%s: %s is missing", place, name)
	case given && !ok:
		d.fault("%s: %s wants a text", place, name)
	}
	return text
}

func (d *parsing) flag(object map[string]any, place, name string) bool {
	value, given := object[name]
	yes, ok := value.(bool)
	if given && !ok {
		d.fault("%s: %s wants true or false", place, name)
	}
	return yes
}

func (d *parsing) array(object map[string]any, place, name string, required bool) []any {
	value, given := object[name]
	array, ok := value.([]any)
	switch {
	case required && !given:
		d.fault("%s: %s is missing", place, name)
	case given && !ok:
		d.fault("%s: %s wants an array", place, name)
	}
	return array
}
