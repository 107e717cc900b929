package faults_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/faults"
	"github.com/schemactor/schemactor/schema"
)

// parcel is the row of the table that is made while the network fails.
type parcel struct {
	ID   int64  `db:"id"   schema:"pk"`
	Note string `db:"note" schema:"index"`
}

const parcels = "parcels"

// afterwards requires that the database is as if nothing had been wrong: the table was made once, and holds these rows.
func afterwards(t *testing.T, d dialect.Dialect, rows int) {
	require.Equal(t, 1, applied(t, d, parcels))
	require.Equal(t, rows, count(t, d, "SELECT count(*) FROM "+parcels))
}

// madeAgain requires that one statement made the table, and no other tried to.
func madeAgain(made *atomic.Int64) *schema.Listener {
	return &schema.Listener{Entered: func(e schema.Event) {
		if strings.HasPrefix(e.SQL, "CREATE TABLE") && strings.Contains(e.SQL, parcels) {
			made.Add(1)
		}
	}}
}

// The answer to a COMMIT of the cold path is lost: what was committed is read and not done again, and the caller never
// hears of it.
func TestLostCommitOfATable(t *testing.T) {
	for name, comes := range map[string]func(e schema.Event) bool{
		"table":  func(e schema.Event) bool { return e.Phase == schema.PhaseCommit },
		"ledger": func(e schema.Event) bool { return e.Phase == schema.PhaseLedger && e.SQL != "" },
	} {
		t.Run(name, func(t *testing.T) {
			eachServer(t, func(t *testing.T, direct string) { lostCommit(t, direct, comes) })
		})
	}
}

func lostCommit(t *testing.T, direct string, comes func(e schema.Event) bool) {
	p, address := through(t, direct)
	var once sync.Once
	var made atomic.Int64
	cut := make(chan (<-chan struct{}), 1)
	c := start(t, open(t, address), &coordinator.Config{
		Listener: schema.Tee(madeAgain(&made), &schema.Listener{Entered: func(e schema.Event) {
			if comes(e) {
				once.Do(func() { cut <- p.CutAnswerTo(commits(direct)) })
			}
		}}),
	})
	node := register[parcel, int64](t, c, schema.Named(parcels))
	require.NoError(t, node.Create(t.Context(), &parcel{ID: 1}))
	happens(t, "the cut", <-cut)
	require.EqualValues(t, 1, made.Load(), "nobody makes the table a second time")
	afterwards(t, open(t, direct), 1)
}

// The answer to what a caller wrote is lost: the library says that it does not know, and does not write it twice.
func TestLostAnswerToARow(t *testing.T) { eachServer(t, lostAnswer) }

func lostAnswer(t *testing.T, direct string) {
	p, address := through(t, direct)
	d := open(t, direct)
	c := start(t, open(t, address), nil)
	node := register[parcel, int64](t, c, schema.Named(parcels))
	require.NoError(t, node.Create(t.Context(), &parcel{ID: 1}))
	for name, call := range map[string]struct {
		pattern []byte
		write   func(id int64) error
	}{
		"autocommit": {[]byte("lost on the way"), func(id int64) error {
			return node.Create(t.Context(), &parcel{ID: id, Note: "lost on the way"})
		}},
		"transaction": {commits(direct), func(id int64) error {
			return c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
				return node.In(tx).Create(ctx, &parcel{ID: id})
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			before := count(t, d, "SELECT count(*) FROM "+parcels)
			cut := p.CutAnswerTo(call.pattern)
			err := call.write(int64(before + 1))
			happens(t, "the cut", cut)
			require.ErrorIs(t, err, schema.ErrOutcomeUnknown)
			require.ErrorIs(t, err, schema.ErrUnavailable)
			require.True(t, schema.Transient(err))
			afterwards(t, d, before+1)
			require.NoError(t, call.write(int64(before+2)), "the same coordinator goes on")
			afterwards(t, d, before+2)
		})
	}
}

// stallMoments are where the cold path stands still.
var stallMoments = map[string]func(point string) bool{
	"lock": func(point string) bool { return point == "lock" },
	"apply": func(point string) bool {
		return strings.HasPrefix(point, "after CREATE TABLE") && strings.Contains(point, parcels)
	},
	"commit": func(point string) bool { return point == "commit" },
}

// Nothing passes any more in the middle of the cold path: callers are released at their deadlines while the attempt still
// hangs. When the network is back, or has cut what hung, all is made ready, once.
func TestStalledColdPath(t *testing.T) {
	for name, comes := range stallMoments {
		for ending, end := range map[string]func(p *faults.Proxy){
			"resumed": (*faults.Proxy).Resume,
			"cut":     func(p *faults.Proxy) { p.Cut(); p.Resume() },
		} {
			t.Run(name+" "+ending, func(t *testing.T) {
				eachServer(t, func(t *testing.T, direct string) { stalled(t, direct, comes, end) })
			})
		}
	}
}

func stalled(t *testing.T, direct string, comes func(point string) bool, end func(p *faults.Proxy)) {
	const callers = 8
	p, address := through(t, direct)
	var once sync.Once
	var made, over atomic.Int64
	reached := make(chan struct{})
	ended := func(schema.Event) { over.Add(1) }
	c := start(t, open(t, address), &coordinator.Config{
		Listener: schema.Tee(madeAgain(&made), &schema.Listener{Ready: ended, Failed: ended}, faults.Points(func(point string) {
			if comes(point) {
				once.Do(func() { p.Stall(); close(reached) })
			}
		})),
	})
	t.Cleanup(p.Resume) // or the clean-up would wait for what hangs
	node := register[parcel, int64](t, c, schema.Named(parcels))
	patient := make(chan error, 1)
	go func() { patient <- node.Create(t.Context(), &parcel{ID: 1}) }()
	happens(t, "the moment", reached)

	var all sync.WaitGroup
	late := make([]time.Duration, callers)
	errs := make([]error, callers)
	for i := range callers {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			errs[i] = node.Create(ctx, &parcel{ID: int64(i + 2)})
			deadline, _ := ctx.Deadline()
			late[i] = time.Since(deadline)
		})
	}
	all.Wait()
	for i := range callers {
		require.ErrorIs(t, errs[i], context.DeadlineExceeded)
		require.Less(t, late[i], restartPatience)
	}
	require.Zero(t, over.Load(), "the attempt hangs still, and nobody waited for it")
	end(p)
	require.NoError(t, <-patient, "who has time is served in the end")
	require.NoError(t, node.Create(t.Context(), &parcel{ID: 2}))
	afterwards(t, open(t, direct), 2)
	require.LessOrEqual(t, made.Load(), int64(2))
}

// Connections are cut again and again, by the network and by the server, while tables are made and rows are written, and
// until some row got through between two cuts, which come less often once the time is over.
func TestCutAgainAndAgain(t *testing.T) { eachServer(t, cutAgain) }

func cutAgain(t *testing.T, direct string) {
	p, address := through(t, direct)
	h := newRestartHerd(t, address, 2, size(4, 12))
	h.call(t.Context(), 8)
	limit := time.NewTimer(time.Duration(size(1, 5)) * time.Second)
	defer limit.Stop()
	cuts, ended, longest := 0, 0, 90
	for more := true; more || h.acknowledged.Load() == 0; {
		pause := time.NewTimer(time.Duration(10+rand.IntN(longest)) * time.Millisecond)
		select {
		case <-limit.C:
			more = false
		case <-pause.C:
		}
		pause.Stop()
		if !more {
			longest *= 2
		}
		if rand.IntN(2) == 0 {
			cuts += p.Cut()
		} else {
			ended += terminate(t, direct)
		}
	}
	before := h.acknowledged.Load()
	h.back.Store(true)
	waitFor(t, "every program to serve every table", h.served)
	h.end(t)
	t.Logf("%d connections cut by the network and %d by the server; %d rows acknowledged meanwhile, %d in all; errors: %v",
		cuts, ended, before, h.acknowledged.Load(), h.kinds)
	h.judge(t, direct)
	require.NotZero(t, cuts+ended)
}
