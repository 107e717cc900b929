package schema

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// driverPath carries one portable value through a driver's own encoding into a destination.
type driverPath func(c *Column, portable, dest any) error

// sqlitePath binds and reads back through database/sql and go-sqlite3, in the forms that SQLite columns hold.
func sqlitePath(t *testing.T) driverPath {
	db, err := sql.Open("sqlite3", ":memory:")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	echo, err := db.Prepare("SELECT ?")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, echo.Close()) })
	return func(c *Column, portable, dest any) error {
		switch v := portable.(type) {
		case time.Time:
			if c.Kind == KindDate {
				portable = v.Format(time.DateOnly)
			} else {
				portable = v.Format("2006-01-02 15:04:05.000000")
			}
		case [16]byte:
			portable = uuid.UUID(v).String()
		}
		return echo.QueryRow(portable).Scan(dest)
	}
}

// postgresPath encodes and scans with pgx's own type map, which is all that lies between rows and the wire.
func postgresPath(format int16, native bool) driverPath {
	types := pgtype.NewMap()
	oids := map[Kind]uint32{
		KindBool: pgtype.BoolOID, KindInt16: pgtype.Int2OID, KindInt32: pgtype.Int4OID, KindInt64: pgtype.Int8OID,
		KindFloat32: pgtype.Float4OID, KindFloat64: pgtype.Float8OID, KindString: pgtype.TextOID, KindBytes: pgtype.ByteaOID,
		KindTime: pgtype.TimestamptzOID, KindDate: pgtype.DateOID, KindUUID: pgtype.UUIDOID, KindDecimal: pgtype.NumericOID,
		KindJSON: pgtype.JSONBOID,
	}
	return func(c *Column, portable, dest any) error {
		var wire []byte
		if portable != nil {
			var err error
			if text, ok := portable.(string); ok && c.Kind == KindDecimal && format == pgtype.BinaryFormatCode {
				// As the server would send it; pgx itself sends text as text.
				var n pgtype.Numeric
				if err := n.Scan(text); err != nil {
					return err
				}
				portable = n
			}
			if wire, err = types.Encode(oids[c.Kind], format, portable, []byte{}); err != nil {
				return err
			}
		}
		if n, ok := dest.(NativeDest); native && ok && n.Native() != nil {
			dest = n.Native()
		}
		return types.Scan(oids[c.Kind], format, wire, dest)
	}
}

func TestScanRoundTrip(t *testing.T) {
	table, a := accessorOf[everything](t)
	columns := allColumns(table)
	for name, path := range map[string]driverPath{
		"sqlite":                 sqlitePath(t),
		"postgres binary":        postgresPath(pgtype.BinaryFormatCode, false),
		"postgres binary native": postgresPath(pgtype.BinaryFormatCode, true),
		"postgres text":          postgresPath(pgtype.TextFormatCode, false),
		"postgres text native":   postgresPath(pgtype.TextFormatCode, true),
	} {
		t.Run(name, func(t *testing.T) {
			scanner := a.Scanner(columns)
			into := new(everything) // reused, as by a loop over rows
			rapid.Check(t, func(rt *rapid.T) {
				row := drawEverything(rt)
				values, err := a.Append(nil, row, columns)
				require.NoError(rt, err)
				dest := scanner.Dest(into)
				require.Len(rt, dest, len(columns))
				for i := range columns {
					c := &table.Columns()[i]
					require.NoError(rt, path(c, values[i], dest[i]), "%s of Go type %s", c.Name, c.access.goType)
				}
				require.NoError(rt, scanner.Done())
				require.Equal(rt, row, into)
			})
		})
	}
}

// What a driver gives without knowing the column is understood, too.
func TestScanDriverForms(t *testing.T) {
	table, a := accessorOf[everything](t)
	id := uuid.MustParse("0193a7f1-5f3c-7a70-9d0e-1b2c3d4e5f60")
	stamp := time.Date(2024, 3, 1, 3, 4, 5, 0, time.UTC)
	day := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		column string
		src    any
		want   any
	}{
		{"time", stamp.In(time.FixedZone("", -3600)), stamp},
		{"time", "2024-03-01 03:04:05.000000", stamp},
		{"time", []byte("2024-03-01 03:04:05.000000"), stamp},
		{"time", "2024-03-01T04:04:05+01:00", stamp},
		{"time", []byte("2024-03-01 04:04:05+01"), stamp},
		{"time", "2024-03-01 03:04:05", stamp},
		{"time", "2024-03-01", day},
		{"n_time", "2024-03-01 03:04:05.000000", stamp},
		{"p_time", "2024-03-01 03:04:05.000000", stamp},
		{"date", day, day},
		{"date", []byte("2024-03-01"), day},
		{"day", day, day},
		{"id", id.String(), [16]byte(id)},
		{"id", []byte(id.String()), [16]byte(id)},
		{"id", id[:], [16]byte(id)},
		{"id", [16]byte(id), [16]byte(id)},
		{"ident", id[:], [16]byte(id)},
		{"amount", "1.5", "1.500"},
		{"amount", []byte("1.5"), "1.500"},
		{"amount", int64(2), "2.000"},
		{"amount", 2.125, "2.125"},
		{"price", []byte("3.50"), "3.50"},
		{"o_bool", int64(1), true},
		{"o_bool", true, true},
		{"n_mood", []byte("sad"), "sad"},
		{"o_i16", int64(7), int64(7)},
		{"prefs", `{"theme":"dark"}`, `{"theme":"dark"}`},
		{"prefs", []byte(`{"theme":"dark"}`), `{"theme":"dark"}`},
		{"z_text", nil, nil},
		{"n_int", nil, nil},
	} {
		i := position(t, table, c.column)
		row := new(everything)
		s := a.Scanner([]int{i})
		dest, ok := s.Dest(row)[0].(sql.Scanner)
		require.True(t, ok, c.column)
		require.NoError(t, dest.Scan(c.src), "%s from %T", c.column, c.src)
		require.NoError(t, s.Done())
		got, err := a.Value(row, i)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%s from %T", c.column, c.src)
	}
}

func TestScanRefuses(t *testing.T) {
	table, a := accessorOf[everything](t)
	for _, c := range []struct {
		column string
		src    any
	}{
		{"time", "secret"},
		{"time", int64(5)},
		{"time", nil},
		{"id", "secret"},
		{"id", []byte("secret")},
		{"amount", "secret"},
		{"prefs", `{"theme": 5, "secret": 1}`},
		{"prefs", 5.5},
		{"price", "secret"},
		{"o_bool", int64(2)},
		{"o_i16", int64(70000)},
		{"o_byte", int64(-1)},
		{"n_mood", "secret\xff"},
	} {
		i := position(t, table, c.column)
		dest := a.Scanner([]int{i}).Dest(new(everything))[0].(sql.Scanner)
		err := dest.Scan(c.src)
		require.ErrorIs(t, err, ErrInvalid, "%s from %T", c.column, c.src)
		require.ErrorContains(t, err, table.String())
		require.ErrorContains(t, err, "["+c.column+"]")
		require.NotContains(t, err.Error(), "secret")
	}
}

// seal keeps the very bytes that its Scan is given.
type seal struct{ kept []byte }

func (s seal) Value() (driver.Value, error) { return s.kept, nil }

func (s *seal) Scan(src any) error {
	s.kept, _ = src.([]byte)
	return nil
}

type sealed struct {
	ID     int              `db:"id" schema:"pk"`
	Seal   seal             `db:"seal" schema:"type=bytes"`
	NMood  sql.Null[mood]   `db:"n_mood"`
	NBytes sql.Null[[]byte] `db:"n_bytes"`
	Prefs  prefs            `db:"prefs"`
	Doc    json.RawMessage  `db:"doc"`
	Amount string           `db:"amount" schema:"type=decimal,precision=12,scale=3"`
	Price  money            `db:"price" schema:"type=decimal,precision=20,scale=2"`
}

// A driver's buffer is used again for the next row.
func TestScanKeepsNothingOfTheBuffer(t *testing.T) {
	table, a := accessorOf[sealed](t)
	for column, text := range map[string]string{
		"n_mood": "sad", "n_bytes": "sad", "seal": "sad", "prefs": `{"theme":"sad"}`, "doc": `"sad"`, "amount": "1.500", "price": "3.50",
	} {
		i := position(t, table, column)
		row := new(sealed)
		buffer := []byte(text)
		switch dest := a.Scanner([]int{i}).Dest(row)[0].(type) {
		case interface{ ScanBytes([]byte) error }:
			require.NoError(t, dest.ScanBytes(buffer))
		case sql.Scanner:
			require.NoError(t, dest.Scan(buffer))
		default: // database/sql copies into these itself
			require.Equal(t, "doc", column)
			continue
		}
		before, err := a.Value(row, i)
		require.NoError(t, err)
		for j := range buffer {
			buffer[j] = 'x'
		}
		after, err := a.Value(row, i)
		require.NoError(t, err)
		require.Equal(t, before, after, column)
	}
}

func TestScanJSONForgetsTheLastRow(t *testing.T) {
	table, a := accessorOf[everything](t)
	row := &everything{Map: map[string]int{"old": 1}, Prefs: prefs{Theme: "old"}}
	s := a.Scanner([]int{position(t, table, "map"), position(t, table, "prefs")})
	dest := s.Dest(row)
	require.NoError(t, dest[0].(sql.Scanner).Scan(`{"new": 2}`))
	require.NoError(t, dest[1].(sql.Scanner).Scan(`{}`))
	require.Equal(t, map[string]int{"new": 2}, row.Map)
	require.Equal(t, prefs{}, row.Prefs)
}

type plainRow struct {
	ID    uuid.UUID  `db:"id" schema:"pk"`
	Name  string     `db:"name"`
	Age   *int       `db:"age"`
	Score float64    `db:"score"`
	Made  time.Time  `db:"made"`
	Seen  *time.Time `db:"seen"`
	Mood  mood       `db:"mood"`
}

func plainExample() *plainRow {
	age, seen := 30000, time.Date(2024, 3, 1, 3, 4, 5, 0, time.UTC)
	return &plainRow{ID: uuid.New(), Name: "Ada", Age: &age, Score: 0.5, Made: seen, Seen: &seen, Mood: "fine"}
}

// Each value is boxed in an interface once; nothing else may reach the heap.
func TestAppendAllocations(t *testing.T) {
	table, a := accessorOf[plainRow](t)
	columns, row := allColumns(table), plainExample()
	dst := make([]any, 0, len(columns))
	allocs := testing.AllocsPerRun(200, func() {
		var err error
		if dst, err = a.Append(dst[:0], row, columns); err != nil {
			t.Fatal(err)
		}
	})
	require.LessOrEqual(t, allocs, float64(len(columns)))
}

func TestDestAllocatesNothing(t *testing.T) {
	table, a := accessorOf[plainRow](t)
	s, row := a.Scanner(allColumns(table)), plainExample()
	text := any("2024-03-01 03:04:05.000000")
	at := position(t, table, "made")
	require.Zero(t, testing.AllocsPerRun(200, func() {
		if err := s.Dest(row)[at].(sql.Scanner).Scan(text); err != nil {
			t.Fatal(err)
		}
		if err := s.Done(); err != nil {
			t.Fatal(err)
		}
	}))
}

// A hand-written Scan for SQLite reads text and parses it; the scanner must not cost more allocations than that.
func TestScanAllocationsAgainstByHand(t *testing.T) {
	table, a := accessorOf[plainRow](t)
	db, err := sql.Open("sqlite3", ":memory:")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	query, err := db.Prepare(`SELECT '0193a7f1-5f3c-7a70-9d0e-1b2c3d4e5f60', 'Ada', 30000, 0.5,
		'2024-03-01 03:04:05.000000', '2024-03-01 03:04:05.000000', 'fine'`)
	require.NoError(t, err)
	defer func() { require.NoError(t, query.Close()) }()
	scan := func(dest func() []any, done func()) float64 {
		return testing.AllocsPerRun(100, func() {
			if err := query.QueryRow().Scan(dest()...); err != nil {
				t.Fatal(err)
			}
			done()
		})
	}
	byHand := new(plainRow)
	var made, seen string
	dest := []any{&byHand.ID, &byHand.Name, &byHand.Age, &byHand.Score, &made, &seen, &byHand.Mood}
	hand := scan(func() []any { return dest }, func() {
		byHand.Made, _ = time.Parse("2006-01-02 15:04:05.000000", made)
		at, _ := time.Parse("2006-01-02 15:04:05.000000", seen)
		byHand.Seen = new(at)
	})
	s, row := a.Scanner(allColumns(table)), new(plainRow)
	ours := scan(func() []any { return s.Dest(row) }, func() { require.NoError(t, s.Done()) })
	require.Equal(t, byHand, row)
	require.LessOrEqual(t, ours, hand)
}

func BenchmarkAppend(b *testing.B) {
	table, a := accessorOf[plainRow](b)
	columns, row := allColumns(table), plainExample()
	dst := make([]any, 0, len(columns))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = a.Append(dst[:0], row, columns); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	table, a := accessorOf[plainRow](b)
	s, row := a.Scanner(allColumns(table)), plainExample()
	src := []any{
		"0193a7f1-5f3c-7a70-9d0e-1b2c3d4e5f60", nil, nil, nil, "2024-03-01 03:04:05.000000", "2024-03-01 03:04:05.000000", nil,
	}
	b.ReportAllocs()
	for b.Loop() {
		for i, dest := range s.Dest(row) {
			if sc, ok := dest.(sql.Scanner); ok {
				if err := sc.Scan(src[i]); err != nil {
					b.Fatal(err)
				}
			}
		}
		if err := s.Done(); err != nil {
			b.Fatal(err)
		}
	}
}
