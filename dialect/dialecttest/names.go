package dialecttest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// hostile has names that break out of SQL that is put together carelessly.
type hostile struct {
	ID      int64   `db:"select"                        schema:"pk"`
	Quote   string  `db:"it's \"quoted\""               schema:"unique"`
	Inject  string  `db:"x\"; DROP TABLE victims; --"   schema:"index"`
	Unicode string  `db:"größe 日本語 \U0001F600"`
	Marks   string  `db:"$1 ? :name @x %s [y] {z} \\ /" schema:"default='d'"`
	Tick    *string "db:\"a`b\" schema:\"index=two\""
	Spaces  *int    `db:" both ends "                   schema:"index=two"`
	Dots    *string `db:"main.table.column"`
}

// keywords has names that mean something to SQL.
type keywords struct {
	Order   int64  `db:"order"      schema:"pk"`
	Group   string `db:"group"      schema:"index"`
	User    string `db:"user"       schema:"unique"`
	Default int    `db:"default"    schema:"default=1"`
	Check   int    `db:"check"      schema:"check=\"check\" >= 0"`
	Null    *int   `db:"null"`
	From    string `db:"from"       schema:"enum=a|b"`
	Table   *int64 `db:"references" schema:"generated=\"order\" + \"check\""`
}

// lengthy has names that are longer than any database takes, alike but for their ends.
type lengthy struct {
	ID    int64  `db:"id" schema:"pk"`
	One   string `db:"a_column_name_that_goes_on_and_on_until_nobody_can_remember_how_it_began_1" schema:"unique"`
	Two   string `db:"a_column_name_that_goes_on_and_on_until_nobody_can_remember_how_it_began_2" schema:"index"`
	Three string `db:"überlängenüberlängenüberlängenüberlängenüberlängenüberlängen_3"             schema:"enum=a|b"`
}

// parent and child are tied by hostile names.
type parent struct {
	ID int64 `db:"the \"id\"" schema:"pk"`
}

type child struct {
	ID     int64  `db:"id"         schema:"pk"`
	Parent *int64 `db:"pa'rent \""`
}

func exerciseNames(t *testing.T, open opener) {
	d := open(t)
	t.Run("quotes, unicode and marks", func(t *testing.T) {
		victim := storeOf[pair](t, d, schema.Named("victims"))
		victim.mustInsert(t, &pair{1, 2})
		s := storeOf[hostile](t, d, schema.Named(`tab"le's"; DROP TABLE victims; -- 日本語`))
		settled(t, d, s.table)
		row := hostile{1, "q", "i", "u", "", pointer("t"), pointer(5), nil}
		s.mustInsert(t, &row)
		require.Equal(t, "d", row.Marks)
		for _, c := range s.table.Columns() {
			cond := compare(dialect.OpNotNull, c.Name)
			if c.Name == "main.table.column" {
				cond = compare(dialect.OpNull, c.Name)
			}
			require.Equal(t, []hostile{row}, s.mustList(t, cond, ascending(c.Name)), c.Name)
		}
		row.Dots = pointer("dots")
		found, err := s.update(t.Context(), pointer(row))
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, row, *s.mustGet(t, &row))
		require.ErrorIs(t, s.insert(t.Context(), &hostile{ID: 2, Quote: "q"}), schema.ErrDuplicate)
		require.Len(t, victim.mustList(t, dialect.Cond{}), 1)
	})
	t.Run("keywords", func(t *testing.T) {
		s := storeOf[keywords](t, d, schema.Named("table"))
		settled(t, d, s.table)
		row := keywords{Order: 1, Group: "g", User: "u", Check: 2, From: "a"}
		s.mustInsert(t, &row)
		require.Equal(t, keywords{1, "g", "u", 1, 2, nil, "a", pointer(int64(3))}, row)
		require.Equal(t, []keywords{row}, s.mustList(t, equal("user", "u"), descending("group")))
		require.ErrorIs(t, s.insert(t.Context(), &keywords{Order: 2, From: "c"}), schema.ErrCheck)
	})
	t.Run("long names", func(t *testing.T) { exerciseLongNames(t, d) })
	t.Run("foreign key over hostile names", func(t *testing.T) {
		p := modelOf[parent](t, schema.Named(`the "parents"`))
		c := modelOf[child](t, schema.WithForeignKey(schema.ForeignKey{
			Columns: []string{`pa'rent "`}, References: p.Ref(), RefColumns: []string{`the "id"`}, OnDelete: schema.SetNull,
		}))
		create(t, d, c, p)
		settled(t, d, c)
		parents, children := attach[parent](t, d, p), attach[child](t, d, c)
		parents.mustInsert(t, &parent{1})
		children.mustInsert(t, &child{1, pointer(int64(1))})
		require.ErrorIs(t, children.insert(t.Context(), &child{2, pointer(int64(2))}), schema.ErrForeignKey)
		_, err := parents.delete(t.Context(), &parent{1})
		require.NoError(t, err)
		require.Nil(t, children.mustGet(t, &child{ID: 1}).Parent)
	})
	t.Run("any name is only a name", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) {
			name := rapid.StringMatching(`[^\x00]{1,80}`).Draw(r, "name")
			var n int64
			found, err := dialect.QueryRow(t.Context(), d.Reader(),
				"SELECT x."+d.Quote(name)+" FROM (SELECT 7 AS "+d.Quote(name)+") AS x", nil, &n)
			require.NoError(r, err)
			require.True(r, found)
			require.EqualValues(r, 7, n)
			require.Equal(r, d.FitName(name), d.FitName(d.FitName(name)))
			require.Equal(r, d.Quote(name), d.Quote(d.FitName(name)))
		})
	})
}

func exerciseLongNames(t *testing.T, d dialect.Dialect) {
	long := strings.Repeat("a_table_name_that_never_ends_", 8)
	one, two := storeOf[lengthy](t, d, schema.Named(long+"1")), storeOf[lengthy](t, d, schema.Named(long+"2"))
	for i, s := range []*store[lengthy]{one, two} {
		settled(t, d, s.table)
		row := lengthy{int64(i), "one", "two", "a"}
		s.mustInsert(t, pointer(row))
		for _, c := range s.table.Columns()[1:] {
			require.Equal(t, []lengthy{row}, s.mustList(t, compare(dialect.OpGt, c.Name, "")), c.Name)
		}
	}
	if limit := d.Capability().IdentifierLimit; limit > 0 {
		require.LessOrEqual(t, len(d.FitName(long)), limit)
		require.NotEqual(t, d.FitName(long+"1"), d.FitName(long+"2"))
	}
}
