package schema

import (
	"database/sql"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type silent string

func (silent) Values() []string { return nil }

type doubled string

func (doubled) Values() []string { return []string{"a", "a"} }

// TestEachFaultOfAField wants exactly one fault for each, at field A, with its tag and these words.
func TestEachFaultOfAField(t *testing.T) {
	for _, c := range []struct {
		field reflect.StructField
		want  string
	}{
		{fieldOf[int](`schema:"primary"`), `"primary": unknown option`},
		{fieldOf[int](`schema:"wasnt=b"`), `"wasnt": unknown option`},
		{fieldOf[int](`schema:"was"`), `"was": needs a value`},
		{fieldOf[int](`schema:"was="`), `"was": an equals sign and no value`},
		{fieldOf[int](`schema:"was=b,was=c"`), `"was": given twice`},
		{fieldOf[int](`schema:"was=a"`), "was names the column itself"},
		{fieldOf[int](`schema:"was=A"`), "was names the column itself"},
		{fieldOf[int](`schema:"was=b` + "\\x00" + `"`), "without a zero byte"},
		{fieldOf[int](`schema:"was=id"`), "was=id: field ID is that column now"},
		{fieldOf[int](`schema:"was=ID"`), "was=ID: field ID is that column now"},
		{fieldOf[int](`schema:"backfill"`), `"backfill": needs a value`},
		{fieldOf[int](`schema:"backfill=1,backfill=2"`), `"backfill": given twice`},
		{fieldOf[string](`schema:"backfill='` + "\\xff" + `'"`), "without a zero byte"},
		{fieldOf[int](`schema:"backfill=1,generated=2"`), "cannot be filled: no backfill"},
		{fieldOf[int](`schema:"PK"`), `"PK": unknown option`},
		{fieldOf[int](`schema:"-,index"`), `"-": unknown option`},
		{fieldOf[string](`schema:"size=1,size=2"`), `"size": given twice`},
		{fieldOf[string](`schema:"size=1,size"`), `"size": given twice`},
		{fieldOf[string](`schema:"size"`), `"size": needs a value`},
		{fieldOf[string](`schema:"size="`), `"size": an equals sign and no value`},
		{fieldOf[string](`schema:"index="`), `"index": an equals sign and no value`},
		{fieldOf[string](`schema:"check="`), `"check": an equals sign and no value`},
		{fieldOf[string](`schema:"null=yes"`), `"null": takes no value`},
		{fieldOf[string](`schema:"check=(a"`), "open bracket"},
		{fieldOf[string](`schema:"index,"`), "comma too many"},
		{fieldOf[string](`schema:"size=0"`), "size must be from 1"},
		{fieldOf[string](`schema:"size=99999999"`), "size must be from 1"},
		{fieldOf[string](`schema:"size=-3"`), `"size": not a whole number`},
		{fieldOf[string](`schema:"size=many"`), `"size": not a whole number`},
		{fieldOf[int](`schema:"size=3"`), "size is for strings and bytes"},
		{fieldOf[string](`schema:"precision=3"`), "precision and scale are for decimals"},
		{fieldOf[float64](`schema:"scale=3"`), "precision and scale are for decimals"},
		{fieldOf[string](`schema:"type=decimal"`), "a decimal needs a precision"},
		{fieldOf[string](`schema:"type=decimal,precision=39"`), "a decimal needs a precision"},
		{fieldOf[string](`schema:"type=decimal,precision=3,scale=4"`), "a decimal needs a precision"},
		{fieldOf[string](`schema:"type=varchar"`), `"type": not one of bool, int16`},
		{fieldOf[string](`schema:"type=invalid"`), `"type": not one of bool, int16`},
		{fieldOf[string](`schema:"type=int64"`), "Go type string cannot hold kind int64"},
		{fieldOf[bool](`schema:"enum=a|b"`), "enum is for strings"},
		{fieldOf[string](`schema:"enum=a||b"`), "an enum value is empty"},
		{fieldOf[string](`schema:"enum=a|a"`), "an enum value is empty, given twice"},
		{fieldOf[string](`schema:"enum=abc|d,size=2"`), "longer than size"},
		{fieldOf[silent](""), "method Values of Go type schema.silent gives no strings"},
		{fieldOf[*doubled](""), "given twice"},
		{fieldOf[string](`schema:"auto"`), "auto is for an integer that is the key"},
		{fieldOf[int](`schema:"auto"`), "auto is for an integer that is the key"},
		{fieldOf[string](`schema:"default=a,generated=b"`), "default, generated and auto exclude each other"},
		{fieldOf[int](`schema:"default=now"`), "default=now is for times and dates"},
		{fieldOf[string](`schema:"default='a` + "\\x00" + `'"`), "without a zero byte"},
		{fieldOf[string](`schema:"comment=` + "\\xff" + `"`), "without a zero byte"},
		{fieldOf[string](`schema:"check=a = '` + "\\x00" + `'"`), `"check": holds a zero byte`},
		{fieldOf[bool](`schema:"default=true"`), "use *bool"},
		{fieldOf[bool](`schema:"default=1,null"`), "use *bool"},
		{fieldOf[int](`schema:"null,notnull"`), "null and notnull contradict"},
		{fieldOf[int](`schema:"created"`), "created, updated and deleted are for times"},
		{fieldOf[time.Time](`schema:"updated,type=date"`), "created, updated and deleted are for times"},
		{fieldOf[*string](`schema:"deleted"`), "created, updated and deleted are for times"},
		{fieldOf[*time.Time](`schema:"created"`), "created and updated cannot be null"},
		{fieldOf[time.Time](`schema:"updated,null"`), "created and updated cannot be null"},
		{fieldOf[time.Time](`schema:"deleted"`), "deleted must be nullable"},
		{fieldOf[*time.Time](`schema:"deleted,notnull"`), "deleted must be nullable"},
		{fieldOf[string](`schema:"version"`), "version is for an integer"},
		{fieldOf[*int](`schema:"version"`), "version is for an integer that is not null"},
		{fieldOf[time.Time](`schema:"created,default=now"`), "a lifecycle column is filled by the library"},
		{fieldOf[int](`schema:"version,generated=id"`), "a lifecycle column is filled by the library"},
		{fieldOf[time.Time](`schema:"created,updated"`), `"updated": a column has one lifecycle role`},
		{fieldOf[int](`schema:"references=users"`), `"references": write table.column`},
		{fieldOf[int](`schema:"references=a.b.c.d"`), `"references": write table.column`},
		{fieldOf[int](`schema:"references=users."`), `"references": write table.column`},
		{fieldOf[int](`schema:"ondelete=cascade"`), `"ondelete": there is no references`},
		{fieldOf[int](`schema:"references=t.id,onupdate=explode"`), `"onupdate": not one of cascade`},
		{fieldOf[int](`schema:"references=t.id,ondelete=set null"`), "set null on a column that cannot be null"},
		{fieldOf[*int](`schema:"notnull,references=t.id,onupdate=set null"`), "set null on a column that cannot be null"},
		{fieldOf[int](`schema:"references=t.id,ondelete=set default"`), "set default on a column that has no default"},
		{fieldOf[json.RawMessage](`schema:"unique"`), "JSON cannot be indexed"},
		{fieldOf[[]string](`schema:"index=g"`), "JSON cannot be indexed"},
		{fieldOf[chan int](``), "unsupported Go type chan int"},
		{fieldOf[chan int](`schema:"type=json"`), "unsupported Go type chan int"},
		{fieldOf[**int](``), "unsupported Go type **int"},
		{fieldOf[*sql.NullString](``), "unsupported Go type"},
		{fieldOf[money](``), "say it with type="},
		{fieldOf[int](`db:""`), "an empty name in the db tag"},
		{fieldOf[int](`db:"a,omitempty"`), "a comma in the db tag"},
		{fieldOf[int](`db:"a` + "\\x00" + `"`), "zero byte"},
		{fieldOf[int](`db:"` + "\\xff" + `"`), "not UTF-8"},
		{fieldOf[int](`db:"ROWID"`), `column name "ROWID" is kept for the database`},
		{fieldOf[int](`db:"xmin"`), "is kept for the database"},
		{fieldOf[int](`db:"Id"`), `column "Id" is there already, as field ID`},
		{fieldOf[int](`schema: "unique"`), "not in Go's form"},
		{fieldOf[int](`schema:"index" schema:"unique"`), "two schema tags"},
		{reflect.StructField{Name: "a", PkgPath: "p", Type: reflect.TypeFor[int](), Tag: `db:"a"`}, "an unexported field cannot be a column"},
		{reflect.StructField{Name: "a", PkgPath: "p", Type: reflect.TypeFor[int](), Tag: `schema:"pk"`}, "an unexported field cannot be a column"},
		{reflect.StructField{Name: "Lane", Anonymous: true, Type: reflect.TypeFor[*Lane]()}, "an embedded pointer: embed the struct itself"},
	} {
		_, err := tableOf(structOf(c.field), []TableOption{Named("t")})
		require.ErrorIs(t, err, ErrInvalid, c.field.Tag)
		faults := faultsIn(t, err)
		require.Len(t, faults, 1, "one cause, one fault: %v", err)
		require.Contains(t, faults[0].Reason, c.want)
		require.Contains(t, []string{"A", "a", "Lane"}, faults[0].Field)
		require.Equal(t, string(c.field.Tag), faults[0].Tag)
		require.Contains(t, faults[0].Type, "struct")
	}
}

// TestEachFaultOfAKey is of structs that consist of these fields alone.
func TestEachFaultOfAKey(t *testing.T) {
	fields := func(list ...reflect.StructField) reflect.Type {
		for i := range list {
			list[i].Name = string(rune('A' + i))
		}
		return reflect.StructOf(list)
	}
	for _, c := range []struct {
		rt    reflect.Type
		field string
		want  string
	}{
		{fields(), "", "no field is a column"},
		{fields(fieldOf[int](`db:"-"`)), "", "no field is a column"},
		{fields(fieldOf[int](``)), "", "no primary key"},
		{fields(fieldOf[*int](`schema:"pk"`)), "A", "a key cannot be null"},
		{fields(fieldOf[*int](`schema:"pk,notnull"`)), "A", "a key cannot be null"},
		{fields(fieldOf[int](`schema:"pk,null"`)), "A", "a key cannot be null"},
		{fields(fieldOf[sql.Null[int]](`schema:"pk"`)), "A", "a key cannot be null"},
		{fields(fieldOf[[]string](`schema:"pk"`)), "A", "JSON cannot be a key"},
		{fields(fieldOf[int](`schema:"pk,generated=b"`), fieldOf[int](``)), "A", "a key cannot be generated"},
		{fields(fieldOf[int](`schema:"pk,auto"`), fieldOf[int](`schema:"pk"`)), "A", "auto is for a key of one column"},
		{fields(fieldOf[int](`schema:"pk,version"`)), "A", "a lifecycle column is filled by the library"},
		{fields(fieldOf[string](`schema:"pk,auto"`)), "A", "auto is for an integer"},
		{fields(fieldOf[int](`schema:"pk,auto,default=1"`)), "A", "exclude each other"},
		{fields(fieldOf[int](`schema:"pk,auto,backfill=1"`)), "A", "cannot be filled: no backfill"},
		{
			fields(fieldOf[int](`schema:"pk,was=old"`), fieldOf[int](`schema:"was=OLD"`)),
			"B", "was=OLD: field A says the same",
		},
		{
			fields(fieldOf[int](`schema:"pk"`), fieldOf[int](`schema:"version"`), fieldOf[int](`schema:"version"`)),
			"C", "the lifecycle role is taken by field B",
		},
		// A key that was meant and went wrong is not missing, too.
		{fields(fieldOf[int](`schema:"pk=yes"`)), "A", `"pk": takes no value`},
		{fields(fieldOf[int](`schema:"pk,check=(a"`)), "A", "open bracket"},
		{fields(fieldOf[int](`schema: "pk"`)), "A", "not in Go's form"},
	} {
		_, err := tableOf(c.rt, []TableOption{Named("t")})
		require.Error(t, err, c.want)
		faults := faultsIn(t, err)
		require.Len(t, faults, 1, "one cause, one fault: %v", err)
		require.Contains(t, faults[0].Reason, c.want)
		require.Equal(t, c.field, faults[0].Field)
	}
}

func TestEachFaultOfAnOption(t *testing.T) {
	type row struct {
		ID   int64   `schema:"pk"`
		Up   int64   ``
		More *int64  ``
		Doc  *[]bool ``
		Has  *int64  `schema:"references=rows.id"`
	}
	key := func(change func(*ForeignKey)) TableOption {
		fk := ForeignKey{Columns: []string{"more"}, References: Ref{Name: "rows"}, RefColumns: []string{"id"}}
		change(&fk)
		return WithForeignKey(fk)
	}
	for _, c := range []struct {
		option TableOption
		want   string
	}{
		{Named(""), "the type has no name"},
		{Named("a\x00"), "zero byte"},
		{Named("\xff"), "not UTF-8"},
		{Named("schemactor_tables"), "the library's own history"},
		{Named("Schemactor_mine"), "the library's own history"},
		{Named("sqlite_x"), "kept for the database"},
		{Named("PG_x"), "kept for the database"},
		{InNamespace(""), "empty namespace"},
		{Was(""), "Was: empty name"},
		{Was("rows"), `Was: "rows" is the table's name now`},
		{Was("ROWS"), `Was: "ROWS" is the table's name now`},
		{Was("a\x00"), "zero byte"},
		{Was("\xff"), "not UTF-8"},
		{InNamespace("pg_catalog"), "kept for the database"},
		{InNamespace("a\x00"), "zero byte"},
		{WithIndex(), "index without columns"},
		{WithUnique(), "index without columns"},
		{WithIndex("nope"), `index over unknown column "nope"`},
		{WithUnique("up", "up"), `index has column "up" twice`},
		{WithIndex("Up"), `unknown column "Up"`},
		{WithIndex("doc"), "JSON cannot be indexed"},
		{WithCheck(" "), "an empty check"},
		{WithCheck("a\x00"), "zero byte"},
		{WithComment("a\x00"), "zero byte"},
		{key(func(fk *ForeignKey) { fk.Columns = []string{"nope"} }), `foreign key to "rows" over unknown column "nope"`},
		{key(func(fk *ForeignKey) { fk.Columns, fk.RefColumns = nil, nil }), "without columns"},
		{key(func(fk *ForeignKey) { fk.References.Name = "" }), "needs a table"},
		{key(func(fk *ForeignKey) { fk.References.Name = "\x00" }), "zero byte"},
		{key(func(fk *ForeignKey) { fk.RefColumns = nil }), "as many columns there as here"},
		{key(func(fk *ForeignKey) { fk.RefColumns = []string{""} }), "as many columns there as here"},
		{key(func(fk *ForeignKey) { fk.RefColumns = []string{"\xff"} }), "not UTF-8"},
		{key(func(fk *ForeignKey) { fk.Columns, fk.RefColumns = []string{"more", "up"}, []string{"a", "a"} }), `has column "a" there twice`},
		{key(func(fk *ForeignKey) { fk.OnUpdate = 9 }), "unknown action"},
		{key(func(fk *ForeignKey) { fk.Columns, fk.OnUpdate = []string{"up"}, SetNull }), "set null on a column"},
		{key(func(fk *ForeignKey) { fk.Columns, fk.References.Name = []string{"has"}, "others" }), `would be called "rows__has_fk"`},
	} {
		_, err := TableOf[row](c.option)
		require.Error(t, err, c.want)
		faults := faultsIn(t, err)
		require.Contains(t, faults[0].Reason, c.want)
		require.Len(t, faults, 1, "one cause, one fault: %v", err)
	}
	_, err := TableOf[row](Named("schemactor_tables"), Reserved())
	require.NoError(t, err, "the ledger's own way")
	_, err = TableOf[row](key(func(fk *ForeignKey) { fk.Name, fk.Columns, fk.References.Name = "named", []string{"has"}, "others" }))
	require.NoError(t, err, "two keys over one column, told apart by name")
}

func TestNoStruct(t *testing.T) {
	for _, err := range []error{
		second(TableOf[int]()), second(TableOf[*place]()), second(TableOf[any]()), second(TableOf[map[string]int]()),
	} {
		require.ErrorIs(t, err, ErrInvalid)
		require.ErrorContains(t, err, "not a struct")
	}
	require.ErrorContains(t, second(TableOf[struct {
		ID int `schema:"pk"`
	}]()), "the type has no name")
}

func second(_ *Table, err error) error { return err }

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	type base struct {
		Price  string `schema:"type=decimal"`
		Weight int    `schema:"size=3,bogus,precision=1"`
	}
	type Parcel struct {
		base
		ID     *int64   `schema:"pk"`
		Mixed  chan int `schema:"size=,nope"`
		Weight int      `db:"WEIGHT"`
	}
	_, err := TableOf[Parcel](Named("pg_parcels"), WithIndex("nope"), WithCheck(""))
	var got []string
	for _, fault := range faultsIn(t, err) {
		require.Equal(t, "schema.Parcel", fault.Type)
		got = append(got, fault.Error())
	}
	require.Equal(t, []string{
		"schema.Parcel.base.Price `schema:\"type=decimal\"`: a decimal needs a precision from 1 to 38 and a scale from 0 to the precision",
		"schema.Parcel.base.Weight `schema:\"size=3,bogus,precision=1\"`: option \"bogus\": unknown option",
		"schema.Parcel.base.Weight `schema:\"size=3,bogus,precision=1\"`: size is for strings and bytes",
		"schema.Parcel.base.Weight `schema:\"size=3,bogus,precision=1\"`: precision and scale are for decimals",
		"schema.Parcel.ID `schema:\"pk\"`: a key cannot be null",
		"schema.Parcel.Mixed `schema:\"size=,nope\"`: option \"size\": an equals sign and no value",
		"schema.Parcel.Mixed `schema:\"size=,nope\"`: option \"nope\": unknown option",
		"schema.Parcel.Mixed `schema:\"size=,nope\"`: unsupported Go type chan int",
		"schema.Parcel: table \"pg_parcels\": names with pg_ are kept for the database",
		"schema.Parcel.Weight `db:\"WEIGHT\"`: column \"WEIGHT\" is there already, as field base.Weight",
		"schema.Parcel: index over unknown column \"nope\"",
		"schema.Parcel: an empty check",
	}, got)
	require.Equal(t, strings.Join(got, "\n"), err.Error())
}
