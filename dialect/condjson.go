package dialect

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/schemactor/schemactor/schema"
)

// maxDepth bounds how deep the objects of the JSON form nest.
const maxDepth = 64

// ParseCond reads the JSON form of a condition: an object of columns and what they must meet, all of it at once.
//
//	{"age": {"$gte": 18, "$lt": 65}, "name": "Ada", "deleted_at": null, "$or": [{…}, {…}], "$not": {…}}
//
// A value stands for $eq. The operators are the Ops behind a dollar sign; $in and $nin take an array, $between an array
// of two, $null and $notnull true or false, $and and $or an array of objects, $not an object. The order of keys is kept.
// Numbers lose no digits. An object without keys is the empty condition and stands only at the top. Errors are
// ErrInvalid and name the field or operator at fault; whether a column exists is found out when the statement is made.
func ParseCond(data []byte) (Cond, error) {
	// Valid also settles what a decoder forgives: a second document behind the first, and no valid UTF-8.
	if !utf8.Valid(data) || !json.Valid(data) {
		return Cond{}, badFilter("", "not one JSON document")
	}
	p := condParser{json.NewDecoder(bytes.NewReader(data))}
	p.dec.UseNumber()
	if open := p.next(); open != json.Delim('{') {
		return Cond{}, badFilter("", "want an object, not %s", shape(open))
	}
	return p.object(1)
}

// condParser walks a document that is known to be valid JSON.
type condParser struct{ dec *json.Decoder }

func badFilter(field, format string, args ...any) error {
	return schema.Invalid("parse condition", "", clip(field), format, args...)
}

// next gives the next token: a Delim, string, Number, bool, or nil for null.
func (p *condParser) next() json.Token {
	token, err := p.dec.Token()
	if err != nil {
		// Nothing but a Delim that no caller wants: the document was valid, so this is a number that is no Number.
		return json.Delim('?')
	}
	return token
}

// key gives the next key of an object, or done at its end. No key may come twice.
func (p *condParser) key(seen map[string]bool) (name string, done bool, err error) {
	name, ok := p.next().(string)
	if !ok {
		return "", true, nil
	}
	if seen[name] {
		return "", false, badFilter(name, "is there twice in one object")
	}
	seen[name] = true
	return name, false, nil
}

// object reads the rest of a condition whose brace was read.
func (p *condParser) object(depth int) (Cond, error) {
	if depth > maxDepth {
		return Cond{}, badFilter("", "nested deeper than %d", maxDepth)
	}
	var parts []Cond
	for seen := map[string]bool{}; ; {
		name, done, err := p.key(seen)
		switch {
		case err != nil:
			return Cond{}, err
		case done && len(parts) == 1:
			return parts[0], nil
		case done && len(parts) == 0:
			return Cond{}, nil
		case done:
			return Cond{Op: OpAnd, Conds: parts}, nil
		}
		if strings.HasPrefix(name, "$") {
			part, err := p.logic(name, depth)
			if err != nil {
				return Cond{}, err
			}
			parts = append(parts, part)
			continue
		}
		more, err := p.field(name)
		if err != nil {
			return Cond{}, err
		}
		parts = append(parts, more...)
	}
}

// logic reads what belongs to an operator that joins conditions.
func (p *condParser) logic(name string, depth int) (Cond, error) {
	c := Cond{Op: Op(name[1:])}
	switch open := p.next(); c.Op {
	case OpNot:
		if open != json.Delim('{') {
			return Cond{}, badFilter(name, "want an object, not %s", shape(open))
		}
		part, err := p.part(name, depth)
		c.Conds = []Cond{part}
		return c, err
	case OpAnd, OpOr:
		if open != json.Delim('[') {
			return Cond{}, badFilter(name, "want an array of objects, not %s", shape(open))
		}
	default:
		if _, _, ok := c.Op.operands(); ok {
			return Cond{}, badFilter(name, "this operator stands behind a column")
		}
		return Cond{}, badFilter(name, "unknown operator")
	}
	for {
		switch open := p.next(); open {
		case json.Delim(']'):
			if len(c.Conds) == 0 {
				return Cond{}, badFilter(name, "want at least one condition")
			}
			return c, nil
		case json.Delim('{'):
			part, err := p.part(name, depth)
			if err != nil {
				return Cond{}, err
			}
			c.Conds = append(c.Conds, part)
		default:
			return Cond{}, badFilter(name, "want objects in the array, not %s", shape(open))
		}
	}
}

// part is object for an operand, which has to say something.
func (p *condParser) part(name string, depth int) (Cond, error) {
	c, err := p.object(depth + 1)
	if err == nil && c.Op == OpNone {
		return Cond{}, badFilter(name, "an empty condition in it")
	}
	return c, err
}

// field reads what a column must meet.
func (p *condParser) field(column string) ([]Cond, error) {
	switch open := p.next(); open {
	case json.Delim('{'):
	case json.Delim('['), json.Delim('?'):
		return nil, badFilter(column, "want a value or an object of operators, not %s", shape(open))
	default:
		return []Cond{{Op: OpEq, Column: column, Values: []any{open}}}, nil
	}
	var parts []Cond
	for seen := map[string]bool{}; ; {
		name, done, err := p.key(seen)
		switch {
		case err != nil:
			return nil, err
		case done && len(parts) == 0:
			return nil, badFilter(column, "want at least one operator in the object")
		case done:
			return parts, nil
		}
		c, err := p.comparison(column, name)
		if err != nil {
			return nil, err
		}
		parts = append(parts, c)
	}
}

// comparison reads the operand of one operator behind a column.
func (p *condParser) comparison(column, name string) (Cond, error) {
	word, dollar := strings.CutPrefix(name, "$")
	c := Cond{Op: Op(word), Column: column}
	low, high, ok := c.Op.operands()
	if !dollar || !ok {
		return Cond{}, badFilter(column, "unknown operator %q", clip(name))
	}
	open := p.next()
	list := open == json.Delim('[')
	switch {
	case high == 0:
		yes, ok := open.(bool)
		if !ok {
			return Cond{}, badFilter(column, "operator %s wants true or false, not %s", name, shape(open))
		}
		if !yes {
			c.Op = map[Op]Op{OpNull: OpNotNull, OpNotNull: OpNull}[c.Op]
		}
		return c, nil
	case high == 1:
		if _, nested := open.(json.Delim); nested {
			return Cond{}, badFilter(column, "operator %s wants a value, not %s", name, shape(open))
		}
		c.Values = []any{open}
		return c, nil
	case !list:
		return Cond{}, badFilter(column, "operator %s wants an array, not %s", name, shape(open))
	}
	for {
		switch value := p.next(); value {
		case json.Delim(']'):
			if len(c.Values) < low || len(c.Values) > high {
				return Cond{}, badFilter(column, "operator %s does not take %d values", name, len(c.Values))
			}
			return c, nil
		case json.Delim('['), json.Delim('{'), json.Delim('?'):
			return Cond{}, badFilter(column, "operator %s wants plain values in its array, not %s", name, shape(value))
		default:
			c.Values = append(c.Values, value)
		}
	}
}

// shape names a token without telling its value.
func shape(token json.Token) string {
	switch token := token.(type) {
	case json.Delim:
		if token == '[' || token == ']' {
			return "an array"
		}
		return "an object"
	case string:
		return "text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	default:
		return "null"
	}
}
