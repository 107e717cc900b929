package faults_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/fleet"
)

// crowdWriters are the goroutines whose writes meet in one lane.
const crowdWriters = 256

// A program is killed under many writers, again and again: every row that was acknowledged is there as it was told, and none
// is there twice.
func TestLaneKilled(t *testing.T) {
	beside(t)
	eachDatabase(t, func(t *testing.T, address string) {
		d := open(t, address)
		kills, told, there := size(3, 50), 0, 0
		begin := time.Now()
		for run := range kills {
			heard := crowdKilled(t, address, fmt.Sprint(run), 1+rand.IntN(4000))
			stored := crowdStored(t, d, fmt.Sprint(run))
			for said, number := range heard {
				require.GreaterOrEqual(t, stored[said], number, "run %d: %v was acknowledged", run, said)
				if !said.Pass {
					require.Equal(t, stored[said], number, "run %d: the number of %v", run, said)
				}
			}
			told, there = told+len(heard), there+len(stored)
		}
		for _, table := range []string{"tickets", "passes"} {
			require.Zero(t, count(t, d, "SELECT count(*) FROM (SELECT code FROM "+table+" GROUP BY code HAVING count(*) > 1) AS twice"))
		}
		require.Zero(t, count(t, d, "SELECT count(*) FROM passes WHERE version > 2"), "changed twice")
		require.Zero(t, count(t, d, "SELECT count(*) FROM passes WHERE (version = 2) <> (note = 'changed')"))
		fmt.Printf("%s: %d kills under %d writers in %.0f s: %d rows acknowledged, %d stored, none lost, none twice\n",
			d.Name(), kills, crowdWriters, time.Since(begin).Seconds(), told, there)
	})
}

// crowdKey tells rows apart.
type crowdKey struct {
	Code string
	Pass bool
}

// crowdKilled kills a program after so many acknowledgements, and gives them: by row, the last number.
func crowdKilled(t *testing.T, address, run string, after int) map[crowdKey]int64 {
	process, err := fleet.Start(t.Context(), "crowd", crowdTask{Address: address, Run: run, Writers: crowdWriters})
	require.NoError(t, err)
	heard := map[crowdKey]int64{}
	ended := make(chan error, 1)
	reached := make(chan struct{})
	go func() {
		for n := 1; ; n++ {
			var said crowdSays
			if err := process.Hear(&said); err != nil {
				ended <- err
				return
			}
			heard[crowdKey{said.Code, said.Pass}] = said.Number
			if n == after {
				close(reached)
			}
		}
	}()
	select {
	case <-reached:
	case err := <-ended:
		require.NoError(t, err, "it ended by itself")
	}
	require.NoError(t, process.Kill())
	if err := <-ended; !errors.Is(err, io.EOF) {
		require.ErrorContains(t, err, "JSON", "a line may be cut")
	}
	return heard
}

// crowdStored reads what a run has stored: by row, its number or version.
func crowdStored(t *testing.T, d dialect.Dialect, run string) map[crowdKey]int64 {
	out := map[crowdKey]int64{}
	for _, table := range []string{"tickets", "passes"} {
		column := map[string]string{"tickets": "id", "passes": "version"}[table]
		rows, err := d.Reader().Query(t.Context(), "SELECT code, "+column+" FROM "+table+" WHERE code LIKE "+d.Placeholder(1), run+"-%")
		require.NoError(t, err)
		for rows.Next() {
			key, number := crowdKey{Pass: table == "passes"}, int64(0)
			require.NoError(t, rows.Scan(&key.Code, &number))
			require.NotContains(t, out, key, "stored twice")
			out[key] = number
		}
		require.NoError(t, rows.Close())
		require.NoError(t, rows.Err())
	}
	return out
}
