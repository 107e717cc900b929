package sqlite

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type word string

// A value ends up in a destination as it does by way of database/sql, or is refused as there.
func TestAssignAsDatabaseSQL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	d := open(t, path, nil)
	pool, err := sql.Open("sqlite3", path)
	require.NoError(t, err)
	defer pool.Close()
	expressions := []string{
		"NULL", "0", "1", "2", "-1", "127", "128", "255", "256", "65536", "2147483648", "9223372036854775807", "1.5", "2.0", "-0.0",
		"1e300", "'x'", "''", "'12'", "'-12'", "'1.5'", "'true'", "'2024-03-01 03:04:05'", "x'01ff'", "x''", "x'3132'",
		"at", "day", "flag", "CAST(at AS TEXT)",
	}
	destinations := []func() any{
		func() any { return new(string) }, func() any { return new(word) }, func() any { return new([]byte) },
		func() any { return new(json.RawMessage) }, func() any { return new(any) }, func() any { return new(bool) },
		func() any { return new(int) }, func() any { return new(int8) }, func() any { return new(int16) },
		func() any { return new(int32) }, func() any { return new(int64) }, func() any { return new(uint) },
		func() any { return new(uint8) }, func() any { return new(uint64) }, func() any { return new(float32) },
		func() any { return new(float64) }, func() any { return new(time.Time) }, func() any { return new(*string) },
		func() any { return new(*int64) }, func() any { return new(*int16) }, func() any { return new(**int) },
		func() any { return new(*time.Time) }, func() any { return new(*[]byte) }, func() any { return new(sql.NullString) },
		func() any { return new(sql.Null[int64]) }, func() any { return new(sql.Null[time.Time]) }, func() any { return new([2]int) },
		func() any { return new(chan int) }, func() any { return (*int)(nil) }, func() any { return 5 },
	}
	run(t, d, "CREATE TABLE t (at TIMESTAMP, day DATE, flag BOOLEAN)", "INSERT INTO t VALUES ('2024-03-01 03:04:05', 1709262245, 7)")
	compared := 0
	for _, expression := range expressions {
		for _, destination := range destinations {
			want, got := destination(), destination()
			refused := pool.QueryRow("SELECT " + expression + " AS v FROM t").Scan(want)
			rows, err := d.Reader().Query(t.Context(), "SELECT "+expression+" AS v FROM t")
			require.NoError(t, err)
			require.True(t, rows.Next())
			err = rows.Scan(got)
			require.NoError(t, rows.Close())
			require.Equal(t, refused == nil, err == nil, "%s into %T: %v, and database/sql: %v", expression, want, err, refused)
			if err == nil {
				require.Equal(t, want, got, "%s into %T", expression, want)
				compared++
			} else if _, own := got.(sql.Scanner); !own { // which says what it likes
				require.NotContains(t, err.Error(), "2024")
			}
		}
	}
	require.Greater(t, compared, len(expressions)*len(destinations)/3)
}

func TestScanWantsAPlaceForEachColumn(t *testing.T) {
	d := fresh(t)
	rows, err := d.Reader().Query(t.Context(), "SELECT 1, 2")
	require.NoError(t, err)
	defer rows.Close()
	require.True(t, rows.Next())
	require.ErrorContains(t, rows.Scan(new(int)), "2 columns")
	require.NoError(t, rows.Scan(new(int), new(int)))
}

// What a statement binds reaches the database as by way of database/sql.
func TestBindAsDatabaseSQL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	d := open(t, path, nil)
	pool, err := sql.Open("sqlite3", path)
	require.NoError(t, err)
	defer pool.Close()
	n, text := 7, "x"
	for _, value := range []any{
		nil, 1, int8(-1), uint32(9), int64(1) << 60, 1.5, float32(0.5), true, "text", "",
		[]byte{1, 0},
		[]byte{},
		[]byte(nil),
		word("word"), json.RawMessage("{}"), &n, &text, (*int)(nil), time.Date(2024, 3, 1, 3, 4, 5, 678, time.FixedZone("", 3600)),
		sql.NullString{String: "x", Valid: true},
		sql.NullInt64{},
		sql.Null[int16]{V: 3, Valid: true},
		uint64(1) << 63,
		[2]int{},
		struct{}{},
	} {
		const query = "SELECT typeof(?1), quote(?1)"
		var want, got [2]string
		refused := pool.QueryRow(query, value).Scan(&want[0], &want[1])
		for _, ctx := range contexts(t) {
			rows, err := d.Reader().Query(ctx, query, value)
			require.Equal(t, refused == nil, err == nil, "%T: %v, and database/sql: %v", value, err, refused)
			if err != nil {
				continue
			}
			require.True(t, rows.Next())
			require.NoError(t, rows.Scan(&got[0], &got[1]))
			require.NoError(t, rows.Close())
			require.Equal(t, want, got, "%v", reflect.TypeOf(value))
		}
	}
}
