package nodes_test

import (
	"fmt"
	"reflect"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// ware has nearly everything: a number by the database, a unique column, a check, nulls, decimals, a reference, a default,
// a version, times, and deletion by a mark.
type ware struct {
	ID        int64      `db:"id"         schema:"pk,auto"`
	Code      string     `db:"code"       schema:"unique"`
	MakerID   *int64     `db:"maker_id"   schema:"references=makers.id"`
	Size      *int32     `db:"size"       schema:"check=size < 90"`
	Price     string     `db:"price"      schema:"type=decimal,precision=6,scale=2,index"`
	Grade     string     `db:"grade"      schema:"default='plain'"`
	Hot       bool       `db:"hot"`
	Version   int64      `db:"version"    schema:"version"`
	CreatedAt time.Time  `db:"created_at" schema:"created"`
	UpdatedAt time.Time  `db:"updated_at" schema:"updated"`
	DeletedAt *time.Time `db:"deleted_at" schema:"deleted"`
}

// maker is what wares point to.
type maker struct {
	ID   int64  `db:"id"   schema:"pk"`
	Name string `db:"name" schema:"unique"`
}

// stall has a key of two columns and a unique index over two others, of which one may be null.
type stall struct {
	Hall    string  `db:"hall"    schema:"pk"`
	Number  int32   `db:"number"  schema:"pk"`
	Floor   int16   `db:"floor"   schema:"unique=spot"`
	Owner   *string `db:"owner"   schema:"unique=spot"`
	Fee     string  `db:"fee"     schema:"type=decimal,precision=6,scale=2"`
	Version int32   `db:"version" schema:"version"`
}

type stallKey struct {
	Hall   string `db:"hall"`
	Number int32  `db:"number"`
}

// line is one of the journal, which only grows. The hooks of wares write into it.
type line struct {
	ID      int64   `db:"id"      schema:"pk,auto"`
	Verb    string  `db:"verb"    schema:"check=verb <> 'nonsense'"`
	Subject string  `db:"subject"`
	Ticket  *string `db:"ticket"  schema:"unique"`
}

// newWorld is the reference of these tables, empty.
func newWorld() *world {
	w := &world{tables: map[string]*refTable{}}
	for _, t := range []*refTable{refWares(), refMakers(), refStalls(), refJournal()} {
		w.tables[t.name] = t
	}
	return w
}

func refWares() *refTable {
	return &refTable{
		name: "wares", key: []string{"id"}, uniques: [][]string{{"code"}}, auto: "id", version: "version",
		created: "created_at", updated: "updated_at", deleted: "deleted_at", known: []string{"code"},
		parents: map[string]string{"maker_id": "makers"}, subjects: "code",
		fixed:  []string{"id", "version", "created_at", "updated_at", "deleted_at"},
		broken: func(r record) bool { size, ok := r["size"].(int64); return ok && size >= 90 },
		columns: []refColumn{
			{name: "id", kind: schema.KindInt64},
			{name: "code", kind: schema.KindString},
			{name: "maker_id", kind: schema.KindInt64, nullable: true},
			{name: "size", kind: schema.KindInt64, nullable: true},
			{name: "price", kind: schema.KindDecimal},
			{name: "grade", kind: schema.KindString, preset: "plain"},
			{name: "hot", kind: schema.KindBool},
			{name: "version", kind: schema.KindInt64},
			{name: "created_at", kind: schema.KindTime},
			{name: "updated_at", kind: schema.KindTime},
			{name: "deleted_at", kind: schema.KindTime, nullable: true},
		},
	}
}

func refMakers() *refTable {
	return &refTable{
		name: "makers", key: []string{"id"}, uniques: [][]string{{"name"}}, fixed: []string{"id"},
		broken:  func(record) bool { return false },
		columns: []refColumn{{name: "id", kind: schema.KindInt64}, {name: "name", kind: schema.KindString}},
	}
}

func refStalls() *refTable {
	return &refTable{
		name: "stalls", key: []string{"hall", "number"}, uniques: [][]string{{"floor", "owner"}}, version: "version",
		fixed: []string{"hall", "number", "version"}, broken: func(record) bool { return false },
		columns: []refColumn{
			{name: "hall", kind: schema.KindString},
			{name: "number", kind: schema.KindInt64},
			{name: "floor", kind: schema.KindInt64},
			{name: "owner", kind: schema.KindString, nullable: true},
			{name: "fee", kind: schema.KindDecimal},
			{name: "version", kind: schema.KindInt64},
		},
	}
}

func refJournal() *refTable {
	return &refTable{
		name: "journal", key: []string{"id"}, uniques: [][]string{{"ticket"}}, auto: "id", grows: true, fixed: []string{"id"},
		broken: func(r record) bool { return r["verb"] == "nonsense" },
		columns: []refColumn{
			{name: "id", kind: schema.KindInt64},
			{name: "verb", kind: schema.KindString},
			{name: "subject", kind: schema.KindString},
			{name: "ticket", kind: schema.KindString, nullable: true},
		},
	}
}

// recordOf makes a record of a row, and a row is made of a record.
func recordOf(row any) record {
	v, out := reflect.ValueOf(row), record{}
	for field := range v.Type().Fields() {
		out[field.Tag.Get("db")] = plainOf(v.FieldByIndex(field.Index))
	}
	return out
}

func plainOf(v reflect.Value) any {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return nil
	case v.Kind() == reflect.Pointer:
		return plainOf(v.Elem())
	case v.CanInt():
		return v.Int()
	}
	return v.Interface()
}

func rowOf[T any](r record) (row T) {
	v := reflect.ValueOf(&row).Elem()
	for field := range v.Type().Fields() {
		name := field.Tag.Get("db")
		value, at := r.of(name), v.FieldByIndex(field.Index)
		if value == nil {
			continue
		}
		if at.Kind() == reflect.Pointer {
			at.Set(reflect.New(at.Type().Elem()))
			at = at.Elem()
		}
		at.Set(reflect.ValueOf(value).Convert(at.Type()))
	}
	return row
}

// agrees compares what is expected with what is there, and fills blanks.
func agrees(want, got record) error {
	if len(want) != len(got) {
		return fmt.Errorf("want %v, got %v", want, got)
	}
	for name, value := range want {
		b, open := value.(*blank)
		if open && b.value == nil {
			if err := b.fill(got[name]); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		x, y := want.of(name), got[name]
		moment, timed := x.(time.Time)
		if other, ok := y.(time.Time); timed && ok && moment.Equal(other) && other.Location() == time.UTC {
			continue
		}
		if x != y {
			return fmt.Errorf("%s: want %#v, got %#v", name, x, y)
		}
	}
	return nil
}

// fill takes a value over, if it fits.
func (b *blank) fill(value any) error {
	switch v := value.(type) {
	case int64:
		if b.from.IsZero() && v > 0 {
			b.value = v
			return nil
		}
	case time.Time:
		if !v.Before(b.from) && !v.After(b.to) && v.Location() == time.UTC {
			b.value = v
			return nil
		}
	}
	return fmt.Errorf("%#v does not fit between %v and %v", value, b.from, b.to)
}

// agreeAll compares rows in their order.
func agreeAll(want, got []record) error {
	if len(want) != len(got) {
		return fmt.Errorf("want %d rows %v, got %d: %v", len(want), want, len(got), got)
	}
	for i := range want {
		if err := agrees(want[i], got[i]); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	return nil
}
