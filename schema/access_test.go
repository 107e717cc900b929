package schema

import (
	"database/sql"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// everything has a field of every supported Go type, and of every kind.
type everything struct {
	ID    uuid.UUID `db:"id" schema:"pk"`
	Bool  bool      `db:"bool"`
	I8    int8      `db:"i8"`
	I16   int16     `db:"i16"`
	I32   int32     `db:"i32"`
	I64   int64     `db:"i64"`
	Int   int       `db:"int"`
	U8    uint8     `db:"u8"`
	U16   uint16    `db:"u16"`
	U32   uint32    `db:"u32"`
	U64   uint64    `db:"u64"`
	Uint  uint      `db:"uint"`
	Small int       `db:"small" schema:"type=int16"`
	F32   float32   `db:"f32"`
	F64   float64   `db:"f64"`

	Text   string          `db:"text"`
	Mood   mood            `db:"mood"`
	Bytes  []byte          `db:"bytes"`
	Blob   blob            `db:"blob"`
	Raw    [16]byte        `db:"raw"`
	Time   time.Time       `db:"time"`
	Moment moment          `db:"moment"`
	Date   time.Time       `db:"date" schema:"type=date"`
	Day    string          `db:"day" schema:"type=date"`
	Amount string          `db:"amount" schema:"type=decimal,precision=12,scale=3"`
	Price  money           `db:"price" schema:"type=decimal,precision=20,scale=2"`
	Heat   celsius         `db:"heat"`
	Ident  string          `db:"ident" schema:"type=uuid"`
	Doc    json.RawMessage `db:"doc"`
	Words  string          `db:"words" schema:"type=json"`
	Octets []byte          `db:"octets" schema:"type=json"`
	Prefs  prefs           `db:"prefs"`
	Map    map[string]int  `db:"map"`
	List   []string        `db:"list"`
	Any    any             `db:"any"`

	PBool   *bool            `db:"p_bool"`
	PInt    *int             `db:"p_int"`
	PI16    *int16           `db:"p_i16"`
	PU64    *uint64          `db:"p_u64"`
	PF32    *float32         `db:"p_f32"`
	PText   *string          `db:"p_text"`
	PMood   *mood            `db:"p_mood"`
	PBytes  *[]byte          `db:"p_bytes"`
	PUUID   *uuid.UUID       `db:"p_uuid"`
	PTime   *time.Time       `db:"p_time"`
	PDate   *time.Time       `db:"p_date" schema:"type=date"`
	PAmount *string          `db:"p_amount" schema:"type=decimal,precision=38,scale=0"`
	PPrice  *money           `db:"p_price" schema:"type=decimal,precision=20,scale=2"`
	PDoc    *json.RawMessage `db:"p_doc"`
	PWords  *string          `db:"p_words" schema:"type=json"`
	PPrefs  *prefs           `db:"p_prefs"`
	PList   *[]string        `db:"p_list"`

	NInt    sql.Null[int]       `db:"n_int"`
	NUUID   sql.Null[uuid.UUID] `db:"n_uuid"`
	NTime   sql.Null[time.Time] `db:"n_time"`
	NPrefs  sql.Null[prefs]     `db:"n_prefs"`
	NMood   sql.Null[mood]      `db:"n_mood"`
	NBytes  sql.Null[[]byte]    `db:"n_bytes"`
	NPrice  sql.Null[money]     `db:"n_price" schema:"type=decimal,precision=20,scale=2"`
	OText   sql.NullString      `db:"o_text"`
	OI16    sql.NullInt16       `db:"o_i16"`
	OByte   sql.NullByte        `db:"o_byte"`
	OBool   sql.NullBool        `db:"o_bool"`
	OFloat  sql.NullFloat64     `db:"o_float"`
	OTime   sql.NullTime        `db:"o_time"`
	ZText   string              `db:"z_text" schema:"null"`
	ZInt    int32               `db:"z_int" schema:"null"`
	ZUUID   uuid.UUID           `db:"z_uuid" schema:"null"`
	ZTime   time.Time           `db:"z_time" schema:"null"`
	ZBytes  []byte              `db:"z_bytes" schema:"null"`
	ZDoc    json.RawMessage     `db:"z_doc" schema:"null"`
	ZMap    map[string]int      `db:"z_map" schema:"null"`
	ZAmount string              `db:"z_amount" schema:"null,type=decimal,precision=6,scale=2"`
}

func accessorOf[T any](t testing.TB) (*Table, *Accessor[T]) {
	t.Helper()
	table, err := TableOf[T]()
	require.NoError(t, err)
	a, err := AccessorOf[T](table)
	require.NoError(t, err)
	return table, a
}

func allColumns(t *Table) []int {
	columns := make([]int, len(t.Columns()))
	for i := range columns {
		columns[i] = i
	}
	return columns
}

func position(t testing.TB, table *Table, name string) int {
	t.Helper()
	i, ok := table.Column(name)
	require.True(t, ok, name)
	return i
}

var (
	genText  = rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r != 0 && r != 0xfffd }))
	genUUID  = rapid.Custom(func(t *rapid.T) (id uuid.UUID) { copy(id[:], genBytes.Draw(t, "uuid")); return id })
	genBytes = rapid.SliceOfN(rapid.Byte(), 16, 16)
	genFloat = rapid.Float64().Filter(func(f float64) bool { return f != 0 || !math.Signbit(f) })
	genF32   = rapid.Float32().Filter(func(f float32) bool { return f != 0 || !math.Signbit(float64(f)) })
	genTime  = rapid.Custom(func(t *rapid.T) time.Time {
		first := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
		last := time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC).UnixMicro()
		return time.UnixMicro(rapid.Int64Range(first, last).Draw(t, "micro")).UTC()
	})
	genDate  = rapid.Map(genTime, func(t time.Time) time.Time { return t.Truncate(24 * time.Hour) })
	genMoney = rapid.Map(rapid.Int64Range(0, 1e15), func(n int64) money { return money{cents: n} })
	genMap   = rapid.MapOfN(rapid.StringMatching(`[a-zé"<]{1,5}`), rapid.Int(), 1, 3)
	genPrefs = rapid.Custom(func(t *rapid.T) prefs {
		return prefs{Theme: genText.Draw(t, "theme"), Sizes: genMap.Draw(t, "sizes")}
	})
	genDoc = rapid.SampledFrom([]string{`null`, `{}`, `{"a": [1, 2.50, null]}`, `"\\u0000"`, `"\ud83d\ude00"`, `[]`, `0`, ` true `})
)

func genPointer[T any](g *rapid.Generator[T]) *rapid.Generator[*T] { return rapid.Ptr(g, true) }

func genNull[T any](g *rapid.Generator[T]) *rapid.Generator[sql.Null[T]] {
	return rapid.Map(genPointer(g), func(p *T) sql.Null[T] {
		if p == nil {
			return sql.Null[T]{}
		}
		return sql.Null[T]{V: *p, Valid: true}
	})
}

func draw[T any](t *rapid.T, g *rapid.Generator[T]) T { return g.Draw(t, "field") }

func drawEverything(t *rapid.T) *everything {
	day := rapid.Map(genDate, func(d time.Time) string { return d.Format(time.DateOnly) })
	raw := rapid.Map(genDoc, func(s string) json.RawMessage { return json.RawMessage(s) })
	moods := rapid.Map(genText, func(s string) mood { return mood(s) })
	count := rapid.Uint64Range(0, math.MaxInt64)
	r := &everything{
		ID: draw(t, genUUID), Bool: draw(t, rapid.Bool()), I8: draw(t, rapid.Int8()), I16: draw(t, rapid.Int16()),
		I32: draw(t, rapid.Int32()), I64: draw(t, rapid.Int64()), Int: draw(t, rapid.Int()), U8: draw(t, rapid.Uint8()),
		U16: draw(t, rapid.Uint16()), U32: draw(t, rapid.Uint32()), U64: draw(t, count), Uint: uint(draw(t, count)),
		Small: int(draw(t, rapid.Int16())), F32: draw(t, genF32), F64: draw(t, genFloat),

		Text: draw(t, genText), Mood: draw(t, moods), Bytes: draw(t, rapid.SliceOf(rapid.Byte())), Blob: draw(t, genBytes),
		Raw: draw(t, genUUID), Time: draw(t, genTime), Moment: moment(draw(t, genTime)), Date: draw(t, genDate),
		Day: draw(t, day), Amount: draw(t, rapid.SampledFrom([]string{"0.000", "-1.500", "123456789.123"})),
		Price: draw(t, genMoney), Heat: celsius(draw(t, genFloat)), Ident: draw(t, genUUID).String(),
		Doc: draw(t, raw), Words: draw(t, genDoc), Octets: draw(t, raw), Prefs: draw(t, genPrefs),
		Map: draw(t, genMap), List: draw(t, rapid.SliceOf(genText)),
		Any: draw(t, rapid.SampledFrom([]any{nil, "x", 1.5, []any{true}, map[string]any{"a": nil}})),

		PBool: draw(t, genPointer(rapid.Bool())), PInt: draw(t, genPointer(rapid.Int())),
		PI16: draw(t, genPointer(rapid.Int16())), PU64: draw(t, genPointer(count)), PF32: draw(t, genPointer(genF32)),
		PText: draw(t, genPointer(genText)), PMood: draw(t, genPointer(moods)), PBytes: draw(t, genPointer(genBytes)),
		PUUID: draw(t, genPointer(genUUID)), PTime: draw(t, genPointer(genTime)), PDate: draw(t, genPointer(genDate)),
		PAmount: draw(t, genPointer(rapid.StringMatching(`-?[1-9][0-9]{0,37}`))), PPrice: draw(t, genPointer(genMoney)),
		PDoc: draw(t, genPointer(raw)), PWords: draw(t, genPointer(genDoc)), PPrefs: draw(t, genPointer(genPrefs)),
		PList: draw(t, genPointer(rapid.SliceOf(genText))),

		NInt: draw(t, genNull(rapid.Int())), NUUID: draw(t, genNull(genUUID)), NTime: draw(t, genNull(genTime)),
		NPrefs: draw(t, genNull(genPrefs)), NMood: draw(t, genNull(moods)), NBytes: draw(t, genNull(genBytes)), NPrice: draw(t, genNull(genMoney)),
		ZText: draw(t, genText), ZInt: draw(t, rapid.Int32()), ZUUID: draw(t, genUUID), ZTime: draw(t, genTime),
		ZAmount: draw(t, rapid.SampledFrom([]string{"", "0.00", "-12.30"})),
	}
	if draw(t, rapid.Bool()) {
		r.OText = sql.NullString{String: draw(t, genText), Valid: true}
		r.OI16 = sql.NullInt16{Int16: draw(t, rapid.Int16()), Valid: true}
		r.OByte = sql.NullByte{Byte: draw(t, rapid.Byte()), Valid: true}
		r.OBool = sql.NullBool{Bool: draw(t, rapid.Bool()), Valid: true}
		r.OFloat = sql.NullFloat64{Float64: draw(t, genFloat), Valid: true}
		r.OTime = sql.NullTime{Time: draw(t, genTime), Valid: true}
		r.ZBytes, r.ZDoc, r.ZMap = draw(t, genBytes), draw(t, raw), draw(t, genMap)
	}
	return r
}

func TestValueSetRoundTrip(t *testing.T) {
	table, a := accessorOf[everything](t)
	columns := allColumns(table)
	rapid.Check(t, func(rt *rapid.T) {
		row := drawEverything(rt)
		values, err := a.Append(nil, row, columns)
		require.NoError(rt, err)
		into := drawEverything(rt) // what lay there before must not shine through
		for i, c := range columns {
			col := &table.Columns()[c]
			requirePortable(rt, col, values[i])
			same, err := col.Coerce(values[i])
			require.NoError(rt, err, col.Name)
			require.Equal(rt, values[i], same, col.Name)
			require.NoError(rt, a.Set(into, c, values[i]), col.Name)
		}
		require.Equal(rt, row, into)
	})
}

// requirePortable holds a value against the promise of kind.go.
func requirePortable(t require.TestingT, c *Column, v any) {
	if v == nil {
		require.True(t, c.Nullable, c.Name)
		return
	}
	want := map[Kind]any{
		KindBool: false, KindInt16: int64(0), KindInt32: int64(0), KindInt64: int64(0), KindFloat32: 0.0, KindFloat64: 0.0,
		KindString: "", KindBytes: []byte{}, KindTime: time.Time{}, KindDate: time.Time{}, KindUUID: [16]byte{},
		KindDecimal: "", KindJSON: "",
	}
	require.IsType(t, want[c.Kind], v, c.Name)
	switch v := v.(type) {
	case time.Time:
		require.Equal(t, time.UTC, v.Location(), c.Name)
		require.Zero(t, v.Nanosecond()%1000, c.Name)
		if c.Kind == KindDate {
			require.Equal(t, v.Truncate(24*time.Hour), v, c.Name)
		}
	case string:
		if c.Kind == KindDecimal {
			_, behind, _ := strings.Cut(v, ".")
			require.Len(t, behind, c.Scale, c.Name)
		}
		if c.Kind == KindJSON {
			require.True(t, json.Valid([]byte(v)), c.Name)
		}
	}
}

func TestZero(t *testing.T) {
	table, a := accessorOf[everything](t)
	empty, full := new(everything), rapid.Custom(drawEverything)
	for _, c := range allColumns(table) {
		require.True(t, a.Zero(empty, c), table.Columns()[c].Name)
	}
	row := full.Example(7)
	row.PInt, row.OText = new(int), sql.NullString{Valid: true}
	row.Bytes, row.Time = []byte{}, time.Unix(0, 0)
	for _, name := range []string{"p_int", "o_text", "bytes", "time", "price", "prefs"} {
		require.False(t, a.Zero(row, position(t, table, name)), name)
	}
	local := &everything{Time: time.Time{}.In(time.FixedZone("", 3600))}
	require.True(t, a.Zero(local, position(t, table, "time")))
}

func TestNothingIsNullOrEmpty(t *testing.T) {
	table, a := accessorOf[everything](t)
	row := new(everything)
	for name, want := range map[string]any{
		"p_int": nil, "n_uuid": nil, "o_text": nil, "z_text": nil, "z_int": nil, "z_uuid": nil, "z_time": nil, "z_bytes": nil,
		"z_doc": nil, "z_map": nil, "z_amount": nil, "p_price": nil, "n_price": nil,
		"text": "", "int": int64(0), "bytes": []byte{}, "doc": "null", "map": "null", "any": "null", "octets": "null",
		"list": "null", "id": [16]byte{}, "time": time.Time{},
	} {
		got, err := a.Value(row, position(t, table, name))
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	full := rapid.Custom(drawEverything).Example(3)
	for i, c := range table.Columns() {
		err := a.Set(full, i, nil)
		if c.Nullable {
			require.NoError(t, err, c.Name)
			require.True(t, a.Zero(full, i), c.Name)
			continue
		}
		require.ErrorIs(t, err, ErrInvalid, c.Name)
	}
}

func TestValueNormalises(t *testing.T) {
	table, a := accessorOf[everything](t)
	east := time.FixedZone("", 9*3600)
	row := &everything{
		Time: time.Date(2024, 5, 1, 2, 3, 4, 5678, east), Date: time.Date(2024, 5, 1, 2, 3, 4, 0, east),
		Amount: "+007.5", F64: math.Copysign(0, -1), Ident: "0193A7F15F3C7A709D0E1B2C3D4E5F60",
	}
	for name, want := range map[string]any{
		"time": time.Date(2024, 4, 30, 17, 3, 4, 5000, time.UTC), "date": time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC),
		"amount": "7.500", "ident": [16]byte(uuid.MustParse("0193a7f1-5f3c-7a70-9d0e-1b2c3d4e5f60")),
	} {
		got, err := a.Value(row, position(t, table, name))
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	zero, err := a.Value(row, position(t, table, "f64"))
	require.NoError(t, err)
	require.False(t, math.Signbit(zero.(float64)))
}

func TestValueRefuses(t *testing.T) {
	table, a := accessorOf[everything](t)
	for name, row := range map[string]*everything{
		"u64":    {U64: math.MaxInt64 + 1},
		"uint":   {Uint: math.MaxUint},
		"small":  {Small: 70000},
		"f64":    {F64: math.NaN()},
		"f32":    {F32: float32(math.Inf(1))},
		"heat":   {Heat: celsius(math.Inf(1))},
		"text":   {Text: "secret\x00"},
		"mood":   {Mood: "secret\xff"},
		"time":   {Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"day":    {Day: "secret"},
		"amount": {Amount: "1.2345"},
		"price":  {Price: money{cents: 1e18 + 1e18}}, // fits the field, not its column: made to fail below
		"doc":    {Doc: json.RawMessage(`{"secret`)},
		"prefs":  {Prefs: prefs{Theme: "secret\x00"}},
		"any":    {Any: func() {}},
		"p_u64":  {PU64: new(uint64(math.MaxUint64))},
		"n_time": {NTime: sql.Null[time.Time]{V: time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), Valid: true}},
	} {
		if name == "price" {
			row.Price.cents = math.MinInt64 // its Value writes nonsense
		}
		i := position(t, table, name)
		_, err := a.Value(row, i)
		require.ErrorIs(t, err, ErrInvalid, name)
		require.ErrorContains(t, err, "["+name+"]")
		require.ErrorContains(t, err, table.String())
		require.NotContains(t, err.Error(), "secret")

		kept := []any{"before"}
		got, err := a.Append(kept, row, []int{position(t, table, "bool"), i})
		require.ErrorIs(t, err, ErrInvalid, name)
		require.Equal(t, kept, got)
	}
}

func TestSetRefuses(t *testing.T) {
	table, a := accessorOf[everything](t)
	row := &everything{I8: 5, U64: 5, Small: 5, F32: 5}
	for name, value := range map[string]any{
		"i8": int64(300), "u64": int64(-1), "small": int64(70000), "u16": int64(65536), "bool": int64(1), "int": "5",
		"f32": 1e300, "text": []byte("a"), "time": "2024-01-01", "id": "text", "prefs": "{", "bytes": "a", "price": "x",
		"doc": []byte("{}"), "p_int": 1.5, "n_int": "x", "amount": 1.5,
	} {
		err := a.Set(row, position(t, table, name), value)
		require.ErrorIs(t, err, ErrInvalid, name)
		require.ErrorContains(t, err, "["+name+"]")
	}
	require.Equal(t, &everything{I8: 5, U64: 5, Small: 5, F32: 5}, row)
}

func TestAccessorOfAnotherType(t *testing.T) {
	table, _ := accessorOf[everything](t)
	_, err := AccessorOf[prefs](table)
	require.ErrorContains(t, err, "schema.prefs")
}
