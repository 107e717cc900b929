package schema

import "encoding/hex"

// formatUUID gives the 36 lower-case characters of a UUID.
func formatUUID(id [16]byte) string {
	var text [36]byte
	hex.Encode(text[0:8], id[0:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:36], id[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// parseUUID reads the 36 characters, in either case, or the 32 hexadecimal digits alone.
func parseUUID[S ~string | ~[]byte](s S) (id [16]byte, ok bool) {
	if len(s) != 36 && len(s) != 32 {
		return id, false
	}
	at := 0
	for i := range id {
		if len(s) == 36 && (i == 4 || i == 6 || i == 8 || i == 10) {
			if s[at] != '-' {
				return id, false
			}
			at++
		}
		high, low := nibble(s[at]), nibble(s[at+1])
		if high > 15 || low > 15 {
			return id, false
		}
		id[i] = high<<4 | low
		at += 2
	}
	return id, true
}

func nibble(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	default:
		return 255
	}
}

func (d *domain) readUUID(s string) ([16]byte, error) {
	id, ok := parseUUID(s)
	if !ok {
		return id, d.fault("text is not a UUID")
	}
	return id, nil
}

// driverUUID reads a UUID from a driver without boxing it.
func (d *domain) driverUUID(src any) (id [16]byte, err error) {
	ok := false
	switch src := src.(type) {
	case [16]byte:
		return src, nil
	case string:
		id, ok = parseUUID(src)
	case []byte:
		if len(src) == 16 {
			return [16]byte(src), nil
		}
		id, ok = parseUUID(src)
	default:
		return id, d.mismatch(src)
	}
	if !ok {
		return id, d.fault("text is not a UUID")
	}
	return id, nil
}
