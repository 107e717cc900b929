package dialect

import "strings"

// patternOf gives the parts of a match; ok is false for a pattern that ends within an escape.
func patternOf(op Op, text string) (parts []PatternPart, ok bool) {
	var p pattern
	switch op {
	case OpContains, OpSuffix:
		p.wild(Any)
		p.literal(text)
		if op == OpContains {
			p.wild(Any)
		}
	case OpPrefix:
		p.literal(text)
		p.wild(Any)
	default:
		return parseLike(text)
	}
	return p.parts, true
}

// parseLike reads an SQL pattern: % is any run, _ one character, \ takes the next literally.
func parseLike(text string) (parts []PatternPart, ok bool) {
	var p pattern
	for text != "" {
		at := strings.IndexAny(text, `%_\`)
		if at < 0 {
			p.literal(text)
			break
		}
		p.literal(text[:at])
		special := text[at]
		text = text[at+1:]
		switch special {
		case '%':
			p.wild(Any)
		case '_':
			p.wild(Single)
		default:
			if text == "" {
				return nil, false
			}
			// Continuing bytes of a longer character follow by themselves.
			p.literal(text[:1])
			text = text[1:]
		}
	}
	return p.parts, true
}

// pattern collects parts; neighbours that mean the same are one.
type pattern struct{ parts []PatternPart }

func (p *pattern) literal(text string) {
	if text == "" {
		return
	}
	if n := len(p.parts); n > 0 && p.parts[n-1].Wild == None {
		p.parts[n-1].Literal += text
		return
	}
	p.parts = append(p.parts, PatternPart{Literal: text})
}

// wild adds a wildcard. Two runs side by side match what one does, only slower.
func (p *pattern) wild(w Wild) {
	if n := len(p.parts); w == Any && n > 0 && p.parts[n-1].Wild == Any {
		return
	}
	p.parts = append(p.parts, PatternPart{Wild: w})
}
