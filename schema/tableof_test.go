package schema

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

type audited struct {
	CreatedAt time.Time  `schema:"created"`
	UpdatedAt time.Time  `db:"changed" schema:"updated"`
	DeletedAt *time.Time `schema:"deleted"`
}

type place struct{ Street, City string }

type shade string

func (shade) Values() []string { return []string{"red", "green"} }

type tone string

func (*tone) Values() []string { return []string{"low", "high"} }

// HTTPOrder has something of everything that a tag can say.
type HTTPOrder struct {
	audited
	ID       int64 `schema:"pk,auto"`
	Version  int64 `schema:"version"`
	UserID   uuid.UUID
	OrgID    *uuid.UUID          `schema:"references=orgs.id,ondelete=set null,index=by_org"`
	PlacedAt time.Time           `schema:"index=by_org,default=now"`
	Code     string              `db:"order code" schema:"unique,size=12,comment='what, exactly'"`
	Total    string              `schema:"type=decimal,precision=12,scale=2,check=total >= 0,check=total < 1e9"`
	Day      time.Time           `schema:"type=date"`
	Twice    int32               `schema:"generated=id * 2"`
	Color    shade               `schema:"default='red'"`
	Tone     sql.Null[tone]      `schema:"unique=tuned"`
	Grade    string              `schema:"enum=a|'b,|c'|\"d\""`
	Extra    json.RawMessage     `schema:"null"`
	Where    place               `db:"place"`
	Phone    *string             `schema:"notnull,unique=tuned"`
	Due      sql.Null[time.Time] `schema:"type=date"`
	place    `db:"-"`
	Skipped  chan int `db:"-"`
	Ignored  func()   `schema:"-"`
}

func TestTableOfReadsTagsAndOptions(t *testing.T) {
	table, err := TableOf[HTTPOrder](
		InNamespace("shop"), WithComment("orders"), WithIndex("day", "color"), WithUnique("user_id", "day"),
		WithCheck("day > '2000-01-01'"), WithForeignKey(ForeignKey{
			Name: "owner", Columns: []string{"user_id", "id"}, References: Ref{"people", "users"}, RefColumns: []string{"id", "no"},
			OnUpdate: Cascade,
		}), nil,
	)
	require.NoError(t, err)
	require.Equal(t, Ref{"shop", "http_orders"}, table.Ref())
	require.Equal(t, "shop.http_orders", table.String())
	require.Equal(t, "orders", table.Comment())
	require.Equal(t, reflect.TypeFor[HTTPOrder](), table.GoType())
	columns := make([]Column, len(table.Columns()))
	for i, c := range table.Columns() {
		require.NotNil(t, c.access.goType, c.Name)
		c.access = access{}
		columns[i] = c
		at, ok := table.Column(c.Name)
		require.True(t, ok)
		require.Equal(t, i, at)
	}
	require.Equal(t, []Column{
		{Name: "created_at", Kind: KindTime, Role: RoleCreated, Field: "audited.CreatedAt"},
		{Name: "changed", Kind: KindTime, Role: RoleUpdated, Field: "audited.UpdatedAt"},
		{Name: "deleted_at", Kind: KindTime, Role: RoleDeleted, Nullable: true, Field: "audited.DeletedAt"},
		{Name: "id", Kind: KindInt64, Auto: true, Field: "ID"},
		{Name: "version", Kind: KindInt64, Role: RoleVersion, Field: "Version"},
		{Name: "user_id", Kind: KindUUID, Field: "UserID"},
		{Name: "org_id", Kind: KindUUID, Nullable: true, Field: "OrgID"},
		{Name: "placed_at", Kind: KindTime, Default: DefaultNow, Field: "PlacedAt"},
		{Name: "order code", Kind: KindString, Size: 12, Comment: "what, exactly", Field: "Code"},
		{Name: "total", Kind: KindDecimal, Precision: 12, Scale: 2, Field: "Total"},
		{Name: "day", Kind: KindDate, Field: "Day"},
		{Name: "twice", Kind: KindInt32, Generated: "id * 2", Field: "Twice"},
		{Name: "color", Kind: KindString, Default: "'red'", Enum: []string{"red", "green"}, Field: "Color"},
		{Name: "tone", Kind: KindString, Nullable: true, Enum: []string{"low", "high"}, Field: "Tone"},
		{Name: "grade", Kind: KindString, Enum: []string{"a", "b,|c", "d"}, Field: "Grade"},
		{Name: "extra", Kind: KindJSON, Nullable: true, Field: "Extra"},
		{Name: "place", Kind: KindJSON, Field: "Where"},
		{Name: "phone", Kind: KindString, Field: "Phone"},
		{Name: "due", Kind: KindDate, Nullable: true, Field: "Due"},
	}, columns)
	require.Equal(t, []string{"id"}, table.KeyNames())
	require.Equal(t, []Index{
		{Columns: []string{"org_id", "placed_at"}},
		{Columns: []string{"order code"}, Unique: true},
		{Columns: []string{"tone", "phone"}, Unique: true},
		{Columns: []string{"day", "color"}},
		{Columns: []string{"user_id", "day"}, Unique: true},
	}, table.Indexes())
	require.Equal(t, []ForeignKey{
		{Columns: []string{"org_id"}, References: Ref{"shop", "orgs"}, RefColumns: []string{"id"}, OnDelete: SetNull},
		{
			Name: "owner", Columns: []string{"user_id", "id"}, References: Ref{"people", "users"}, RefColumns: []string{"id", "no"},
			OnUpdate: Cascade,
		},
	}, table.ForeignKeys())
	require.Equal(t, []Check{{Expr: "total >= 0"}, {Expr: "total < 1e9"}, {Expr: "day > '2000-01-01'"}}, table.Checks())
	for role, name := range map[Role]string{
		RoleCreated: "created_at", RoleUpdated: "changed", RoleDeleted: "deleted_at", RoleVersion: "version",
	} {
		at, ok := table.Role(role)
		require.True(t, ok)
		require.Equal(t, name, table.Columns()[at].Name)
	}
}

func TestEmbeddedFieldsAreReachedAtTheirOffsets(t *testing.T) {
	table, a := accessorOf[HTTPOrder](t)
	row := HTTPOrder{audited: audited{UpdatedAt: time.Unix(7, 0)}, ID: 3, Where: place{Street: "High"}}
	for name, want := range map[string]any{
		"changed": time.Unix(7, 0).UTC(), "id": int64(3), "place": `{"Street":"High","City":""}`, "deleted_at": nil,
	} {
		got, err := a.Value(&row, position(t, table, name))
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
}

func TestEmbeddedScalarsAreColumns(t *testing.T) {
	type row struct {
		uuidKey
		time.Time
		Place place `db:"-"`
		prefs `db:"-"`
		audited
	}
	table, err := TableOf[row](Named("t"))
	require.NoError(t, err)
	names := []string{}
	for _, c := range table.Columns() {
		names = append(names, c.Name)
	}
	require.Equal(t, []string{"id", "time", "created_at", "changed", "deleted_at"}, names)

	type filed struct {
		ID     int64 `schema:"pk"`
		Street `db:"street"`
		*Lane  `db:"lane"`
	}
	table, err = TableOf[filed]()
	require.NoError(t, err)
	require.Equal(t, KindJSON, table.Columns()[1].Kind, "a tag makes an embedded struct one column")
	require.Equal(t, KindJSON, table.Columns()[2].Kind)
	require.True(t, table.Columns()[2].Nullable)
}

type (
	// Street and Lane are embedded by their exported names.
	Street struct{ Name string }
	// Lane is embedded as a pointer.
	Lane    struct{ Name string }
	uuidKey struct {
		ID uuid.UUID `schema:"pk"`
	}
)

func TestWhatSaysNothingNewIsDropped(t *testing.T) {
	type row struct {
		ID   int64  `schema:"pk,unique,index"`
		Name string `schema:"unique,index,check=name <> '',check=name <> ''"`
		Up   *int64 `schema:"references=rows.id"`
	}
	table, err := TableOf[row](WithUnique("name"), WithIndex("name"), WithIndex("id"), WithIndex("name", "id"), WithCheck("name <> ''"),
		WithForeignKey(ForeignKey{Columns: []string{"up"}, References: Ref{Name: "rows"}, RefColumns: []string{"id"}}))
	require.NoError(t, err)
	require.Equal(t, []Index{
		{Columns: []string{"name"}, Unique: true}, {Columns: []string{"name"}}, {Columns: []string{"name", "id"}},
	}, table.Indexes())
	require.Len(t, table.Checks(), 1)
	require.Len(t, table.ForeignKeys(), 1)
}

func TestReferencesGetTheTablesNamespace(t *testing.T) {
	type row struct {
		ID  int64  `schema:"pk"`
		Own *int64 `schema:"references=others.id"`
		Far *int64 `schema:"references=away.others.id"`
	}
	table, err := TableOf[row]()
	require.NoError(t, err)
	require.Equal(t, Ref{"", "others"}, table.ForeignKeys()[0].References)
	table, err = TableOf[row](InNamespace("home"))
	require.NoError(t, err)
	require.Equal(t, Ref{"home", "others"}, table.ForeignKeys()[0].References)
	require.Equal(t, Ref{"away", "others"}, table.ForeignKeys()[1].References)
}

func TestTableOfOneColumn(t *testing.T) {
	type Tag struct {
		Name string `schema:"pk"`
	}
	table, err := TableOf[Tag]()
	require.NoError(t, err)
	require.Equal(t, []int{0}, table.Key())
	require.Empty(t, table.Indexes())
	for _, role := range []Role{RoleCreated, RoleUpdated, RoleDeleted, RoleVersion} {
		_, ok := table.Role(role)
		require.False(t, ok)
	}
	_, ok := table.Column("Name")
	require.False(t, ok)
}

func TestOneModelServesManyTables(t *testing.T) {
	columns := []string{"code"}
	byCode := WithUnique(columns...)
	type row struct {
		ID   int64  `schema:"pk"`
		Code string `schema:"index=g"`
		More string `schema:"index=g"`
	}
	first, err := TableOf[row](Named("first"), byCode)
	require.NoError(t, err)
	columns[0] = "changed afterwards"
	second, err := TableOf[row](Named("second"), byCode, WithIndex("more"))
	require.NoError(t, err)
	require.Equal(t, "first", first.Ref().Name)
	require.Len(t, first.Indexes(), 2)
	require.Equal(t, []string{"code"}, second.Indexes()[1].Columns)
	require.Len(t, second.Indexes(), 3)
}

func TestActionWords(t *testing.T) {
	for words, want := range map[string]Action{
		"cascade": Cascade, "CASCADE": Cascade, "set null": SetNull, "set_null": SetNull, "Set  Null": SetNull,
		"set default": SetDefault, "restrict": Restrict, "no action": NoAction, "'cascade'": Cascade,
	} {
		table, err := tableOf(structOf(
			fieldOf[*int](`schema:"ondelete=`+words+`,references=t.id"`), fieldOf[*int](`schema:"references=t.id,onupdate=`+words+`"`),
		), []TableOption{Named("t")})
		require.NoError(t, err, words)
		require.Equal(t, want, table.ForeignKeys()[0].OnDelete, words)
		require.Equal(t, want, table.ForeignKeys()[1].OnUpdate, words)
	}
	require.Equal(t, "Action(9)", Action(9).String())
}

// TestTableOfAtTheSameTime shares one option value between goroutines: run it with -race.
func TestTableOfAtTheSameTime(t *testing.T) {
	opts := []TableOption{
		Named("orders"), InNamespace("app"), WithIndex("day", "color"), WithUnique("user_id"), WithCheck("day > '2000-01-01'"),
		WithForeignKey(ForeignKey{Columns: []string{"user_id"}, References: Ref{Name: "users"}, RefColumns: []string{"id"}}),
	}
	tables := make([]*Table, 8)
	var wg sync.WaitGroup
	for i := range tables {
		wg.Go(func() { tables[i], _ = TableOf[HTTPOrder](opts...) })
	}
	wg.Wait()
	for _, table := range tables {
		require.NotNil(t, table)
		require.Equal(t, Ref{"app", "orders"}, table.Ref())
		require.Equal(t, tables[0].Fingerprint(), table.Fingerprint())
		require.Equal(t, tables[0].ForeignKeys(), table.ForeignKeys())
	}
}

// Coin writes and reads itself, and so is one value although it is a struct.
type Coin struct{ Amount, Unit string }

func (c Coin) Value() (driver.Value, error) { return c.Amount + c.Unit, nil }

func (c *Coin) Scan(any) error { return nil }

func TestAnEmbeddedValueIsNotFlattened(t *testing.T) {
	type row struct {
		uuidKey
		Coin
	}
	_, err := TableOf[row]()
	require.ErrorContains(t, err, "row.Coin: ")
	require.ErrorContains(t, err, "say it with type=")
	require.NotContains(t, err.Error(), "Amount")
}

func TestAKeyAloneIsATable(t *testing.T) {
	type Mark struct {
		ID uuid.UUID `schema:"pk"`
	}
	table, err := TableOf[Mark]()
	require.NoError(t, err)
	require.Equal(t, []int{0}, table.Key())
	require.Len(t, table.Columns(), 1)
	require.Equal(t, KindUUID, table.Columns()[0].Kind)
	require.Empty(t, table.Indexes())
	_, err = TableOf[struct {
		ID *uuid.UUID `schema:"pk"`
	}](Named("marks"))
	require.ErrorContains(t, err, "a key cannot be null")
}
