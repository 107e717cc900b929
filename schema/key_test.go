package schema

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

type keyed[K any] struct {
	ID   K      `db:"id" schema:"pk"`
	Name string `db:"name"`
}

// twoKeys has its key columns apart, and the key types below name them in another order.
type twoKeys struct {
	TenantID uuid.UUID `schema:"pk"`
	Name     string    `db:"name"`
	Number   int32     `db:"no" schema:"pk"`
}

func requireKey[K comparable](t *testing.T, key K, want any) {
	t.Helper()
	table, err := TableOf[keyed[K]](Named("things"))
	require.NoError(t, err)
	appendKey, err := KeyAppender[K](table)
	require.NoError(t, err)
	got, err := appendKey([]any{"before"}, key)
	require.NoError(t, err)
	require.Equal(t, []any{"before", want}, got)
}

func TestKeyAppenderSingle(t *testing.T) {
	id := uuid.New()
	requireKey(t, id, [16]byte(id))
	requireKey(t, [16]byte(id), [16]byte(id))
	requireKey(t, int64(-5), int64(-5))
	requireKey(t, 7, int64(7))
	requireKey(t, uint8(7), int64(7))
	requireKey(t, uint64(7), int64(7))
	requireKey(t, "a", "a")
	requireKey(t, mood("a"), "a")
	requireKey(t, time.Duration(3), int64(3))
	requireKey(t, time.Unix(5, 5), time.Unix(5, 0).UTC())
	requireKey(t, celsius(1), 1.0)
}

func TestKeyAppenderSingleRefuses(t *testing.T) {
	table, err := TableOf[keyed[uint64]](Named("things"))
	require.NoError(t, err)
	_, err = KeyAppender[int64](table)
	require.ErrorContains(t, err, "uint64")
	appendKey, err := KeyAppender[uint64](table)
	require.NoError(t, err)
	before := []any{"before"}
	got, err := appendKey(before, 1<<63)
	require.ErrorIs(t, err, ErrInvalid)
	require.ErrorContains(t, err, "things")
	require.ErrorContains(t, err, "[id]")
	require.Equal(t, before, got)

	text, err := TableOf[keyed[string]](Named("things"))
	require.NoError(t, err)
	appendText, err := KeyAppender[string](text)
	require.NoError(t, err)
	got, err = appendText(before, "a\x00")
	require.ErrorIs(t, err, ErrInvalid)
	require.Equal(t, before, got)
}

func TestKeyAppenderComposite(t *testing.T) {
	table, err := TableOf[twoKeys]()
	require.NoError(t, err)
	type key struct {
		No       int32
		TenantID uuid.UUID
	}
	appendKey, err := KeyAppender[key](table)
	require.NoError(t, err)
	id := uuid.New()
	got, err := appendKey(nil, key{No: 3, TenantID: id})
	require.NoError(t, err)
	require.Equal(t, []any{[16]byte(id), int64(3)}, got)

	type tenant struct{ TenantID uuid.UUID }
	type embedding struct {
		Number int32 `db:"no"`
		tenant
	}
	appendEmbedded, err := KeyAppender[embedding](table)
	require.NoError(t, err)
	got, err = appendEmbedded(nil, embedding{Number: 4, tenant: tenant{id}})
	require.NoError(t, err)
	require.Equal(t, []any{[16]byte(id), int64(4)}, got)
}

func TestKeyAppenderCompositeRefuses(t *testing.T) {
	table, err := TableOf[twoKeys]()
	require.NoError(t, err)
	_, err = KeyAppender[uuid.UUID](table)
	require.ErrorContains(t, err, "2 columns")
	_, err = KeyAppender[struct{ TenantID uuid.UUID }](table)
	require.ErrorContains(t, err, `"no"`)
	_, err = KeyAppender[struct {
		TenantID uuid.UUID
		No       int64
	}](table)
	require.ErrorContains(t, err, "int64")
	_, err = KeyAppender[struct {
		TenantID uuid.UUID
		No       int32
		Name     string
	}](table)
	require.ErrorContains(t, err, `"name"`)
	_, err = KeyAppender[struct {
		TenantID uuid.UUID
		No       int32
		Again    int32 `db:"no"`
	}](table)
	require.ErrorContains(t, err, "twice")
}

// The usual keys cost the boxed value and nothing else.
func TestKeyAppenderAllocations(t *testing.T) {
	table, err := TableOf[keyed[uuid.UUID]](Named("things"))
	require.NoError(t, err)
	appendKey, err := KeyAppender[uuid.UUID](table)
	require.NoError(t, err)
	dst, id := make([]any, 0, 1), uuid.New()
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		if _, err := appendKey(dst, id); err != nil {
			t.Fatal(err)
		}
	}), 1.0)
}

func TestAccessorIsSafeForConcurrentUse(t *testing.T) {
	table, a := accessorOf[plainRow](t)
	columns := allColumns(table)
	appendKey, err := KeyAppender[uuid.UUID](table)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			row := plainExample()
			for range 100 {
				values, err := a.Append(nil, row, columns)
				if err != nil {
					t.Error(err)
					return
				}
				into := new(plainRow)
				for i, c := range columns {
					if err := a.Set(into, c, values[i]); err != nil {
						t.Error(err)
					}
				}
				key, err := appendKey(nil, into.ID)
				if err != nil || key[0] != [16]byte(row.ID) {
					t.Error("key changed on the way", err)
				}
			}
		})
	}
	wg.Wait()
}
