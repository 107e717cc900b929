package load

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMixIsReadAndSpelled(t *testing.T) {
	mix, err := ParseMix("create=50, read=30,update=10,delete=5,list=5")
	require.NoError(t, err)
	require.Equal(t, Mix{OpCreate: 50, OpRead: 30, OpUpdate: 10, OpDelete: 5, OpList: 5}, mix)
	again, err := ParseMix(mix.String())
	require.NoError(t, err)
	require.Equal(t, mix, again)
	again, err = ParseMix(DefaultMix().String())
	require.NoError(t, err)
	require.Equal(t, DefaultMix(), again)
}

func TestMixIsDoneAsItSays(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	mix := Mix{OpCreate: 1, OpRead: 3}
	var done [operations]int
	for range 4000 {
		done[mix.pick(dice)]++
	}
	require.InDelta(t, 1000, done[OpCreate], 150)
	require.Equal(t, 4000, done[OpCreate]+done[OpRead])
}

func TestKeysAreChosen(t *testing.T) {
	chosen := func(keys Keys) (out [10]int) {
		c := choice{keys: keys, dice: rand.New(rand.NewPCG(1, 2))}
		for range 10_000 {
			out[c.one(10)]++
		}
		return out
	}
	for _, n := range chosen(KeysSequential) {
		require.Equal(t, 1000, n)
	}
	for _, n := range chosen(KeysUniform) {
		require.InDelta(t, 1000, n, 200)
	}
	zipf := chosen(KeysZipf)
	require.Greater(t, zipf[0], 3*zipf[5])
	require.Positive(t, zipf[9])
	c := choice{keys: KeysZipf, dice: rand.New(rand.NewPCG(1, 2))}
	for n := 1; n < 5; n++ {
		require.Less(t, c.one(n), n, "the number of things may change")
	}
}

// A writer that was kept waiting is late for the next turns, which were to begin when they were to begin.
func TestTurnsDoNotWait(t *testing.T) {
	begin := time.Now().Add(-time.Second)
	p := &pace{begin: begin, measured: begin.Add(500 * time.Millisecond), rate: 10, quota: 3, stop: make(chan struct{})}
	var late []time.Duration
	for {
		intended, ok := p.next(t.Context())
		if !ok {
			break
		}
		late = append(late, intended.Sub(begin))
	}
	ms := time.Millisecond
	require.Equal(t, []time.Duration{0, 100 * ms, 200 * ms, 300 * ms, 400 * ms, 500 * ms, 600 * ms, 700 * ms}, late,
		"five of the warm-up, and the three that are to be done")
	require.EqualValues(t, 3, p.counted())
}

func TestVersionsOfATable(t *testing.T) {
	for name, c := range map[string]struct {
		had              []int
		changes, shipped int
		drops            int
		version, applied int
		wrong            bool
	}{
		"once":                         {[]int{0}, 0, 0, 0, 0, 1, false},
		"twice":                        {[]int{0, 0}, 0, 0, 0, 0, 1, true},
		"no ledger":                    {nil, 0, 0, 0, 0, 1, false},
		"each version once":            {[]int{0, 1, 2}, 2, 2, 0, 2, 3, false},
		"first used by a newer one":    {[]int{1, 2}, 2, 2, 0, 2, 2, false},
		"deployment under way":         {[]int{0, 1}, 2, 0, 0, 1, 2, false},
		"deployed and not there":       {[]int{0}, 2, 1, 0, 1, 1, true},
		"backwards":                    {[]int{0, 1, 0}, 2, 1, 0, 1, 2, true},
		"of nobody":                    {[]int{0, -1}, 2, 0, 0, 0, 2, true},
		"of nobody after a drop":       {[]int{0, -1}, 2, 0, 1, 0, 3, true},
		"made again":                   {[]int{0, 0, 0}, 0, 0, 2, 0, 3, false},
		"made once too often":          {[]int{0, 0, 0}, 0, 0, 1, 0, 2, true},
		"made again by an older one":   {[]int{0, 1, 0, 1}, 2, 1, 1, 1, 4, false},
		"made again in a newer one":    {[]int{0, 1}, 2, 1, 1, 1, 2, false},
		"made in a newer one at once":  {[]int{0, 1}, 2, 0, 1, 1, 2, false},
		"made again by an older twice": {[]int{0, 1, 0, 1, 0}, 2, 1, 1, 1, 3, true},
	} {
		version, applied, want := expected(c.had, c.changes, c.shipped, c.drops)
		require.Equal(t, c.version, version, name)
		require.Equal(t, c.applied, applied, name)
		require.Equal(t, c.wrong, want != "", name)
	}
}

func TestIntervalsOfARun(t *testing.T) {
	r := newRecording(&Config{Duration: time.Second, Tables: 1}, &site{})
	require.Equal(t, 200*time.Millisecond, r.tick)
	r.begin(time.Now())
	for i, at := range []time.Duration{201, 203, 405} { // a worker tells of an interval when that has ended
		w := newTally()
		w.done(OpCreate, time.Duration(i+1)*time.Millisecond, i == 0)
		told, err := w.take()
		require.NoError(t, err)
		told.At = at * time.Millisecond
		require.NoError(t, r.add(1, &message{Event: eventTick, Report: told}))
	}
	points := series(r)
	require.Len(t, points, 2)
	require.Equal(t, map[string]int64{"create": 2}, points[0].Operations, "the warm-up is in the series")
	require.Equal(t, map[string]int64{"create": 1}, points[1].Operations)
	require.InEpsilon(t, 3*time.Millisecond, points[1].Max, 0.02)
	require.EqualValues(t, 3, r.done)
}
