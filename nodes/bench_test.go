package nodes_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

// call is one thing that a benchmark does, by a node or by hand, for the i-th time.
type call func(ctx context.Context, by bare, p *person) error

// contest has a node and what is written by hand do the same, in turns of some calls, so that both meet the same noise.
type contest struct {
	call  call
	fresh bool // each call has a person that is not in the table
	gone  bool // each call has a person that is, and that no other call has

	writes bool // the node writes the statement's text at each call
}

// run tells of one call by the node, and by how much it is faster than what is written by hand: "ratio" is the median over
// the turns, above 1 where the node is ahead.
func (c contest) run(b *testing.B, ctx context.Context, node, hand bare, people []person, goroutines int) {
	sides := [...]bare{mine: node, theirs: hand}
	turn := 64
	if goroutines > 1 {
		turn = 16 * goroutines
	}
	var took [2][]float64
	var allocs, bytes [2]uint64
	var before, after runtime.MemStats
	calls := 0
	for turns := 0; b.N > calls; turns++ {
		n := min(turn, b.N-calls)
		for k := range sides {
			side := (k + turns) % 2
			work := c.work(b, node, people, calls, n)
			runtime.ReadMemStats(&before)
			start := time.Now()
			c.do(b, ctx, sides[side], work, goroutines)
			spent := time.Since(start)
			runtime.ReadMemStats(&after)
			took[side] = append(took[side], float64(spent.Nanoseconds())/float64(n))
			allocs[side] += after.Mallocs - before.Mallocs
			bytes[side] += after.TotalAlloc - before.TotalAlloc
		}
		calls += n
	}
	report(b, took)
	b.ReportAllocs()
	b.ReportMetric(float64(bytes[mine])/float64(calls), "B/op")
	b.ReportMetric(float64(allocs[mine])/float64(calls), "allocs/op")
	b.ReportMetric(float64(allocs[theirs])/float64(calls), "bare-allocs/op")
}

// mine and theirs are the sides of a contest.
const mine, theirs = 0, 1

// report tells what one call, or one row, took in the turns of both sides.
func report(b *testing.B, took [2][]float64) {
	ratios := make([]float64, len(took[mine]))
	for i := range ratios {
		ratios[i] = took[theirs][i] / took[mine][i]
	}
	b.ReportMetric(median(took[mine]), "ns/op")
	b.ReportMetric(median(took[theirs]), "bare-ns/op")
	b.ReportMetric(median(ratios), "ratio")
}

// work gives the people of one turn.
func (c contest) work(b testing.TB, node bare, people []person, calls, n int) []person {
	if !c.fresh && !c.gone {
		from := calls % (len(people) - n + 1)
		return people[from : from+n]
	}
	out := make([]person, n)
	for i := range out {
		out[i] = newPerson("somebody", nil)
	}
	if c.gone {
		if err := node.createMany(b.Context(), out); err != nil {
			b.Fatal(err)
		}
	}
	return out
}

// do makes each goroutine's share of calls.
func (c contest) do(b *testing.B, ctx context.Context, by bare, work []person, goroutines int) {
	if goroutines == 1 {
		for i := range work {
			if err := c.call(ctx, by, &work[i]); err != nil {
				b.Fatal(err)
			}
		}
		return
	}
	var group sync.WaitGroup
	for part := range slices.Chunk(work, max(1, (len(work)+goroutines-1)/goroutines)) {
		group.Go(func() {
			for i := range part {
				if err := c.call(ctx, by, &part[i]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// stable is how many people are in the table at least, with ages from 0 to 79.
const stable = 1024

// rivals gives a node and what is written by hand, over one table of people who stay there.
func rivals(b testing.TB, d dialect.Dialect, hand bare) (node bare, people []person) {
	sys := nodetest.System(b, d)
	node = asBare{add[person, uuid.UUID](b, d, sys).Through(sys.Lane(d, actors.LaneConfig{}))} // as a coordinator has it
	people = make([]person, stable)
	for i := range people {
		people[i] = newPerson("somebody", ptr(i%80))
	}
	require.NoError(b, node.createMany(b.Context(), people))
	return node, people
}

// benchmark runs a contest on each database, under a context that cannot end and one that can, by one goroutine and by 64.
func benchmark(b *testing.B, c contest) {
	onEach(b, func(b *testing.B, d dialect.Dialect, hand bare) {
		node, people := rivals(b, d, hand)
		underEach(b, func(b *testing.B, ctx context.Context) {
			b.Run("1", func(b *testing.B) { c.run(b, ctx, node, hand, people, 1) })
			b.Run("64", func(b *testing.B) { c.run(b, ctx, node, hand, people, 64) })
		})
	})
}

// underEach runs fn under a context that cannot end and under one that can, as that of every request can.
func underEach(b *testing.B, fn func(b *testing.B, ctx context.Context)) {
	b.Run("background", func(b *testing.B) { fn(b, context.Background()) })
	b.Run("cancelable", func(b *testing.B) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		fn(b, ctx)
	})
}

// onEach runs fn on each database, with what is written for it by hand. Both have pools of the same size.
func onEach[B interface {
	testing.TB
	Run(name string, fn func(B)) bool
}](b B, fn func(b B, d dialect.Dialect, hand bare)) {
	b.Run("sqlite", func(b B) {
		path := filepath.Join(b.TempDir(), "bench.db")
		readers := max(4, runtime.GOMAXPROCS(0))
		d, err := sqlite.Open(b.Context(), path, &sqlite.Config{Readers: readers})
		require.NoError(b, err)
		hand := bareSQL{}
		for db, most := range map[**sql.DB]int{&hand.reader: readers, &hand.writer: 1} {
			*db, err = sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000&_journal_mode=WAL&_synchronous=NORMAL&_foreign_keys=1")
			require.NoError(b, err)
			(*db).SetMaxOpenConns(most)
			(*db).SetMaxIdleConns(most)
		}
		b.Cleanup(func() {
			require.NoError(b, hand.reader.Close())
			require.NoError(b, hand.writer.Close())
			require.NoError(b, d.Close())
		})
		fn(b, d, hand)
	})
	b.Run("postgres", func(b B) {
		url := postgrestest.Open(b)
		d, err := postgres.Open(b.Context(), url, nil)
		require.NoError(b, err)
		pool, err := pgxpool.New(b.Context(), url)
		require.NoError(b, err)
		b.Cleanup(func() {
			pool.Close()
			require.NoError(b, d.Close())
		})
		fn(b, d, barePgx{pool})
	})
	b.Run("mysql", func(b B) {
		d, hand := onMySQL(b, mysql.Config{})
		fn(b, d, hand)
	})
}
