package nodes_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// loading gives a MariaDB that takes many rows by LOAD DATA LOCAL.
func loading(t *testing.T, address string) dialect.Dialect {
	d, err := mysql.Open(t.Context(), address, &mysql.Config{LoadData: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// ran is how many statements of a kind the server has run since it started, as "load" or "insert".
func ran(t *testing.T, d dialect.Dialect, kind string) (n int64) {
	t.Helper()
	_, err := dialect.QueryRow(t.Context(), d.Writer(), "SELECT CAST(variable_value AS SIGNED) FROM information_schema.global_status "+
		"WHERE variable_name = 'Com_"+kind+"'", nil, &n)
	require.NoError(t, err)
	return n
}

// TestBulkLoad: what goes by LOAD DATA is stored as what goes by INSERT is, whatever is in it.
func TestBulkLoad(t *testing.T) {
	address := mysqltest.Open(t)
	d := loading(t, address)
	node := open[nodetest.Parcel, uuid.UUID](t, d)
	var every []byte
	for b := range 256 {
		every = append(every, byte(b))
	}
	city, due := "", time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)
	sent := time.Date(2026, 11, 30, 23, 59, 59, 999_999_000, time.UTC)
	var rows []nodetest.Parcel
	for i, text := range []string{
		"", "a\tb\nc\rd\\e\x1af", `\N`, `\n`, `\`, `'"` + "`;--", "ünï 表 🙂", strings.Repeat(" ", 3), "NULL", "@@version", "?1 :x",
	} {
		row := nodetest.Parcel{
			ID: uuid.New(), Status: "new", Price: "-9999999999.99", Quantity: math.MinInt16, Weight: -math.MaxFloat64, Ratio: math.SmallestNonzeroFloat32,
			Label: every, Tags: []string{text, text}, Due: due, Serial: math.MaxInt64,
		}
		if i%2 == 0 {
			meta, err := json.Marshal(map[string]string{text: text})
			require.NoError(t, err)
			row.Meta, row.SentAt, row.Weight, row.Label, row.Fragile = meta, &sent, 0.1+float64(i), []byte{}, true
		}
		row.Street, row.City = text, &city
		rows = append(rows, row)
	}
	require.Empty(t, everyParcel(t, node)) // the table is there
	loads, inserts := ran(t, d, "load"), ran(t, d, "insert")
	n, err := node.BulkCreateSeq(t.Context(), slices.Values(rows))
	require.NoError(t, err)
	require.EqualValues(t, len(rows), n)
	require.EqualValues(t, 1, ran(t, d, "load")-loads)
	require.Zero(t, ran(t, d, "insert")-inserts)

	stored := everyParcel(t, node)
	n, err = d.Writer().Exec(t.Context(), "DELETE FROM parcels")
	require.NoError(t, err)
	require.EqualValues(t, len(rows), n)
	for i := range rows {
		require.NoError(t, node.Create(t.Context(), &rows[i]))
	}
	require.Equal(t, everyParcel(t, node), stored)
}

func everyParcel(t *testing.T, node *nodes.Node[nodetest.Parcel, uuid.UUID]) map[uuid.UUID]nodetest.Parcel {
	out := map[uuid.UUID]nodetest.Parcel{}
	for row, err := range node.All(t.Context(), nodes.Query{}) {
		require.NoError(t, err)
		out[row.ID] = row
	}
	return out
}

// TestBulkLoadWithFaults: the server would leave out, cut or fill in what is wrong, and say so by a warning. Each fault is told as by
// INSERT, and nothing is stored, be it in the first rows that are sent or in later ones.
func TestBulkLoadWithFaults(t *testing.T) {
	d := loading(t, mysqltest.Open(t))
	node := open[person, uuid.UUID](t, d)
	_, err := node.Count(t.Context(), nodes.Query{})
	require.NoError(t, err)
	old := newPerson("somebody", nil)
	require.NoError(t, node.Create(t.Context(), &old))
	below := -1
	for name, c := range map[string]struct {
		kind   error
		change func(p *person)
	}{
		"duplicate": {schema.ErrDuplicate, func(p *person) { p.Email = old.Email }},
		"check":     {schema.ErrCheck, func(p *person) { p.Age = &below }},
		"too long":  {schema.ErrCheck, func(p *person) { p.Email = strings.Repeat("x", 61) }},
		"blanks":    {schema.ErrCheck, func(p *person) { p.Email = strings.Repeat("x", 60) + "  " }},
	} {
		for _, at := range []int{3, 11_000} {
			t.Run(fmt.Sprint(name, " ", at), func(t *testing.T) {
				people := slices.Collect(throng(0, 12_000))
				for i := range people {
					people[i].ID = uuid.New()
				}
				c.change(&people[at])
				_, err := node.BulkCreate(t.Context(), people)
				require.ErrorIs(t, err, c.kind)
				require.Equal(t, 1, count(t, d.Writer(), "people"))
			})
		}
	}
	t.Run("per row", func(t *testing.T) {
		people := slices.Collect(throng(0, 300))
		people[7].Email, people[200].Age = old.Email, &below
		n, err := node.BulkCreate(t.Context(), people, nodes.PerRow())
		var failed *nodes.BulkError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, 2, failed.Total)
		require.EqualValues(t, 298, n)
		require.Equal(t, 299, count(t, d.Writer(), "people"))
	})
}

// TestBulkLoadIsNotAllowed: a server that takes none has INSERT.
func TestBulkLoadIsNotAllowed(t *testing.T) {
	server := mysqltest.NewServer(t, "--local-infile=0")
	d := loading(t, server.Open(t))
	node := open[person, uuid.UUID](t, d)
	people := slices.Collect(throng(0, 1_000))
	n, err := node.BulkCreate(t.Context(), people)
	require.NoError(t, err)
	require.EqualValues(t, 1_000, n)
	require.Equal(t, 1_000, count(t, d.Writer(), "people"))
	require.Positive(t, ran(t, d, "insert"))
}
