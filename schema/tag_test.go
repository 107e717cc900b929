package schema

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseTag(t *testing.T) {
	for text, want := range map[string][]tagOption{
		"":                         nil,
		" \t":                      nil,
		"pk":                       {{name: "pk"}},
		" pk , auto ":              {{name: "pk"}, {name: "auto"}},
		"size= 320 ":               {{"size", "320", true}},
		"size=":                    {{"size", "", true}},
		"check=a in (1, 2),unique": {{"check", "a in (1, 2)", true}, {name: "unique"}},
		"check=a = 'x,)' , index":  {{"check", "a = 'x,)'", true}, {name: "index"}},
		`check="a,b" >= 0`:         {{"check", `"a,b" >= 0`, true}},
		"default='it''s, so'":      {{"default", "'it''s, so'", true}},
		"check=f((a), (b, c)),x":   {{"check", "f((a), (b, c))", true}, {name: "x"}},
		"Größe=日本":                 {{"Größe", "日本", true}},
		"comment=it's a flag,pk":   {{"comment", "it's a flag", true}, {name: "pk"}},
		"comment=l'été's,pk":       {{"comment", "l'été's", true}, {name: "pk"}},
		"check=name <> 'a,b',pk":   {{"check", "name <> 'a,b'", true}, {name: "pk"}},
		"default='x',pk":           {{"default", "'x'", true}, {name: "pk"}},
		"default=x'00',pk":         {{"default", "x'00'", true}, {name: "pk"}},
		"check=a in('b,c'),pk":     {{"check", "a in('b,c')", true}, {name: "pk"}},
		"enum=it's|'b,|c'":         {{"enum", "it's|'b,|c'", true}},
	} {
		got, faults := parseTag(text)
		require.Empty(t, faults, text)
		require.Equal(t, want, got, text)
	}
}

func TestParseTagFaults(t *testing.T) {
	for text, want := range map[string]string{
		"check=(a":    "open bracket",
		"check=a)":    "closing bracket",
		"check=')":    "open ' quote",
		`comment="a'`: `open " quote`,
		",":           "comma too many\na comma too many",
		"pk,":         "comma too many",
		"pk,,auto":    "comma too many",
		"=5":          "without an option's name",
	} {
		_, faults := parseTag(text)
		require.ErrorContains(t, errors.Join(faults...), want, text)
	}
	options, faults := parseTag("pk,,=5,auto")
	require.Len(t, faults, 2)
	require.Equal(t, []tagOption{{name: "pk"}, {name: "auto"}}, options, "a fault does not hide the options beside it")
}

func TestUnquote(t *testing.T) {
	for value, want := range map[string]string{
		"":           "",
		"'":          "'",
		"''":         "",
		"'a, b'":     "a, b",
		`"a, b"`:     "a, b",
		"'it''s'":    "it's",
		"'it\"s'":    `it"s`,
		"'a' || 'b'": "'a' || 'b'",
		"'a":         "'a",
		`'a"`:        `'a"`,
		"'''":        "'''",
		"''''":       "'",
	} {
		require.Equal(t, want, unquote(value), value)
	}
}

func TestOverlookedTags(t *testing.T) {
	for _, tag := range []reflect.StructTag{
		``, ` `, `db:"a"`, `db:"a" schema:"pk" json:"b"`, `json:"b"  schema:"check=a = 'b: \"c\"'"`,
		`json:b`, `gorm:"schema:x" oops`, `note:"db:"`, `dbname: "x"`, `json:"a" json:"b"`, `db:"schema:pk"`,
	} {
		require.Empty(t, overlooked(tag), tag)
	}
	for _, tag := range []reflect.StructTag{
		`db: "a"`, `db:a`, `schema:pk`, `schema:'pk'`, `schema="pk"`, `db"a"`, `schema`, `json:"a",schema:"pk"`, `json:"a";db:"b"`,
		"json:\"a\"\tdb:\"b\"", `db:"a" schema:"pk`, `json:x db:"a"`, `db:"a" db:"b"`, `schema:"pk" json:"x" schema:"auto"`,
	} {
		require.NotEmpty(t, overlooked(tag), tag)
	}
}

// structOf makes a struct type of fields A, B, C, …, an integer key ID before them.
func structOf(fields ...reflect.StructField) reflect.Type {
	all := []reflect.StructField{{Name: "ID", Type: reflect.TypeFor[int64](), Tag: `schema:"pk"`}}
	for i, f := range fields {
		if f.Name == "" {
			f.Name = string(rune('A' + i))
		}
		all = append(all, f)
	}
	return reflect.StructOf(all)
}

func fieldOf[T any](tag string) reflect.StructField {
	return reflect.StructField{Type: reflect.TypeFor[T](), Tag: reflect.StructTag(tag)}
}

// bearers has a field of many kinds.
type bearers struct {
	ID     int64
	Text   string
	Number *int32
	Truth  bool
	Time   time.Time
	Gone   *time.Time
	Bytes  []byte
	Map    map[string]int
	UUID   [16]byte
	Float  float64
	Money  money
	Tone   *tone
}

// FuzzParseTag holds the grammar to its own rules, then lets every kind of field bear the tag.
func FuzzParseTag(f *testing.F) {
	for _, seed := range []string{
		"", "pk", "pk,auto", "unique=a,index", "size=10,default='x, y'", "check=(a > 0 and b in (1,2)),null", "enum=a|'b|c'|\"d\"",
		"type=decimal,precision=38,scale=2", "references=a.b.c,ondelete=set null,onupdate=cascade", "comment='it''s'", "created",
		"deleted,null", "version", "generated=a+b", "=", ",", "(", "'", "size=-1", "type=invalid", "references=..", "enum=|", "-",
		"comment=it's a flag", "default=x'00'", "check=a = \u00a0'b,c'",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		options, faults := parseTag(text)
		again := make([]string, len(options))
		for i, o := range options {
			require.NotEmpty(t, o.name)
			require.Equal(t, strings.TrimSpace(o.name), o.name)
			require.Equal(t, strings.TrimSpace(o.value), o.value)
			again[i] = o.name
			if o.hasValue {
				again[i] += "=" + o.value
			}
		}
		reread, refaults := parseTag(strings.Join(again, ","))
		require.Empty(t, refaults)
		require.Equal(t, len(options), len(reread))
		for i := range options {
			require.Equal(t, options[i], reread[i])
		}
		// Not structOf: reflect keeps every type it ever made.
		bearers := reflect.TypeFor[bearers]()
		for field := range bearers.Fields() {
			b := newBuilder(bearers)
			b.column(bearers.Field(0), "id", "pk", 0, "ID")
			b.column(field, "bearer", text, field.Offset, field.Name)
			table, err := b.finish(nil)
			if err == nil {
				require.Empty(t, faults, "what the grammar refuses is no table")
				require.Len(t, table.Fingerprint(), 64)
				continue
			}
			require.Nil(t, table)
			require.ErrorIs(t, err, ErrInvalid)
			for _, fault := range faultsIn(t, err) {
				require.NotEmpty(t, fault.Reason)
			}
		}
	})
}

// faultsIn takes a joined error apart: nothing but TagErrors may be in it.
func faultsIn(t require.TestingT, err error) []*TagError {
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok, err)
	var faults []*TagError
	for _, e := range joined.Unwrap() {
		fault, ok := e.(*TagError)
		require.True(t, ok, e)
		faults = append(faults, fault)
	}
	return faults
}
