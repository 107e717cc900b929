package schema

import (
	"encoding/base64"
	"encoding/json"
	"time"
)

// Plain gives a portable value of the column as JSON has it, which Coerce takes back as the same: nil, bool, int64, float64
// and string as they are, a time as RFC 3339 text in UTC, a date as 2006-01-02, bytes as base64, a UUID as its 36
// characters, a JSON document as json.RawMessage.
func (c *Column) Plain(portable any) any {
	switch v := portable.(type) {
	case time.Time:
		if c.Kind == KindDate {
			return v.Format(time.DateOnly)
		}
		return v.Format(time.RFC3339Nano)
	case [16]byte:
		return formatUUID(v)
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case string:
		if c.Kind == KindJSON {
			return json.RawMessage(v)
		}
	}
	return portable
}
