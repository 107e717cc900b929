package workflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

const (
	maxDocument = 1 << 20 // bytes
	maxDepth    = 64
)

// ParseInput reads the inputs of a workflow from a JSON object, as strictly as Parse.
func ParseInput(document []byte) (Input, error) {
	value, err := readJSON(document)
	if err != nil {
		return nil, err
	}
	in, ok := value.(map[string]any)
	if !ok {
		return nil, invalid("the inputs want an object")
	}
	return in, nil
}

// readJSON reads one document, with json.Number for numbers. Beyond encoding/json it refuses what that would replace or
// drop: text that is not UTF-8, and names that come twice.
func readJSON(document []byte) (any, error) {
	switch {
	case len(document) > maxDocument:
		return nil, invalid("the document is larger than %d bytes", maxDocument)
	case !utf8.Valid(document):
		return nil, invalid("not one JSON document: it is not UTF-8")
	}
	if err := json.Unmarshal(document, new(json.RawMessage)); err != nil {
		end := len(bytes.TrimRight(document, " \t\r\n"))
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			end = min(end, int(syntax.Offset))
		}
		return nil, invalid("not one JSON document: the fault is in line %d", 1+bytes.Count(document[:end], []byte("\n")))
	}
	r := reader{json.NewDecoder(bytes.NewReader(document))}
	r.UseNumber()
	return r.value(0)
}

// reader walks a document that is known to be valid.
type reader struct{ *json.Decoder }

func (r reader) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, invalid("the document is nested deeper than %d", maxDepth)
	}
	token, err := r.Token()
	if err != nil {
		return nil, invalid("not one JSON document")
	}
	switch token {
	case json.Delim('{'):
		return r.object(depth)
	case json.Delim('['):
		array := []any{}
		for r.More() {
			value, err := r.value(depth + 1)
			if err != nil {
				return nil, err
			}
			array = append(array, value)
		}
		_, err = r.Token()
		return array, err
	}
	return token, nil
}

func (r reader) object(depth int) (any, error) {
	object := map[string]any{}
	for r.More() {
		token, err := r.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, invalid("not one JSON document")
		}
		if _, twice := object[name]; twice {
			return nil, invalid("%.60q is there twice in one object", name)
		}
		if object[name], err = r.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := r.Token()
	return object, err
}
