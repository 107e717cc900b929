package faults_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// linearCall is a call of a history that is told by hand.
func linearCall(from, to int64, kind linearKind, key int, value int64, out linearOutput) linearRecord {
	return linearRecord{Client: int(from), Input: linearInput{kind, key, value}, Output: out, Call: from, Return: to}
}

// The checker refuses what must not happen, and accepts what comes near it and may.
func TestLinearCheckerCanFail(t *testing.T) {
	done, unknown := linearOutput{Outcome: linearDone}, linearOutput{Outcome: linearUnknown}
	duplicate, absent := linearOutput{Outcome: linearDuplicate}, linearOutput{Outcome: linearAbsent}
	got := func(value int64) linearOutput { return linearOutput{Outcome: linearDone, Value: value} }
	saw := func(rows linearRows) linearOutput { return linearOutput{Outcome: linearDone, Rows: rows} }
	const create, update, get, list, drop = linearCreate, linearUpdate, linearGet, linearList, linearDrop
	call := linearCall
	for _, c := range []struct {
		name   string
		want   porcupine.CheckResult
		events []linearRecord
	}{
		{"a stale read", porcupine.Illegal, []linearRecord{
			call(1, 2, create, 0, 7, done), call(3, 4, update, 0, 8, done), call(5, 6, get, 0, 0, got(7)),
		}},
		{"a read beside the update", porcupine.Ok, []linearRecord{
			call(1, 2, create, 0, 7, done), call(3, 6, update, 0, 8, done), call(4, 5, get, 0, 0, got(7)),
		}},
		{"a lost row", porcupine.Illegal, []linearRecord{
			call(1, 2, create, 0, 7, done), call(3, 4, list, 0, 0, saw(linearRows{})),
		}},
		{"a row lost by a drop", porcupine.Ok, []linearRecord{
			call(1, 2, create, 0, 7, done), call(2, 5, drop, 0, 0, done), call(3, 4, list, 0, 0, saw(linearRows{})),
		}},
		{"a row that a drop left", porcupine.Illegal, []linearRecord{
			call(1, 2, create, 0, 7, done), call(3, 4, drop, 0, 0, done), call(5, 6, get, 0, 0, got(7)),
		}},
		{"two who created one row", porcupine.Illegal, []linearRecord{
			call(1, 4, create, 0, 7, done), call(2, 3, create, 0, 8, done),
		}},
		{"one of two who created one row", porcupine.Ok, []linearRecord{
			call(1, 4, create, 0, 7, done), call(2, 3, create, 0, 8, duplicate),
		}},
		{"a duplicate of nothing", porcupine.Illegal, []linearRecord{call(1, 2, create, 0, 7, duplicate)}},
		{"half a pair", porcupine.Illegal, []linearRecord{
			call(1, 4, linearPair, 0, 7, done), call(2, 3, list, 0, 0, saw(linearRows{7})),
		}},
		{"a row that was refused", porcupine.Illegal, []linearRecord{
			call(1, 2, create, 0, 7, linearOutput{Outcome: linearRefused}), call(3, 4, get, 0, 0, got(7)),
		}},
		{"a late effect", porcupine.Ok, []linearRecord{
			call(1, 2, create, 0, 7, unknown), call(3, 4, get, 0, 0, absent), call(5, 6, get, 0, 0, got(7)),
		}},
		{"no effect at all", porcupine.Ok, []linearRecord{
			call(1, 2, create, 0, 7, unknown), call(3, 4, get, 0, 0, absent), call(5, 6, create, 0, 8, done),
		}},
		{"an effect that is taken back", porcupine.Illegal, []linearRecord{
			call(1, 2, create, 0, 7, unknown), call(3, 4, get, 0, 0, got(7)), call(5, 6, get, 0, 0, absent),
		}},
		{"a caller that was killed", porcupine.Ok, []linearRecord{
			call(1, 0, create, 0, 7, linearOutput{}), call(3, 4, get, 0, 0, got(7)),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, porcupine.CheckOperationsTimeout(linearModel(), linearHistory(c.events), linearPatience))
		})
	}
}

// Histories of a table that exists only here, as large as those of the tests with one outcome of ten unknown, are accepted,
// and quickly; with one answer changed they are refused.
func TestLinearCheckerEnds(t *testing.T) {
	for seed := range uint64(size(10, 50)) {
		random := rand.New(rand.NewPCG(seed, 0))
		records := linearInvented(random, 6, 90)
		check := func() porcupine.CheckResult {
			return porcupine.CheckOperationsTimeout(linearModel(), linearHistory(records), linearPatience)
		}
		require.Equal(t, porcupine.Ok, check(), "seed %d", seed)
		records = append(records, linearCall(1_000_000, 1_000_001, linearGet, 0, 0, linearOutput{Outcome: linearDone, Value: -1}))
		require.Equal(t, porcupine.Illegal, check(), "seed %d", seed)
	}
}

// linearInvented makes a history of some clients that each have one call after the other.
func linearInvented(random *rand.Rand, clients, calls int) []linearRecord {
	kinds := []linearKind{linearCreate, linearCreate, linearPair, linearGet, linearUpdate, linearDelete, linearList, linearCount, linearDrop}
	free := make([]int64, clients)
	var records []linearRecord
	for at := range int64(calls) {
		in := linearInput{Kind: kinds[random.IntN(len(kinds))], Key: random.IntN(linearKeys - 1)}
		if in.Kind != linearDelete {
			in.Value = at + 1
		}
		client := random.IntN(clients)
		moment := max(100*at, free[client]+1) // at which it takes effect
		free[client] = moment + random.Int64N(300)
		records = append(records, linearRecord{
			Client: client, Input: in, Call: max(0, moment-random.Int64N(300)), Return: free[client], N: int(moment),
		})
	}
	slices.SortFunc(records, func(a, b linearRecord) int { return a.N - b.N })
	var rows linearRows
	for i := range records {
		r := &records[i]
		after, answer := linearAct(rows, r.Input)
		switch r.Output = answer; random.IntN(20) {
		case 0:
			r.Output = linearOutput{Outcome: linearUnknown}
			continue // and no effect
		case 1:
			r.Output = linearOutput{Outcome: linearUnknown}
		}
		rows = after
	}
	return records
}
