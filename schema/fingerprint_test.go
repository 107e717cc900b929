package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sketch is a model that can be written as a struct in many ways.
type sketch struct {
	columns []sketchColumn
	groups  [][]int // columns of each index, in their order
	unique  []bool
}

type sketchColumn struct {
	name    string
	types   []reflect.Type // any of them means the same
	options []string
}

func typesOf(list ...any) []reflect.Type {
	var types []reflect.Type
	for _, v := range list {
		types = append(types, reflect.TypeOf(v))
	}
	return types
}

var genSketch = rapid.Custom(func(t *rapid.T) sketch {
	kinds := []sketchColumn{
		{types: typesOf(int64(0), int(0), uint32(0)), options: []string{"check=%s > 0"}},
		{types: typesOf(int16(0), int8(0), uint8(0)), options: []string{"default=7"}},
		{types: typesOf("", mood("")), options: []string{"size=9", "comment='a, b'"}},
		{types: typesOf("", mood("")), options: []string{"enum=a|b|c d", "default='a'"}},
		{types: typesOf(""), options: []string{"type=decimal", "precision=9", "scale=2"}},
		{types: typesOf(time.Time{}, moment{}), options: []string{"default=now"}},
		{types: typesOf([]byte(nil), blob(nil)), options: nil},
		{types: typesOf(new(int64), new(uint)), options: []string{"references=others.id", "ondelete=cascade"}},
		{types: typesOf(map[string]int(nil), json.RawMessage(nil), prefs{}), options: nil},
	}
	var s sketch
	for i := range rapid.IntRange(1, 8).Draw(t, "columns") {
		c := rapid.SampledFrom(kinds).Draw(t, "kind")
		c.name = fmt.Sprintf("col %d", i)
		c.options = slices.Clone(c.options)
		for j := range c.options {
			c.options[j] = strings.ReplaceAll(c.options[j], "%s", `"`+c.name+`"`)
		}
		s.columns = append(s.columns, c)
	}
	for range rapid.IntRange(0, 3).Draw(t, "groups") {
		var members []int
		for i, c := range s.columns {
			if c.types[0].Kind() != reflect.Map && rapid.Bool().Draw(t, "member") {
				members = append(members, i)
			}
		}
		if len(members) > 0 {
			s.groups = append(s.groups, members)
			s.unique = append(s.unique, rapid.Bool().Draw(t, "unique"))
		}
	}
	return s
})

// write makes a table of the sketch: fields, options and Go names as drawn, the shape as sketched.
func (s sketch) write(t *rapid.T) *Table {
	order := rapid.Permutation(s.columns).Draw(t, "order")
	fields := []reflect.StructField{{
		Name: "Key" + rapid.StringMatching(`[A-Z][a-z]{0,5}`).Draw(t, "key"), Type: reflect.TypeFor[int64](), Tag: `db:"id" schema:"pk"`,
	}}
	for i, c := range order {
		options := rapid.Permutation(c.options).Draw(t, "options")
		space := rapid.SampledFrom([]string{"", " ", "  "}).Draw(t, "space")
		tag := space + strings.Join(options, space+","+space) + space
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("Field%d", i), Type: rapid.SampledFrom(c.types).Draw(t, "type"),
			Tag: reflect.StructTag(fmt.Sprintf("db:%q schema:%q", c.name, tag)),
		})
	}
	// Where an index is declared and what its group is called does not count; the order of its columns does.
	var opts []TableOption
	for _, g := range rapid.Permutation(indices(s.groups)).Draw(t, "groups") {
		var names []string
		for _, i := range s.groups[g] {
			names = append(names, s.columns[i].name)
		}
		at := slices.IndexFunc(fields, func(f reflect.StructField) bool { return f.Tag.Get("db") == names[0] })
		if len(names) == 1 && rapid.Bool().Draw(t, "tagged") {
			option := map[bool]string{true: "unique", false: "index"}[s.unique[g]]
			if rapid.Bool().Draw(t, "named") {
				option += "=" + rapid.StringMatching(`[a-z]{9}`).Draw(t, "group")
			}
			was := fields[at].Tag.Get("schema")
			if strings.TrimSpace(was) != "" {
				was += ","
			}
			fields[at].Tag = reflect.StructTag(fmt.Sprintf("db:%q schema:%q", names[0], was+option))
			continue
		}
		if s.unique[g] {
			opts = append(opts, WithUnique(names...))
		} else {
			opts = append(opts, WithIndex(names...))
		}
	}
	name := rapid.StringMatching(`[a-z]{3,9}`).Draw(t, "table")
	table, err := tableOf(reflect.StructOf(fields), append(opts, Named(name)))
	require.NoError(t, err)
	return table
}

func indices[T any](list []T) []int {
	out := make([]int, len(list))
	for i := range out {
		out[i] = i
	}
	return out
}

func TestFingerprintIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSketch.Draw(t, "sketch")
		a, b := s.write(t), s.write(t)
		require.Regexp(t, `^[0-9a-f]{64}$`, a.Fingerprint())
		require.Equal(t, a.Fingerprint(), b.Fingerprint())
		// One column more is another shape.
		s.columns = append(s.columns, sketchColumn{name: "one more", types: typesOf(false)})
		require.NotEqual(t, a.Fingerprint(), s.write(t).Fingerprint())
	})
}

// TestFingerprintIsFixed guards against a change that would make every table in every ledger look changed.
func TestFingerprintIsFixed(t *testing.T) {
	table, err := TableOf[HTTPOrder]()
	require.NoError(t, err)
	require.Equal(t, "542b0b0356c169147d824b6e1adae96d07f9b169491583b6c102d678fc2b55df", table.Fingerprint())
}

func TestFingerprintSeesEveryPartOfTheShape(t *testing.T) {
	int64s := fieldOf[int64]
	key := func(change func(*ForeignKey)) TableOption {
		fk := ForeignKey{Columns: []string{"a"}, References: Ref{Name: "rows"}, RefColumns: []string{"id"}}
		change(&fk)
		return WithForeignKey(fk)
	}
	shapes := map[string]*Table{}
	add := func(what string, field reflect.StructField, opts ...TableOption) {
		table, err := tableOf(structOf(field, fieldOf[int64](``)), append(opts, Named("t")))
		require.NoError(t, err, what)
		for other, have := range shapes {
			require.NotEqual(t, have.Fingerprint(), table.Fingerprint(), "%s and %s", what, other)
		}
		shapes[what] = table
	}
	add("plain", int64s(``))
	add("name", int64s(`db:"c"`))
	add("kind", int64s(`schema:"type=int32"`))
	add("nullable", int64s(`schema:"null"`))
	add("default", int64s(`schema:"default=1"`))
	add("another default", int64s(`schema:"default=2"`))
	add("generated", int64s(`schema:"generated=1"`))
	add("comment", int64s(`schema:"comment=1"`))
	add("table comment", int64s(``), WithComment("1"))
	add("part of the key", int64s(`schema:"pk"`))
	add("check", int64s(`schema:"check=a > 1"`))
	add("index", int64s(`schema:"index"`))
	add("unique", int64s(`schema:"unique"`))
	add("index of two", int64s(``), WithIndex("a", "b"))
	add("the other way round", int64s(``), WithIndex("b", "a"))
	add("two indexes", int64s(``), WithIndex("a"), WithIndex("b"))
	add("text", fieldOf[string](``))
	add("size", fieldOf[string](`schema:"size=3"`))
	add("enum", fieldOf[string](`schema:"enum=x|y"`))
	add("another enum", fieldOf[string](`schema:"enum=x|z"`))
	add("decimal", fieldOf[string](`schema:"type=decimal,precision=3"`))
	add("scale", fieldOf[string](`schema:"type=decimal,precision=3,scale=1"`))
	add("foreign key", int64s(``), key(func(*ForeignKey) {}))
	add("its table", int64s(``), key(func(fk *ForeignKey) { fk.References.Name = "others" }))
	add("its namespace", int64s(``), key(func(fk *ForeignKey) { fk.References.Namespace = "away" }))
	add("its column there", int64s(``), key(func(fk *ForeignKey) { fk.RefColumns = []string{"no"} }))
	add("its column here", int64s(``), key(func(fk *ForeignKey) { fk.Columns = []string{"b"} }))
	add("on delete", int64s(``), key(func(fk *ForeignKey) { fk.OnDelete = Cascade }))
	add("on update", int64s(``), key(func(fk *ForeignKey) { fk.OnUpdate = Cascade }))

	auto, err := tableOf(reflect.StructOf([]reflect.StructField{{Name: "ID", Type: reflect.TypeFor[int64](), Tag: `schema:"pk,auto"`}}), []TableOption{Named("t")})
	require.NoError(t, err)
	byHand, err := tableOf(structOf(), []TableOption{Named("t")})
	require.NoError(t, err)
	require.NotEqual(t, auto.Fingerprint(), byHand.Fingerprint())
}

func TestFingerprintDoesNotSeeNames(t *testing.T) {
	fields := []reflect.StructField{fieldOf[*int64](``), fieldOf[string](`schema:"enum=x|y"`)}
	make := func(fk ForeignKey, opts ...TableOption) string {
		fk.Columns, fk.RefColumns = []string{"a"}, []string{"id"}
		fk.References.Name = "others"
		table, err := tableOf(structOf(fields...), append(opts, WithForeignKey(fk)))
		require.NoError(t, err)
		return table.Fingerprint()
	}
	plain := make(ForeignKey{}, Named("t"))
	require.Equal(t, plain, make(ForeignKey{Name: "by_hand"}, Named("t")), "a constraint's name")
	require.Equal(t, plain, make(ForeignKey{}, Named("another")), "the table's name")
	require.Equal(t, plain, make(ForeignKey{}, Named("t"), InNamespace("tenant")), "the namespace, where the target shares it")
	fields[1].Tag = `schema:"enum=y|x"`
	require.Equal(t, plain, make(ForeignKey{}, Named("t")), "the order of enum values")
}

func TestTableAsJSON(t *testing.T) {
	type row struct {
		ID    int64     `schema:"pk,auto"`
		Owner *int64    `schema:"references=users.id,ondelete=cascade,comment=who"`
		Total string    `schema:"type=decimal,precision=9,scale=2,check=total > '<0'"`
		Mood  mood      `schema:"enum=up|down,default='up',unique=m,size=9"`
		At    time.Time `schema:"updated,unique=m"`
		Twice int32     `schema:"generated=id * 2"`
	}
	table, err := TableOf[row](InNamespace("app"), WithComment("c"))
	require.NoError(t, err)
	data, err := json.MarshalIndent(table, "", " ")
	require.NoError(t, err)
	require.JSONEq(t, `{
	 "namespace": "app", "name": "rows", "comment": "c", "key": ["id"],
	 "columns": [
	  {"name": "id", "kind": "int64", "auto": true},
	  {"name": "owner", "kind": "int64", "nullable": true, "comment": "who"},
	  {"name": "total", "kind": "decimal", "precision": 9, "scale": 2},
	  {"name": "mood", "kind": "string", "size": 9, "default": "'up'", "enum": ["up", "down"]},
	  {"name": "at", "kind": "time"},
	  {"name": "twice", "kind": "int32", "generated": "id * 2"}
	 ],
	 "indexes": [{"columns": ["mood", "at"], "unique": true}],
	 "foreignKeys": [{"columns": ["owner"], "table": "users", "refColumns": ["id"], "onDelete": "CASCADE", "onUpdate": "NO ACTION"}],
	 "checks": ["total > '<0'"]
	}`, string(data))
	require.NotContains(t, string(data), "Owner", "no Go names")
}
