package load

import (
	"strconv"

	"github.com/schemactor/schemactor/schema"
)

// maxChanges is how many later versions the model has: each odd one adds a column, each even one an index.
const maxChanges = 6

// The model's later versions. Each fills its column with its name and the row's key; what an older program writes leaves it empty.
type (
	hued struct {
		Row
		Hue *string `db:"hue"`
	}
	shaded struct {
		hued
		Shade *string `db:"shade"`
	}
	graded struct {
		shaded
		Grade *string `db:"grade"`
	}
)

// shape is a version's struct as the writers see it.
type shape[T any] interface {
	*T
	base() *Row
	fill()       // the columns that later versions have added
	whole() bool // whether these are as they must be
	values() []any
}

func (r *Row) base() *Row    { return r }
func (r *Row) fill()         {}
func (r *Row) whole() bool   { return true }
func (r *Row) values() []any { return []any{r.ID, r.Worker, r.Label, r.Body, r.Turn, r.Amount, r.Part} }

func (r *hued) fill()         { r.Row.fill(); r.Hue = mark("hue", r.ID) }
func (r *hued) whole() bool   { return r.Row.whole() && marked(r.Hue, "hue", r.ID) }
func (r *hued) values() []any { return append(r.Row.values(), *r.Hue) }

func (r *shaded) fill()         { r.hued.fill(); r.Shade = mark("shade", r.ID) }
func (r *shaded) whole() bool   { return r.hued.whole() && marked(r.Shade, "shade", r.ID) }
func (r *shaded) values() []any { return append(r.hued.values(), *r.Shade) }

func (r *graded) fill()         { r.shaded.fill(); r.Grade = mark("grade", r.ID) }
func (r *graded) whole() bool   { return r.shaded.whole() && marked(r.Grade, "grade", r.ID) }
func (r *graded) values() []any { return append(r.shaded.values(), *r.Grade) }

func mark(column string, key int64) *string {
	text := column + " " + strconv.FormatInt(key, 10)
	return &text
}

func marked(text *string, column string, key int64) bool {
	return text == nil || *text == *mark(column, key)
}

// columnsOf are the columns that a version has beside those of Row.
func columnsOf(version int) []string { return []string{"hue", "shade", "grade"}[:(version+1)/2] }

// modelOf is the model of a table in a version.
func modelOf(version int, ref schema.Ref) (*schema.Table, error) {
	switch len(columnsOf(version)) {
	case 0:
		return schema.TableOf[Row](placed(version, ref)...)
	case 1:
		return schema.TableOf[hued](placed(version, ref)...)
	case 2:
		return schema.TableOf[shaded](placed(version, ref)...)
	}
	return schema.TableOf[graded](placed(version, ref)...)
}

// placed are the options that give a version of the model its place, and its indexes.
func placed(version int, ref schema.Ref) []schema.TableOption {
	options := []schema.TableOption{schema.Named(ref.Name)}
	if ref.Namespace != "" {
		options = append(options, schema.InNamespace(ref.Namespace))
	}
	for _, column := range []string{"amount", "turn", "part"}[:version/2] {
		options = append(options, schema.WithIndex(column))
	}
	return options
}
