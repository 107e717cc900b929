package nodes_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

func TestCreateFillsInTheRow(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		notes := open[note, int64](t, d)
		before := time.Now().UTC().Truncate(time.Microsecond)
		n := note{Title: "first", UpdatedAt: time.Unix(1, 0), Version: 99}
		require.NoError(t, notes.Create(t.Context(), &n))
		after := time.Now().UTC()

		require.NotZero(t, n.ID)
		require.Equal(t, "nothing yet", n.Body)
		require.Equal(t, 3, *n.Stars)
		require.Equal(t, 1, n.Version)
		require.Nil(t, n.DeletedAt)
		require.Equal(t, n.CreatedAt, n.UpdatedAt)
		require.Equal(t, time.UTC, n.CreatedAt.Location())
		require.False(t, n.CreatedAt.Before(before), "%v before %v", n.CreatedAt, before)
		require.False(t, n.CreatedAt.After(after), "%v after %v", n.CreatedAt, after)
		require.Zero(t, n.CreatedAt.Nanosecond()%1000)

		got, err := notes.Get(t.Context(), n.ID)
		require.NoError(t, err)
		require.Equal(t, n, *got)

		second := note{Title: "second"}
		require.NoError(t, notes.Create(t.Context(), &second))
		require.Greater(t, second.ID, n.ID)
	})
}

func TestCreateKeepsWhatIsGiven(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		notes := open[note, int64](t, d)
		old := time.Date(1999, 12, 31, 23, 59, 59, 123456000, time.UTC)
		n := note{ID: 1000, Title: "old", Body: "given", Stars: ptr(0), CreatedAt: old}
		require.NoError(t, notes.Create(t.Context(), &n))
		require.Equal(t, old, n.CreatedAt)
		require.True(t, n.UpdatedAt.After(old))

		got, err := notes.Get(t.Context(), 1000)
		require.NoError(t, err)
		require.Equal(t, n, *got)
		require.Equal(t, "given", got.Body)
		require.Zero(t, *got.Stars)
	})
}

func TestCreateThatFailsLeavesTheRowAlone(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		people := open[person, uuid.UUID](t, d)
		first := newPerson("first", nil)
		require.NoError(t, people.Create(t.Context(), &first))

		twin := newPerson("twin", nil)
		twin.Email = first.Email
		before := twin
		require.ErrorIs(t, people.Create(t.Context(), &twin), schema.ErrDuplicate)
		require.Equal(t, before, twin)

		count, err := people.Count(t.Context(), nodes.Query{})
		require.NoError(t, err)
		require.EqualValues(t, 1, count)
		require.ErrorIs(t, people.Create(t.Context(), nil), schema.ErrInvalid)
	})
}

func TestCreateBringsBackEveryKind(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		parcels := open[parcel, uuid.UUID](t, d)
		for name, change := range map[string]func(*parcel){
			"plain":   func(*parcel) {},
			"extreme": func(p *parcel) { p.Quantity, p.Serial, p.Weight = -32768, math.MaxInt64, -math.MaxFloat64 },
			"decimal": func(p *parcel) { p.Price = "-9999999999.99" },
			"empty":   func(p *parcel) { p.Tags, p.Label, p.Street = []string{}, []byte{}, "" },
			"filled": func(p *parcel) {
				p.Meta = []byte(`{"k": [1, null, "ü"]}`)
				p.City, p.Fragile = ptr("Ulm"), true
				p.SentAt = ptr(time.Date(2020, 1, 2, 3, 4, 5, 678901000, time.FixedZone("east", 3600)))
			},
		} {
			t.Run(name, func(t *testing.T) {
				p := newParcel()
				change(&p)
				require.NoError(t, parcels.Create(t.Context(), &p))
				require.EqualValues(t, 2*int64(p.Quantity), p.Doubled)
				got, err := parcels.Get(t.Context(), p.ID)
				require.NoError(t, err)
				if p.SentAt != nil {
					require.Equal(t, time.UTC, got.SentAt.Location())
					require.True(t, p.SentAt.Equal(*got.SentAt))
					p.SentAt = got.SentAt
				}
				if p.Meta != nil {
					require.JSONEq(t, string(p.Meta), string(got.Meta))
					p.Meta = got.Meta
				}
				require.Equal(t, p, *got)
			})
		}
	})
}

func TestCreateRefusesWhatItsColumnCannotHold(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		parcels := open[parcel, uuid.UUID](t, d)
		for name, change := range map[string]func(*parcel){
			"serial": func(p *parcel) { p.Serial = math.MaxUint64 },
			"price":  func(p *parcel) { p.Price = "1.005" },
		} {
			p := newParcel()
			change(&p)
			err := parcels.Create(t.Context(), &p)
			require.ErrorIs(t, err, schema.ErrInvalid, name)
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, "create parcels")
			require.NotContains(t, err.Error(), "1.005")
		}
	})
}

func TestHostileTextIsStoredAsItIs(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		people := open[person, uuid.UUID](t, d)
		for _, text := range []string{
			"", " ", "'; DROP TABLE people; --", `"people"`, `\`, `\'`, "%_*?[a-z]", "$1 ? :name @p", "line\nfeed\ttab\r",
			"\x01\x7f", "😀 é ü ﷽", "${env}", "{{.}}", "NULL", "0x00",
		} {
			p := newPerson(text, nil)
			require.NoError(t, people.Create(t.Context(), &p), "%q", text)
			for _, where := range []nodes.Cond{
				nodes.Eq("name", text), nodes.In("name", text), nodes.Contains("name", text), nodes.Prefix("name", text),
				nodes.Suffix("name", text), nodes.Between("name", text, text),
			} {
				rows, err := people.List(t.Context(), nodes.Query{Where: nodes.And(nodes.Eq("id", p.ID), where)})
				require.NoError(t, err, "%q", text)
				require.Len(t, rows, 1, "%s %q", where.Op, text)
				require.Equal(t, text, rows[0].Name)
			}
		}
	})
}
