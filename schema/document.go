package schema

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// document checks one JSON text. It is kept as it is, spaces included; a database may store its own spelling.
func (d *domain) document(s string) (string, error) {
	// The view of the string is only read.
	if !json.Valid(unsafe.Slice(unsafe.StringData(s), len(s))) {
		return "", d.fault("text is not a JSON document")
	}
	return d.storable(s)
}

// marshal gives the JSON document of a Go value.
func (d *domain) marshal(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", d.because(err, "value cannot be written as JSON")
	}
	// This is how encoding/json writes what is not UTF-8, though a text may hold the same letters.
	if bytes.Contains(text, []byte(`\ufffd`)) && notUTF8(reflect.ValueOf(value)) {
		return "", d.fault("text in it is not valid UTF-8")
	}
	// Nobody else holds these bytes, so they may become the string without a copy.
	return d.storable(unsafe.String(unsafe.SliceData(text), len(text)))
}

// unmarshal reads a document into the pointer.
func (d *domain) unmarshal(text []byte, into any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return d.because(err, "JSON document does not fit the field")
	}
	return nil
}

// rawDocument is document for bytes, which are copied; nil is the document null.
func (d *domain) rawDocument(raw []byte) (string, error) {
	if raw == nil {
		return "null", nil
	}
	if bytes.IndexByte(raw, 0) >= 0 {
		return "", d.fault("text is not a JSON document")
	}
	return d.document(string(raw))
}

// storable refuses the valid JSON that PostgreSQL's jsonb does not take.
func (d *domain) storable(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", d.fault("JSON document is not valid UTF-8")
	}
	for rest := s; ; {
		at := strings.IndexByte(rest, '\\')
		if at < 0 {
			return s, nil
		}
		if rest[at+1] != 'u' {
			rest = rest[at+2:]
			continue
		}
		unit := hexUnit(rest[at:])
		rest = rest[at+6:]
		switch {
		case unit == 0:
			return "", d.fault("JSON document holds a NUL character")
		case unit >= 0xdc00 && unit <= 0xdfff:
			return "", d.fault("JSON document holds half of a surrogate pair")
		case unit >= 0xd800 && unit <= 0xdbff:
			if low := hexUnit(rest); low < 0xdc00 || low > 0xdfff {
				return "", d.fault("JSON document holds half of a surrogate pair")
			}
			rest = rest[6:]
		}
	}
}

// hexUnit reads \uXXXX at the head of a valid document's rest; -1 where there is none.
func hexUnit(s string) int {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	unit := 0
	for i := 2; i < 6; i++ {
		unit = unit<<4 | int(nibble(s[i]))
	}
	return unit
}
