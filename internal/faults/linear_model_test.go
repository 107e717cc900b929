package faults_test

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

const (
	// linearKeys is how many keys there are: few, so that callers meet.
	linearKeys = 4
	// linearPatience bounds the search for an order of one history. It ends in milliseconds where the history is small.
	linearPatience = 20 * time.Second
)

type linearKind string

// What callers do. A pair creates the row of a key and that of the next one in one transaction.
const (
	linearEnsure linearKind = "ensure"
	linearCreate linearKind = "create"
	linearPair   linearKind = "create two"
	linearGet    linearKind = "get"
	linearUpdate linearKind = "update"
	linearPatch  linearKind = "patch"
	linearDelete linearKind = "delete"
	linearList   linearKind = "list"
	linearCount  linearKind = "count"
	linearDrop   linearKind = "drop table"
)

// reads reports whether a call leaves the rows as they are, so that it says nothing when its answer is lost.
func (k linearKind) reads() bool {
	return slices.Contains([]linearKind{linearEnsure, linearGet, linearList, linearCount}, k)
}

type linearOutcome string

const (
	linearDone      linearOutcome = "done"
	linearDuplicate linearOutcome = "duplicate"
	linearAbsent    linearOutcome = "absent"
	linearUnknown   linearOutcome = "unknown" // it may take effect at any later time, or never
	linearRefused   linearOutcome = "refused" // it certainly took no effect
	linearWrong     linearOutcome = "wrong"   // an error that nobody may get
)

// linearRows is the one table: the value of each key, 0 where there is no row.
type linearRows [linearKeys]int64

type linearInput struct {
	Kind  linearKind
	Key   int
	Value int64 // written; never twice the same
}

type linearOutput struct {
	Outcome linearOutcome
	Value   int64 // what get has read, or how many rows count has counted
	Rows    linearRows
}

// linearAct is the sequential table: what one call does to the rows, and what it answers.
func linearAct(rows linearRows, in linearInput) (linearRows, linearOutput) {
	done, there := linearOutput{Outcome: linearDone}, rows[in.Key] != 0
	switch in.Kind {
	case linearCreate, linearPair:
		if there || in.Kind == linearPair && rows[in.Key+1] != 0 {
			return rows, linearOutput{Outcome: linearDuplicate}
		}
		rows[in.Key] = in.Value
		if in.Kind == linearPair {
			rows[in.Key+1] = in.Value
		}
	case linearGet, linearUpdate, linearPatch, linearDelete:
		if !there {
			return rows, linearOutput{Outcome: linearAbsent}
		}
		if in.Kind == linearGet {
			done.Value = rows[in.Key]
			return rows, done
		}
		rows[in.Key] = in.Value // 0 for delete
	case linearList:
		done.Rows = rows
	case linearCount:
		for _, value := range rows {
			if value != 0 {
				done.Value++
			}
		}
	case linearDrop:
		rows = linearRows{}
	}
	return rows, done
}

// linearModel accepts whatever the sequential table answers. A call whose outcome is unknown has no end: an order that
// puts it behind everything else says that it never took effect.
func linearModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return linearRows{} },
		Step: func(state, input, output any) (bool, any) {
			rows, answer := linearAct(state.(linearRows), input.(linearInput))
			out := output.(linearOutput)
			return out.Outcome == linearUnknown || out == answer, rows
		},
		DescribeOperation: func(input, output any) string {
			in, out := input.(linearInput), output.(linearOutput)
			return fmt.Sprintf("%s %d=%d → %s %d %v", in.Kind, in.Key, in.Value, out.Outcome, out.Value, out.Rows)
		},
	}
}

// linearRecord is one call, first when it begins and again when it has returned.
type linearRecord struct {
	Client, N    int
	Input        linearInput
	Output       linearOutput
	Call, Return int64  // of the machine's clock; Return is 0 when it begins
	Fault        string // of a call that was refused, its kind; of one that went wrong, the error
	Ready, Done  bool   // a word beside the calls: this worker stands at the start, or has come to its end
}

// linearHistory is what a checker sees of the calls.
func linearHistory(records []linearRecord) []porcupine.Operation {
	var history []porcupine.Operation
	for _, r := range records {
		op := porcupine.Operation{ClientId: r.Client, Input: r.Input, Call: r.Call, Output: r.Output, Return: r.Return}
		switch {
		case r.Return == 0 || r.Output.Outcome == linearUnknown:
			if r.Input.Kind.reads() {
				continue
			}
			op.Output, op.Return = linearOutput{Outcome: linearUnknown}, math.MaxInt64
		case r.Output.Outcome == linearRefused || r.Output.Outcome == linearWrong:
			continue
		}
		history = append(history, op)
	}
	return history
}

// linearRequire fails the test unless some order of the calls explains every answer. It says how to see and to repeat it.
func linearRequire(t *testing.T, records []linearRecord, again string) {
	t.Helper()
	result, info := porcupine.CheckOperationsVerbose(linearModel(), linearHistory(records), linearPatience)
	if result == porcupine.Ok {
		return
	}
	picture := filepath.Join(t.ArtifactDir(), "history.html")
	require.NoError(t, porcupine.VisualizePath(linearModel(), info, picture))
	require.Equal(t, porcupine.Ok, result, "no order of these calls explains their answers (Unknown: the history is too large to tell).\n"+
		"Picture: %s (kept by go test -artifacts)\nAgain: %s", picture, again)
}

// linearOutcomeOf says what a call's error tells of its effect.
func linearOutcomeOf(ended, err error) (outcome linearOutcome, fault string) {
	switch {
	case err == nil:
		return linearDone, ""
	case errors.Is(err, schema.ErrDuplicate):
		return linearDuplicate, ""
	case errors.Is(err, schema.ErrNotFound):
		return linearAbsent, ""
	case errors.Is(err, schema.ErrOutcomeUnknown), ended != nil && errors.Is(err, ended):
		return linearUnknown, ""
	}
	var ensure *schema.EnsureError
	if errors.As(err, &ensure) && !ensure.Retryable {
		return linearWrong, err.Error() // every program's model can be had, now or in a moment
	}
	for _, kind := range []error{schema.ErrNotEnsured, schema.ErrMissing} {
		if errors.Is(err, kind) {
			return linearRefused, kind.Error()
		}
	}
	if schema.Transient(err) {
		return linearRefused, restartKind(err)
	}
	return linearWrong, err.Error()
}
