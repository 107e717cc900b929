package schema

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

type (
	mood   string
	level  int16
	blob   []byte
	moment time.Time
	prefs  struct {
		Theme string         `json:"theme"`
		Sizes map[string]int `json:"sizes,omitempty"`
	}
	tree struct{ Children []*tree }
)

// celsius speaks for itself and has a basic underlying type.
type celsius float64

func (c celsius) Value() (driver.Value, error) { return float64(c), nil }

func (c *celsius) Scan(src any) error {
	f, ok := src.(float64)
	if !ok {
		return fmt.Errorf("celsius from %T", src)
	}
	*c = celsius(f)
	return nil
}

// money speaks for itself and has none: whole cents, written as text.
type money struct{ cents int64 }

func (m money) Value() (driver.Value, error) {
	return fmt.Sprintf("%d.%02d", m.cents/100, m.cents%100), nil
}

func (m *money) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("money from %T", src)
	}
	var whole, cents int64
	if _, err := fmt.Sscanf(s, "%d.%02d", &whole, &cents); err != nil {
		return errors.New("not money")
	}
	m.cents = whole*100 + cents
	return nil
}

type writeOnly struct{ A int }

func (writeOnly) Value() (driver.Value, error) { return nil, nil }

type readOnly string

func (*readOnly) Scan(any) error { return nil }

func TestKindOf(t *testing.T) {
	for _, c := range []struct {
		of       reflect.Type
		kind     Kind
		nullable bool
	}{
		{reflect.TypeFor[bool](), KindBool, false},
		{reflect.TypeFor[int8](), KindInt16, false},
		{reflect.TypeFor[int16](), KindInt16, false},
		{reflect.TypeFor[uint8](), KindInt16, false},
		{reflect.TypeFor[level](), KindInt16, false},
		{reflect.TypeFor[int32](), KindInt32, false},
		{reflect.TypeFor[uint16](), KindInt32, false},
		{reflect.TypeFor[int](), KindInt64, false},
		{reflect.TypeFor[int64](), KindInt64, false},
		{reflect.TypeFor[uint32](), KindInt64, false},
		{reflect.TypeFor[uint](), KindInt64, false},
		{reflect.TypeFor[uint64](), KindInt64, false},
		{reflect.TypeFor[time.Duration](), KindInt64, false},
		{reflect.TypeFor[float32](), KindFloat32, false},
		{reflect.TypeFor[float64](), KindFloat64, false},
		{reflect.TypeFor[string](), KindString, false},
		{reflect.TypeFor[mood](), KindString, false},
		{reflect.TypeFor[[]byte](), KindBytes, false},
		{reflect.TypeFor[blob](), KindBytes, false},
		{reflect.TypeFor[time.Time](), KindTime, false},
		{reflect.TypeFor[moment](), KindTime, false},
		{reflect.TypeFor[[16]byte](), KindUUID, false},
		{reflect.TypeFor[uuid.UUID](), KindUUID, false},
		{reflect.TypeFor[json.RawMessage](), KindJSON, false},
		{reflect.TypeFor[prefs](), KindJSON, false},
		{reflect.TypeFor[tree](), KindJSON, false},
		{reflect.TypeFor[big.Int](), KindJSON, false},
		{reflect.TypeFor[map[string]any](), KindJSON, false},
		{reflect.TypeFor[[]string](), KindJSON, false},
		{reflect.TypeFor[any](), KindJSON, false},
		{reflect.TypeFor[*int](), KindInt64, true},
		{reflect.TypeFor[*mood](), KindString, true},
		{reflect.TypeFor[*[]byte](), KindBytes, true},
		{reflect.TypeFor[*uuid.UUID](), KindUUID, true},
		{reflect.TypeFor[*time.Time](), KindTime, true},
		{reflect.TypeFor[*prefs](), KindJSON, true},
		{reflect.TypeFor[sql.Null[int16]](), KindInt16, true},
		{reflect.TypeFor[sql.Null[uuid.UUID]](), KindUUID, true},
		{reflect.TypeFor[sql.Null[time.Time]](), KindTime, true},
		{reflect.TypeFor[sql.NullString](), KindString, true},
		{reflect.TypeFor[sql.NullInt64](), KindInt64, true},
		{reflect.TypeFor[sql.NullInt32](), KindInt32, true},
		{reflect.TypeFor[sql.NullInt16](), KindInt16, true},
		{reflect.TypeFor[sql.NullByte](), KindInt16, true},
		{reflect.TypeFor[sql.NullBool](), KindBool, true},
		{reflect.TypeFor[sql.NullFloat64](), KindFloat64, true},
		{reflect.TypeFor[sql.NullTime](), KindTime, true},
		{reflect.TypeFor[celsius](), KindFloat64, false},
		{reflect.TypeFor[*celsius](), KindFloat64, true},
		{reflect.TypeFor[money](), KindInvalid, false},
		{reflect.TypeFor[sql.Null[money]](), KindInvalid, true},
	} {
		kind, nullable, err := kindOf(c.of)
		require.NoError(t, err, c.of)
		require.Equal(t, c.kind, kind, c.of)
		require.Equal(t, c.nullable, nullable, c.of)
		if kind != KindInvalid {
			require.True(t, fits(c.of, kind), c.of)
		}
	}
}

func TestKindOfUnsupported(t *testing.T) {
	for _, of := range []reflect.Type{
		reflect.TypeFor[**int](),
		reflect.TypeFor[*sql.NullString](),
		reflect.TypeFor[sql.Null[*int]](),
		reflect.TypeFor[sql.Null[sql.Null[int]]](),
		reflect.TypeFor[chan int](),
		reflect.TypeFor[func()](),
		reflect.TypeFor[complex128](),
		reflect.TypeFor[uintptr](),
		reflect.TypeFor[io.Reader](),
		reflect.TypeFor[[32]byte](),
		reflect.TypeFor[writeOnly](),
		reflect.TypeFor[readOnly](),
		reflect.TypeFor[sync.Mutex](),           // JSON would lose all of it
		reflect.TypeFor[struct{ C chan int }](), // JSON would refuse it
		reflect.TypeFor[map[[2]bool]int](),
		reflect.TypeFor[[]func()](),
	} {
		_, _, err := kindOf(of)
		require.ErrorContains(t, err, of.String())
		require.False(t, fits(of, KindJSON), of)
	}
}

func TestFits(t *testing.T) {
	yes := func(of reflect.Type, kinds ...Kind) {
		t.Helper()
		for k := KindInvalid; k <= KindJSON; k++ {
			want := false
			for _, kind := range kinds {
				want = want || k == kind
			}
			require.Equal(t, want, fits(of, k), "%s in %s", of, k)
		}
	}
	yes(reflect.TypeFor[time.Time](), KindTime, KindDate)
	yes(reflect.TypeFor[*time.Time](), KindTime, KindDate)
	yes(reflect.TypeFor[mood](), KindString, KindDecimal, KindUUID, KindJSON, KindDate)
	yes(reflect.TypeFor[[]byte](), KindBytes, KindJSON)
	yes(reflect.TypeFor[int](), KindInt16, KindInt32, KindInt64)
	yes(reflect.TypeFor[float64](), KindFloat32, KindFloat64)
	yes(reflect.TypeFor[bool](), KindBool)
	yes(reflect.TypeFor[uuid.UUID](), KindUUID)
	yes(reflect.TypeFor[prefs](), KindJSON)
	yes(reflect.TypeFor[sql.Null[money]](), KindBool, KindInt16, KindInt32, KindInt64, KindFloat32, KindFloat64,
		KindString, KindBytes, KindTime, KindDate, KindUUID, KindDecimal, KindJSON)
}

func TestFlattens(t *testing.T) {
	require.True(t, flattens(reflect.TypeFor[prefs]()))
	require.True(t, flattens(reflect.TypeFor[struct{ C chan int }]()), "its fields are looked at one by one")
	for _, of := range []reflect.Type{
		reflect.TypeFor[time.Time](), reflect.TypeFor[moment](), reflect.TypeFor[sql.NullString](), reflect.TypeFor[sql.Null[int]](),
		reflect.TypeFor[money](), reflect.TypeFor[writeOnly](), reflect.TypeFor[mood](), reflect.TypeFor[*prefs](),
	} {
		require.False(t, flattens(of), of)
	}
}
