package dialecttest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// note has all that the library and the database fill in.
type note struct {
	ID      int64      `db:"id"         schema:"pk,auto"`
	Title   string     `db:"title"`
	Body    string     `db:"body"       schema:"default='nothing yet'"`
	Stars   *int       `db:"stars"      schema:"default=3"`
	Twice   int64      `db:"twice"      schema:"generated=pages * 2"`
	Pages   int32      `db:"pages"`
	Version int        `db:"version"    schema:"version"`
	Created time.Time  `db:"created_at" schema:"created"`
	Updated time.Time  `db:"updated_at" schema:"updated"`
	Deleted *time.Time `db:"deleted_at" schema:"deleted"`
}

// defaults has a default of every kind.
type defaults struct {
	ID      int64     `db:"id"      schema:"pk"`
	Flag    *bool     `db:"flag"    schema:"default=true"`
	Off     bool      `db:"off"     schema:"default=false"`
	Small   int16     `db:"small"   schema:"default=-3"`
	Big     int64     `db:"big"     schema:"default=9223372036854775807"`
	Single  float32   `db:"single"  schema:"default=1.5"`
	Double  float64   `db:"double"  schema:"default=-2.5"`
	Text    string    `db:"text"    schema:"default='it''s, (so)'"`
	Raw     []byte    `db:"raw"     schema:"default=''"`
	Moment  time.Time `db:"moment"  schema:"default=now"`
	Day     time.Time `db:"day"     schema:"type=date,default='2024-02-29'"`
	Today   time.Time `db:"today"   schema:"type=date,default=now"`
	ID2     string    `db:"id2"     schema:"type=uuid,default='6ba7b810-9dad-11d1-80b4-00c04fd430c8'"`
	Amount  string    `db:"amount"  schema:"type=decimal,precision=9,scale=2,default='12.50'"`
	Doc     []int     `db:"doc"     schema:"default='[1]'"`
	Color   color     `db:"color"   schema:"enum=red|green,default='green'"`
	Nothing *string   `db:"nothing" schema:"default='something'"`
}

// numbers is nothing but an auto key.
type numbers struct {
	ID int64 `db:"id" schema:"pk,auto"`
}

// seat has a key of two columns.
type seat struct {
	Room   string  `db:"room"   schema:"pk"`
	Number int32   `db:"number" schema:"pk"`
	Guest  *string `db:"guest"`
}

// pair is nothing but a key.
type pair struct {
	A int64 `db:"a" schema:"pk"`
	B int64 `db:"b" schema:"pk"`
}

// moment is a fixed now, to the microsecond.
func moment(second int) time.Time { return time.Date(2024, 5, 6, 7, 8, second, 9000, time.UTC) }

func exerciseStatements(t *testing.T, open opener) {
	d := open(t)
	t.Run("auto key, defaults and generated columns come back", func(t *testing.T) {
		s := storeOf[note](t, d)
		a := note{Title: "a", Pages: 21, Version: 1, Created: moment(1), Updated: moment(1)}
		b := note{Title: "b", Body: "full", Stars: pointer(0), Pages: -1, Version: 1, Created: moment(2), Updated: moment(2)}
		s.mustInsert(t, &a, &b)
		require.Positive(t, a.ID)
		require.Greater(t, b.ID, a.ID)
		require.Equal(t, "nothing yet", a.Body)
		require.Equal(t, 3, *a.Stars)
		require.EqualValues(t, 42, a.Twice)
		require.Equal(t, note{
			b.ID, "b", "full", pointer(0), -2, -1, 1, moment(2), moment(2), nil,
		}, b)
		require.Equal(t, a, *s.mustGet(t, &note{ID: a.ID}))
		require.Equal(t, b, *s.mustGet(t, &note{ID: b.ID}))
	})
	t.Run("auto key given by the program", func(t *testing.T) {
		s := storeOf[numbers](t, d)
		first, given := numbers{}, numbers{ID: 1000}
		s.mustInsert(t, &first, &given)
		require.Len(t, s.mustList(t, dialect.Cond{}), 2)
		require.EqualValues(t, 1000, s.mustGet(t, &given).ID)
	})
	t.Run("default of every kind", func(t *testing.T) { exerciseDefaults(t, d) })
	t.Run("update, version and soft deletion", func(t *testing.T) { exerciseLifecycle(t, d) })
	t.Run("patch", func(t *testing.T) { exercisePatch(t, d) })
	t.Run("delete where", func(t *testing.T) { exerciseDeleteWhere(t, d) })
	t.Run("composite key", func(t *testing.T) {
		s := storeOf[seat](t, d)
		s.mustInsert(t, &seat{"A", 1, nil}, &seat{"A", 2, nil}, &seat{"B", 1, nil})
		found, err := s.update(t.Context(), &seat{"A", 2, pointer("Ada")})
		require.NoError(t, err)
		require.True(t, found)
		require.Nil(t, s.mustGet(t, &seat{Room: "A", Number: 1}).Guest)
		require.Equal(t, "Ada", *s.mustGet(t, &seat{Room: "A", Number: 2}).Guest)
		found, err = s.delete(t.Context(), &seat{Room: "A", Number: 1})
		require.NoError(t, err)
		require.True(t, found)
		require.Len(t, s.mustList(t, dialect.Cond{}), 2)
	})
	t.Run("nothing but a key", func(t *testing.T) {
		s := storeOf[pair](t, d)
		s.mustInsert(t, &pair{1, 2})
		for key, want := range map[pair]bool{{1, 2}: true, {2, 1}: false} {
			found, err := s.update(t.Context(), &key)
			require.NoError(t, err)
			require.Equal(t, want, found)
		}
	})
}

func exerciseDefaults(t *testing.T, d dialect.Dialect) {
	s := storeOf[defaults](t, d)
	before := time.Now().Add(-time.Hour)
	row := defaults{ID: 1}
	s.mustInsert(t, &row)
	require.Equal(t, row, *s.mustGet(t, &defaults{ID: 1}), "what came back is what is stored")
	require.WithinRange(t, row.Moment, before, time.Now().Add(time.Hour))
	require.WithinRange(t, row.Today, before.Add(-24*time.Hour), time.Now().Add(24*time.Hour))
	row.Moment, row.Today = time.Time{}, time.Time{}
	require.Equal(t, defaults{
		1, pointer(true), false, -3, 9223372036854775807, 1.5, -2.5, "it's, (so)",
		[]byte{},
		time.Time{},
		time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		time.Time{},
		"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "12.50",
		[]int{1},
		"green", pointer("something"),
	}, row)

	given := defaults{
		2, pointer(false), true, 1, 1, 1, 1, "x",
		[]byte{1},
		moment(1), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC), "00000000-0000-0000-0000-000000000001", "0.01",
		[]int{2},
		"red", pointer(""),
	}
	s.mustInsert(t, pointer(given))
	require.Equal(t, given, *s.mustGet(t, &defaults{ID: 2}), "defaults do not stand in the way of values")

	// The default is the column's own, too: what another program inserts gets it.
	exec(t, d, "INSERT INTO "+d.QuoteTable(s.table.Ref())+" (id) VALUES (3)")
	foreign := *s.mustGet(t, &defaults{ID: 3})
	require.WithinRange(t, foreign.Moment, before, time.Now().Add(time.Hour))
	foreign.ID, foreign.Moment, foreign.Today = row.ID, row.Moment, row.Today
	require.Equal(t, row, foreign)
}

func exerciseLifecycle(t *testing.T, d dialect.Dialect) {
	s := storeOf[note](t, d, schema.Named("lives"))
	row := note{Title: "a", Pages: 1, Version: 1, Created: moment(1), Updated: moment(1)}
	s.mustInsert(t, &row)

	change := row
	change.Title, change.Pages, change.Stars = "b", 2, nil
	change.Created, change.Updated, change.Deleted = moment(9), moment(2), pointer(moment(9))
	found, err := s.update(t.Context(), &change)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, 2, change.Version)
	require.EqualValues(t, 4, change.Twice)
	require.Equal(t, moment(2), change.Updated)
	want := note{row.ID, "b", "nothing yet", nil, 4, 2, 2, moment(1), moment(2), nil}
	require.Equal(t, want, *s.mustGet(t, &row), "created and deleted are not the caller's to change")

	stale := row
	found, err = s.update(t.Context(), &stale)
	require.NoError(t, err)
	require.False(t, found, "the row has another version")
	require.Equal(t, want, *s.mustGet(t, &row))

	gone := note{ID: row.ID, Deleted: pointer(moment(3)), Updated: moment(3)}
	found, err = s.delete(t.Context(), &gone)
	require.NoError(t, err)
	require.True(t, found)
	got, err := s.get(t.Context(), &row)
	require.NoError(t, err)
	require.Nil(t, got)
	require.Empty(t, s.mustList(t, equal("title", "b")))
	n, err := s.count(t.Context(), dialect.Cond{})
	require.NoError(t, err)
	require.Zero(t, n)
	for name, again := range map[string]func() (bool, error){
		"delete": func() (bool, error) { return s.delete(t.Context(), &gone) },
		"update": func() (bool, error) { return s.update(t.Context(), pointer(want)) },
	} {
		found, err := again()
		require.NoError(t, err)
		require.False(t, found, "%s of a row marked deleted", name)
	}
	var marked int64
	_, err = dialect.QueryRow(t.Context(), d.Reader(), "SELECT count(*) FROM "+d.QuoteTable(s.table.Ref())+
		" WHERE deleted_at IS NOT NULL AND version = 3", nil, &marked)
	require.NoError(t, err)
	require.EqualValues(t, 1, marked, "the row is still there")
}

func exercisePatch(t *testing.T, d dialect.Dialect) {
	s := storeOf[note](t, d, schema.Named("patches"))
	row := note{Title: "a", Pages: 1, Version: 1, Created: moment(1), Updated: moment(1)}
	other := row
	s.mustInsert(t, &row, &other)
	patch := func(key int64, set map[string]any) ([]note, error) {
		sql, args, err := s.sql.Patch("patch", set, moment(2))
		if err != nil {
			return nil, err
		}
		key0, err := s.bind(&note{ID: key}, s.table.Key(), false)
		require.NoError(t, err)
		return s.query(t.Context(), d.Writer(), sql, append(args, key0...))
	}
	rows, err := patch(row.ID, map[string]any{"stars": nil, "pages": 5, "title": "ü"})
	require.NoError(t, err)
	want := note{row.ID, "ü", "nothing yet", nil, 10, 5, 2, moment(1), moment(2), nil}
	require.Equal(t, []note{want}, rows)
	require.Equal(t, want, *s.mustGet(t, &row))
	require.Equal(t, other, *s.mustGet(t, &other))
	rows, err = patch(-1, map[string]any{"pages": 5})
	require.NoError(t, err)
	require.Empty(t, rows)
	for _, column := range []string{"id", "twice", "version", "created_at", "updated_at", "deleted_at", "nosuch", `x" = 1 --`} {
		_, err := patch(row.ID, map[string]any{column: nil, "pages": 1})
		require.ErrorIs(t, err, schema.ErrInvalid, column)
		require.ErrorContains(t, err, column)
	}
	_, err = patch(row.ID, nil)
	require.ErrorIs(t, err, schema.ErrInvalid)
	_, err = patch(row.ID, map[string]any{"pages": "many"})
	require.ErrorIs(t, err, schema.ErrInvalid)
	_, err = patch(row.ID, map[string]any{"pages": nil})
	require.ErrorIs(t, err, schema.ErrNotNull)
	require.Equal(t, want, *s.mustGet(t, &row))
}

func exerciseDeleteWhere(t *testing.T, d dialect.Dialect) {
	seats, notes := storeOf[seat](t, d, schema.Named("chairs")), storeOf[note](t, d, schema.Named("papers"))
	for i := range 6 {
		seats.mustInsert(t, &seat{"A", int32(i), nil})
		notes.mustInsert(t, &note{Title: "a", Pages: int32(i), Version: 1, Created: moment(1), Updated: moment(1)})
	}
	sql, args, err := seats.sql.DeleteWhere("delete", compare(dialect.OpGe, "number", 2), moment(2))
	require.NoError(t, err)
	n, err := d.Writer().Exec(t.Context(), sql, args...)
	require.NoError(t, err)
	require.EqualValues(t, 4, n, "the driver counts")
	require.Len(t, seats.mustList(t, dialect.Cond{}), 2)

	where := compare(dialect.OpIn, "pages", 1, 2, 3)
	for _, want := range []int64{3, 0} {
		sql, args, err = notes.sql.DeleteWhere("delete", where, moment(2))
		require.NoError(t, err)
		n, err = d.Writer().Exec(t.Context(), sql, args...)
		require.NoError(t, err)
		require.Equal(t, want, n, "rows marked deleted are not deleted again")
	}
	require.Len(t, notes.mustList(t, dialect.Cond{}), 3)
	sql, args, err = seats.sql.DeleteWhere("delete", dialect.Cond{}, moment(2))
	require.NoError(t, err)
	n, err = d.Writer().Exec(t.Context(), sql, args...)
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
}
