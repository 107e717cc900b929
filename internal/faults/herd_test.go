package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

// herdRenewal is after how many rounds a herd gets a new database, so that the catalogue stays that of a program.
const herdRenewal = 10

// Many processes start at the same moment on tables that nobody has made, or on tables whose model has gained a column:
// each table is made or changed once, nobody gets an error, and every row is there.
func TestHerd(t *testing.T) {
	for _, place := range []struct {
		name string
		open func(t *testing.T) (programs, direct string)
	}{
		{"sqlite", func(t *testing.T) (string, string) {
			path := filepath.Join(t.TempDir(), "herd.db")
			return path, path
		}},
		{"postgres", func(t *testing.T) (string, string) {
			address := postgrestest.Open(t)
			return address, address
		}},
		{"mysql", func(t *testing.T) (string, string) {
			address := mysqltest.Open(t)
			return address, address
		}},
		{"pgbouncer", func(t *testing.T) (string, string) {
			address := postgrestest.Open(t)
			return postgrestest.NewPooler(t, address, postgrestest.PoolerConfig{}), address
		}},
	} {
		t.Run(place.name, func(t *testing.T) {
			for _, evolving := range []bool{false, true} {
				h := &herd{
					t: t, open: place.open, evolving: evolving, faults: tally{},
					rounds: size(2, 50), tables: size(5, 20), goroutines: size(10, 50), writers: herdWriters(),
				}
				h.run(size(4, 10))
				h.report(place.name)
			}
		})
	}
}

// herdWriters is how many of a table's goroutines write. That each of them does, in the largest herd a million rows for
// a database, takes longer than everything else; the cold path is the same for those who write and those who only ask.
func herdWriters() int {
	if os.Getenv("SCHEMACTOR_HERD") == "full" {
		return size(10, 50)
	}
	return 5
}

// herd is one configuration over all its rounds.
type herd struct {
	t                          *testing.T
	open                       func(t *testing.T) (programs, direct string)
	evolving                   bool
	rounds, tables, goroutines int
	writers                    int // of the goroutines

	workers          []*fleet.Process
	programs, direct string // the database's address for programs, and without anything in between
	faults           tally
	stored, asked    int // calls
	revisions        int
	took             []time.Duration
	began            time.Time
}

func (h *herd) run(processes int) {
	h.began = time.Now()
	for range processes {
		p, err := fleet.Start(h.t.Context(), "herd", nil)
		require.NoError(h.t, err)
		h.workers = append(h.workers, p)
		h.t.Cleanup(func() { _ = p.Kill() })
	}
	var d dialect.Dialect
	for round := range h.rounds {
		if round%herdRenewal == 0 {
			h.programs, h.direct = h.open(h.t)
			d = open(h.t, h.direct)
		}
		h.round(d, round)
		if round == h.rounds-1 || round%herdRenewal == herdRenewal-1 {
			h.judge(d, round)
		}
	}
	var ends errgroup.Group
	for _, p := range h.workers {
		ends.Go(p.End) // at once: under the race detector each takes a second
	}
	require.NoError(h.t, ends.Wait())
}

// round starts all programs anew, lets them go at one signal, and counts in the database.
func (h *herd) round(d dialect.Dialect, round int) {
	order := h.order(round)
	h.all(order, round)
	began := time.Now()
	order.Go = true
	for _, answer := range h.all(order, round) {
		h.stored += answer.Stored
		h.asked += answer.Asked
		h.faults.join(answer.Faults)
	}
	h.took = append(h.took, time.Since(began))
	require.Empty(h.t, h.faults, "round %d", round)
	h.count(d, order, round)
}

func (h *herd) order(round int) herdOrder {
	order := herdOrder{Address: h.programs, Prefix: "herd_", Tables: h.tables, Version: 1, Goroutines: h.goroutines, Writers: h.writers}
	if h.evolving {
		order.Version = round%herdRenewal + 1
	} else {
		order.Prefix = fmt.Sprintf("herd_%02d_", round)
	}
	return order
}

// all gives every worker an order and waits for all answers.
func (h *herd) all(order herdOrder, round int) []herdAnswer {
	var (
		group   sync.WaitGroup
		answers = make([]herdAnswer, len(h.workers))
		errs    = make([]error, len(h.workers))
	)
	for i, p := range h.workers {
		own := order
		own.First = int64(round*len(h.workers)+i) * int64(h.writers)
		group.Go(func() { errs[i] = p.Ask(own, &answers[i]) })
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(h.t, err)
	}
	return answers
}

// count compares what is in the database with what this round must have left.
func (h *herd) count(d dialect.Dialect, order herdOrder, round int) {
	written := len(h.workers) * h.writers
	rows, newest := written, fmt.Sprintf("c%02d", order.Version)
	if h.evolving {
		rows *= order.Version
	}
	var counts []string
	for i := range h.tables {
		table := herdTable(order.Prefix, i)
		counts = append(counts, fmt.Sprintf(
			"SELECT '%[1]s', count(*), count(%[2]s), (SELECT count(*) FROM %[3]s WHERE table_name = '%[1]s' AND state = 'applied') FROM %[1]s",
			table, newest, dialect.RevisionsTable))
	}
	found, err := d.Reader().Query(h.t.Context(), strings.Join(counts, " UNION ALL "))
	require.NoError(h.t, err)
	defer func() { require.NoError(h.t, found.Close()) }()
	for found.Next() {
		var table string
		var have, fresh, applied int64
		require.NoError(h.t, found.Scan(&table, &have, &fresh, &applied))
		require.EqualValues(h.t, rows, have, table)
		require.EqualValues(h.t, written, fresh, "rows of this round in %s", table)
		if h.evolving {
			require.EqualValues(h.t, order.Version, applied, table)
		} else {
			require.EqualValues(h.t, 1, applied, table)
		}
		h.revisions++
	}
}

// judge has the checker look at the tables of a round, with the rows of those before it where they are the same tables.
func (h *herd) judge(d dialect.Dialect, round int) {
	order, first, applied, each := h.order(round), round, 1, len(h.workers)*h.writers
	if h.evolving {
		first, applied = round+1-order.Version, order.Version
	}
	var keys []int64
	for key := first * each; key < (round+1)*each; key++ {
		keys = append(keys, int64(key))
	}
	var fates []checker.Table
	for i := range h.tables {
		fates = append(fates, herdFate(h.t, order.Version, herdTable(order.Prefix, i), applied, keys...))
	}
	herdVerdict(h.t, d, fates...)
}

func (h *herd) report(place string) {
	kind := "new tables"
	if h.evolving {
		kind = "one more column"
	}
	slices.Sort(h.took)
	h.t.Logf("%-9s %-15s %d rounds × %d processes × %d goroutines × %d tables: %d calls, %d of them for a row, %d revisions, %d errors; a round %v, at most %v; %.1f s in all",
		place, kind, h.rounds, len(h.workers), h.goroutines, h.tables, h.stored+h.asked, h.stored, h.revisions, len(h.faults),
		h.took[len(h.took)/2].Round(time.Millisecond), h.took[len(h.took)-1].Round(time.Millisecond), time.Since(h.began).Seconds())
}
