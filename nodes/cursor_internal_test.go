package nodes

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

type place struct {
	ID   int64    `db:"id" schema:"pk"`
	Name string   `db:"name"`
	Rate *float64 `db:"rate"`
}

// FuzzForgedCursor puts a right checksum and signature on whatever values, so that the fuzzer reaches what is behind
// them: decoding gives as many values as the order has terms, or ErrInvalid, and what it gives encodes again.
func FuzzForgedCursor(f *testing.F) {
	table, err := schema.TableOf[place]()
	require.NoError(f, err)
	order := []Order{Asc("name"), Desc("rate"), Asc("id")}
	f.Add([]byte{1, 3, 'a', 'b', 'c', 0, 1, 2})
	f.Add([]byte{0, 0, 0})
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, values []byte) {
		raw := binary.BigEndian.AppendUint64([]byte{cursorVersion}, signature(table, order))
		raw = append(raw, values...)
		raw = binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(raw))
		got, err := Cursor(base64.RawURLEncoding.EncodeToString(raw)).decode(table, order)
		if err != nil {
			require.ErrorIs(t, err, schema.ErrInvalid)
			return
		}
		require.Len(t, got, len(order))
		again, err := encodeCursor(table, order, got)
		require.NoError(t, err)
		_, err = again.decode(table, order)
		require.NoError(t, err)
	})
}

func TestCursorOfAnotherVersion(t *testing.T) {
	table, err := schema.TableOf[place]()
	require.NoError(t, err)
	order := []Order{Asc("id")}
	raw := binary.BigEndian.AppendUint64([]byte{cursorVersion + 1}, signature(table, order))
	raw = append(raw, valuePresent, 2)
	raw = binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(raw))
	_, err = Cursor(base64.RawURLEncoding.EncodeToString(raw)).decode(table, order)
	require.ErrorIs(t, err, schema.ErrInvalid)
	require.ErrorContains(t, err, "another version")
}
