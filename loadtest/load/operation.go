package load

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Operation is one kind of thing that a writer does.
type Operation int

// The operations.
const (
	OpCreate Operation = iota
	OpPair             // two rows in two tables in one transaction
	OpRead
	OpList // some rows in the order of their key, from one of the writer's own
	OpUpdate
	OpDelete
	operations
)

// String is the operation as --mix spells it.
func (o Operation) String() string {
	return [operations]string{"create", "pair", "read", "list", "update", "delete"}[o]
}

// Mix says how often each operation is done, in relation to the others.
type Mix [operations]int

// DefaultMix is the mix where none is given.
func DefaultMix() Mix {
	return Mix{OpCreate: 56, OpPair: 8, OpRead: 16, OpList: 4, OpUpdate: 12, OpDelete: 4}
}

const maxWeight = 1_000_000

// ParseMix reads a mix as "create=50,read=30"; what it does not name is not done. Its error is an *InputError that names the part
// which makes no sense.
func ParseMix(text string) (Mix, error) {
	var mix Mix
	var given []Operation
	for part := range strings.SplitSeq(text, ",") {
		name, weight, found := strings.Cut(strings.TrimSpace(part), "=")
		op, known := operationOf(name)
		switch n, err := strconv.Atoi(weight); {
		case !found:
			return Mix{}, &InputError{"mix", fmt.Sprintf("has the part %q, which is not like create=50", part)}
		case !known:
			return Mix{}, &InputError{"mix", fmt.Sprintf("has the unknown operation %q: there are %s", name, operationNames())}
		case slices.Contains(given, op):
			return Mix{}, &InputError{"mix", fmt.Sprintf("names %s twice", op)}
		case err != nil || n < 0 || n > maxWeight:
			return Mix{}, &InputError{"mix", fmt.Sprintf("gives %s the weight %q, which is no number from 0 to %d", op, weight, maxWeight)}
		default:
			mix[op] = n
			given = append(given, op)
		}
	}
	if mix[OpCreate] == 0 {
		return Mix{}, &InputError{"mix", "has no creates, and there is nothing in the tables when it begins"}
	}
	return mix, nil
}

func operationOf(name string) (Operation, bool) {
	for op := range operations {
		if op.String() == name {
			return op, true
		}
	}
	return 0, false
}

func operationNames() string {
	var names []string
	for op := range operations {
		names = append(names, op.String())
	}
	return strings.Join(names, ", ")
}

// String is the mix as ParseMix reads it.
func (m Mix) String() string {
	var parts []string
	for op, weight := range m {
		if weight > 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", Operation(op), weight))
		}
	}
	return strings.Join(parts, ",")
}

// pick chooses the next operation.
func (m Mix) pick(dice *rand.Rand) Operation {
	sum := 0
	for _, weight := range m {
		sum += weight
	}
	roll := dice.IntN(sum)
	for op, weight := range m {
		if roll -= weight; roll < 0 {
			return Operation(op)
		}
	}
	return OpCreate
}
