package peer_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(mysqltest.Main(m)).Run()) }

// each runs a test for each contestant on each database, in an empty one.
func each(t *testing.T, fn func(t *testing.T, c peer.Contestant, site peer.Site, db *sql.DB)) {
	for _, c := range peer.All() {
		t.Run(c.Name+"/sqlite", func(t *testing.T) {
			site := peer.Site{Database: peer.SQLite, Path: filepath.Join(t.TempDir(), "peer.db"), Synchronous: "NORMAL"}
			fn(t, c, site, open(t, "sqlite3", "file:"+site.Path+"?_busy_timeout=5000"))
		})
		t.Run(c.Name+"/postgres", func(t *testing.T) {
			site := peer.Site{Database: peer.Postgres, URL: postgrestest.Open(t)}
			fn(t, c, site, open(t, "pgx", site.URL))
		})
		t.Run(c.Name+"/mysql", func(t *testing.T) {
			site := peer.Site{Database: peer.MySQL, URL: mysqltest.Open(t)}
			source, err := peer.MySQLSource(site.URL)
			require.NoError(t, err)
			fn(t, c, site, open(t, "mysql", source))
		})
	}
}

func open(t *testing.T, driver, source string) *sql.DB {
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func people(t *testing.T, c peer.Contestant, site peer.Site, db *sql.DB) peer.People {
	if !c.MakesPeople {
		for _, text := range peer.PeopleTable(site.Database) {
			_, err := db.Exec(text)
			require.NoError(t, err)
		}
	}
	p, err := c.People(t.Context(), site)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

func person(i int) *peer.Person {
	id := fmt.Sprintf("key-%04d", i)
	return &peer.Person{ID: id, Email: id + "@example.org", Name: "Ada", Score: 1}
}

// scan reads one value by the test's own connection.
func scan[T any](t *testing.T, db *sql.DB, text string) T {
	var value T
	require.NoError(t, db.QueryRow(text).Scan(&value))
	return value
}

func TestEachContestantDoesWhatItSays(t *testing.T) {
	each(t, func(t *testing.T, c peer.Contestant, site peer.Site, db *sql.DB) {
		p, ctx := people(t, c, site, db), t.Context()
		one := person(1)
		require.NoError(t, p.Create(ctx, one))
		require.Error(t, p.Create(ctx, person(1)), "the key is taken")
		email, err := p.Get(ctx, one.ID)
		require.NoError(t, err)
		require.Equal(t, one.Email, email)
		one.Name, one.Score = "Grace", 7
		require.NoError(t, p.Update(ctx, one))
		require.Equal(t, "Grace", scan[string](t, db, "SELECT name FROM people"))
		require.Equal(t, 7.0, scan[float64](t, db, "SELECT score FROM people"))
		require.NoError(t, p.Delete(ctx, one.ID))

		rows := make([]peer.Person, 2500) // more than any contestant stores by one statement
		for i := range rows {
			rows[i] = *person(i)
		}
		require.NoError(t, p.BulkCreate(ctx, rows))
		require.Equal(t, len(rows), scan[int](t, db, "SELECT count(*) FROM people"))
		n, err := p.List(ctx, 100)
		require.NoError(t, err)
		require.Equal(t, 100, n)
		require.Error(t, p.BulkCreate(ctx, []peer.Person{*person(9000), *person(3)}), "one key is taken")
		require.Zero(t, scan[int](t, db, "SELECT count(*) FROM people WHERE id = 'key-9000'"), "all or none")
	})
}

// TestRowsThatFailFailAlone has many goroutines create rows, some of which are there already: each is told the truth.
func TestRowsThatFailFailAlone(t *testing.T) {
	each(t, func(t *testing.T, c peer.Contestant, site peer.Site, db *sql.DB) {
		p, ctx := people(t, c, site, db), t.Context()
		require.NoError(t, p.Create(ctx, person(0)))
		const goroutines, calls = 64, 20
		errs := make([][calls]error, goroutines)
		var running sync.WaitGroup
		for g := range goroutines {
			running.Go(func() {
				for i := range calls {
					row := person(1000 + g*calls + i)
					if i%5 == 4 {
						row.Email = person(0).Email
					}
					errs[g][i] = p.Create(ctx, row)
				}
			})
		}
		running.Wait()
		for g := range goroutines {
			for i, err := range errs[g] {
				if i%5 == 4 {
					require.Error(t, err)
				} else {
					require.NoError(t, errors.Join(err))
				}
			}
		}
		require.Equal(t, 1+goroutines*calls*4/5, scan[int](t, db, "SELECT count(*) FROM people"))
	})
}

func TestEachContestantMakesTables(t *testing.T) {
	each(t, func(t *testing.T, c peer.Contestant, site peer.Site, db *sql.DB) {
		if c.Orders == nil {
			t.Skip("makes tables as another one does")
		}
		tables := []string{"orders_a", "orders_b"}
		for range 2 { // at a start, and at the next
			o, err := c.Orders(t.Context(), site, tables)
			require.NoError(t, err)
			require.NoError(t, o.Ensure(t.Context()))
			require.NoError(t, o.Close())
		}
		o, err := c.Orders(t.Context(), site, []string{"orders_c"})
		require.NoError(t, err)
		require.NoError(t, o.Add(t.Context(), "orders_c", peer.NewOrder("1")))
		require.NoError(t, o.Add(t.Context(), "orders_c", peer.NewOrder("2")))
		require.NoError(t, o.Close())
		require.Equal(t, 2, scan[int](t, db, "SELECT count(*) FROM orders_c"))
		require.Zero(t, scan[int](t, db, "SELECT count(*) FROM orders_a"))
	})
}
