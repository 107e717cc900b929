package schema

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCoerce(t *testing.T) {
	id := uuid.MustParse("0193a7f1-5f3c-7a70-9d0e-1b2c3d4e5f60")
	stamp := time.Date(2024, 2, 29, 22, 4, 5, 123456789, time.FixedZone("", -5*3600))
	inUTC := time.Date(2024, 3, 1, 3, 4, 5, 123456000, time.UTC)
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	seven := 7
	column := func(k Kind) Column { return Column{Name: "c", Kind: k, Precision: 6, Scale: 2} }

	for _, c := range []struct {
		kind  Kind
		given any
		want  any
	}{
		{KindBool, true, true},
		{KindBool, sql.NullBool{Bool: true, Valid: true}, true},
		{KindInt16, 7, int64(7)},
		{KindInt16, &seven, int64(7)},
		{KindInt16, uint8(7), int64(7)},
		{KindInt16, level(-7), int64(-7)},
		{KindInt32, json.Number("-12"), int64(-12)},
		{KindInt32, json.Number("1e3"), int64(1000)},
		{KindInt64, json.Number("9223372036854775807"), int64(math.MaxInt64)},
		{KindInt64, 7.0, int64(7)},
		{KindInt64, sql.Null[int32]{V: 3, Valid: true}, int64(3)},
		{KindInt64, uint64(math.MaxInt64), int64(math.MaxInt64)},
		{KindFloat64, 1.5, 1.5},
		{KindFloat64, 3, 3.0},
		{KindFloat64, celsius(-4), -4.0},
		{KindFloat64, math.Copysign(0, -1), 0.0},
		{KindFloat32, 0.1, float64(float32(0.1))},
		{KindFloat32, json.Number("0.1"), float64(float32(0.1))},
		{KindString, "né", "né"},
		{KindString, mood("blue"), "blue"},
		{KindBytes, blob("ab"), []byte("ab")},
		{KindBytes, "YWI=", []byte("ab")},
		{KindBytes, []byte(nil), []byte{}},
		{KindTime, stamp, inUTC},
		{KindTime, moment(stamp), inUTC},
		{KindTime, "2024-02-29T22:04:05.123456-05:00", inUTC},
		{KindTime, "2024-03-01 03:04:05.123456", inUTC},
		{KindTime, "2024-02-29", day},
		{KindDate, stamp, day},
		{KindDate, "2024-02-29", day},
		{KindDate, "2024-02-29T22:04:05-05:00", day},
		{KindUUID, id, [16]byte(id)},
		{KindUUID, &id, [16]byte(id)},
		{KindUUID, id.String(), [16]byte(id)},
		{KindUUID, strings.ToUpper(id.String()), [16]byte(id)},
		{KindUUID, id[:], [16]byte(id)},
		{KindUUID, sql.Null[uuid.UUID]{V: id, Valid: true}, [16]byte(id)},
		{KindDecimal, "1234.5", "1234.50"},
		{KindDecimal, "-0", "0.00"},
		{KindDecimal, json.Number("12e-1"), "1.20"},
		{KindDecimal, 17, "17.00"},
		{KindDecimal, money{cents: 1999}, "19.99"},
		{KindDecimal, &money{cents: 1999}, "19.99"},
		{KindJSON, `{"a": 1}`, `{"a": 1}`},
		{KindJSON, json.RawMessage(`[1]`), `[1]`},
		{KindJSON, prefs{Theme: "dark"}, `{"theme":"dark"}`},
		{KindJSON, &prefs{Theme: "dark"}, `{"theme":"dark"}`},
		{KindJSON, map[string]any{"n": json.Number("1.10")}, `{"n":1.10}`},
		{KindJSON, map[string]any(nil), "null"},
		{KindJSON, *big.NewInt(5), "5"},
		{KindString, nil, nil},
		{KindString, (*string)(nil), nil},
		{KindString, sql.NullString{}, nil},
		{KindDecimal, (*money)(nil), nil},
	} {
		col := column(c.kind)
		got, err := col.Coerce(c.given)
		require.NoError(t, err, "%s from %T", c.kind, c.given)
		if b, ok := got.([]byte); ok {
			got = append([]byte{}, b...)
		}
		require.Equal(t, c.want, got, "%s from %T", c.kind, c.given)
		again, err := col.Coerce(got)
		require.NoError(t, err)
		require.Equal(t, got, again, "a portable value stays as it is")
	}
}

func TestCoerceRefuses(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		given any
		says  string
	}{
		{KindBool, 1, "int"},
		{KindBool, "true", "string"},
		{KindInt16, 70000, "outside int16"},
		{KindInt16, int64(-32769), "outside int16"},
		{KindInt32, json.Number("2147483648"), "outside int32"},
		{KindInt64, uint64(math.MaxInt64) + 1, "largest int64"},
		{KindInt64, json.Number("9223372036854775808"), "outside int64"},
		{KindInt64, json.Number("1.5"), "not whole"},
		{KindInt64, 1.5, "not whole"},
		{KindInt64, float64(1 << 63), "outside int64"},
		{KindInt64, math.NaN(), "not whole"},
		{KindInt64, "7", "string"},
		{KindFloat64, math.NaN(), "NaN"},
		{KindFloat64, math.Inf(-1), "infinities"},
		{KindFloat64, int64(1<<53 + 1), "more digits"},
		{KindFloat64, json.Number("1e999"), "outside"},
		{KindFloat32, 1e300, "outside float32"},
		{KindString, "a\x00b", "NUL"},
		{KindString, "\xff", "UTF-8"},
		{KindString, json.Number("1"), "a number does not fit kind string"},
		{KindString, 5, "int"},
		{KindBytes, "??", "base64"},
		{KindTime, "yesterday", "RFC 3339"},
		{KindTime, "2023-02-29", "RFC 3339"},
		{KindTime, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "year"},
		{KindTime, time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -7200)), "year"},
		{KindTime, int64(5), "int64"},
		{KindDate, time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), "year"},
		{KindUUID, "0193a7f1", "UUID"},
		{KindUUID, []byte{1, 2}, "UUID"},
		{KindDecimal, 1.5, "float64"},
		{KindDecimal, "1.234", "2 digits behind"},
		{KindDecimal, "12345", "4 digits before"},
		{KindDecimal, "1e999999999", "decimal number"},
		{KindDecimal, "NaN", "decimal number"},
		{KindDecimal, "", "decimal number"},
		{KindDecimal, celsius(1), "float64"},
		{KindJSON, "{", "JSON"},
		{KindJSON, json.RawMessage{}, "JSON"},
		{KindJSON, `"\u0000"`, "NUL"},
		{KindJSON, `"\ud800"`, "surrogate"},
		{KindJSON, `"\udc00\ud800"`, "surrogate"},
		{KindJSON, "\"\xff\"", "UTF-8"},
		{KindJSON, math.Inf(1), "JSON"},
		{KindInt64, struct{}{}, "struct {}"},
	} {
		col := Column{Name: "price", Kind: c.kind, Precision: 6, Scale: 2}
		got, err := col.Coerce(c.given)
		require.ErrorIs(t, err, ErrInvalid, "%s from %T %v", c.kind, c.given, c.given)
		require.Nil(t, got)
		require.ErrorContains(t, err, c.says)
		require.ErrorContains(t, err, "[price]")
	}
}

type loud struct{}

func (loud) Value() (driver.Value, error) { return nil, errors.New("secret") }

func TestCoerceNeverPrintsTheValue(t *testing.T) {
	const secret = "5ecret-5ecret"
	values := []any{
		secret, []byte(secret), &[]string{secret}, json.Number(secret), mood(secret), `{"` + secret,
		map[string]any{"a": secret},
		map[string]any{secret: math.NaN()},
		loud{},
		money{cents: 5},
		secret + "\x00", "{\"a\":\"" + secret + "\\u0000\"}",
	}
	for k := KindBool; k <= KindJSON; k++ {
		col := Column{Name: "c", Kind: k, Precision: 3}
		for _, v := range values {
			if _, err := col.Coerce(v); err != nil {
				require.NotContains(t, err.Error(), "ecret", "%s from %T", k, v)
			}
		}
	}
}

func TestCoerceSliceInNullableColumn(t *testing.T) {
	for _, k := range []Kind{KindBytes, KindJSON} {
		col := Column{Name: "c", Kind: k, Nullable: true}
		got, err := col.Coerce([]byte(nil))
		require.NoError(t, err)
		require.Nil(t, got)
	}
}

// The reference is arithmetic on big.Rat, which knows nothing of text.
func TestDecimalKeepsItsValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[+-]?([0-9]{1,12}(\.[0-9]{0,8})?|\.[0-9]{1,8})([eE][+-]?[0-9]{1,2})?`).Draw(t, "text")
		col := Column{Name: "c", Kind: KindDecimal, Precision: rapid.IntRange(1, 38).Draw(t, "precision")}
		col.Scale = rapid.IntRange(0, col.Precision).Draw(t, "scale")

		given, ok := new(big.Rat).SetString(text)
		require.True(t, ok)
		shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(col.Scale)), nil)
		scaled := new(big.Rat).Mul(given, new(big.Rat).SetInt(shift))
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(col.Precision)), nil)
		storable := scaled.IsInt() && scaled.Num().CmpAbs(limit) < 0

		got, err := col.Coerce(text)
		if !storable {
			require.ErrorIs(t, err, ErrInvalid)
			return
		}
		require.NoError(t, err)
		require.Equal(t, given.FloatString(col.Scale), got)
		again, err := col.Coerce(got)
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

func FuzzDecimal(f *testing.F) {
	for _, seed := range []string{"0", "-0.0", "1e3", ".5", "5.", "+1", "00.10", "1e-1000", "--1", "1.2.3", "٣"} {
		f.Add(seed, uint8(6), uint8(2))
	}
	f.Fuzz(func(t *testing.T, text string, precision, scale uint8) {
		d := domain{kind: KindDecimal, precision: int(precision%38) + 1}
		d.scale = int(scale) % (d.precision + 1)
		got, err := d.decimal(text)
		if err != nil {
			return
		}
		require.True(t, d.canonical(got), "%q from %q", got, text)
		want, ok := new(big.Rat).SetString(text)
		require.True(t, ok)
		require.Equal(t, want.FloatString(d.scale), got)
	})
}

func FuzzStamp(f *testing.F) {
	for _, seed := range []string{
		"2024-02-29 01:02:03.000004", "2024-02-30", "2023-02-29", "0000-01-01 00:00:00.000000", "9999-12-31 23:59:59.999999",
		"2024-13-01", "2024-01-01T01:02:03.000004", "2024-01-01 24:00:00.000000", "2024-01-01 00:00:00,000000",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := readStamp(text)
		layout := time.DateOnly
		if len(text) > len(layout) {
			layout = "2006-01-02 15:04:05.000000"
		}
		want, err := time.Parse(layout, text)
		if !ok {
			// time.Parse also takes a comma for the point, and hours of one digit.
			require.True(t, err != nil || want.Format(layout) != text, "%q", text)
			return
		}
		require.NoError(t, err)
		require.True(t, want.Equal(got), "%q", text)
	})
}

func FuzzDocument(f *testing.F) {
	for _, seed := range []string{`{}`, `"\\u0000"`, `"\u0000"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\\\u0000"`, `["\"\u12"]`, ``, `nul`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := domain{kind: KindJSON}
		_, err := d.document(text)
		if !json.Valid([]byte(text)) {
			require.Error(t, err)
			return
		}
		if err == nil {
			var v any
			if json.Unmarshal([]byte(text), &v) != nil {
				return // a number too large for float64
			}
			require.False(t, holdsNUL(v), "%q", text)
		}
	})
}

func holdsNUL(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.ContainsRune(v, 0)
	case []any:
		for _, e := range v {
			if holdsNUL(e) {
				return true
			}
		}
	case map[string]any:
		for k, e := range v {
			if holdsNUL(k) || holdsNUL(e) {
				return true
			}
		}
	}
	return false
}
