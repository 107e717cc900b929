package load

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/schema"
)

// keysPerWorker is how many keys each worker process has for its own; its number is the rest of the key.
const keysPerWorker = 10_000_000_000

// Row is the model of all tables. Everything in it follows from its key, how often it was changed and which part of a pair
// it is, so that a row that was written by halves, or by somebody else, shows.
type Row struct {
	ID     int64  `db:"id"     schema:"pk"`
	Worker int64  `db:"worker" schema:"index"`
	Label  string `db:"label"  schema:"size=40,unique"`
	Body   string `db:"body"`
	Turn   int64  `db:"turn"   schema:"check=turn >= 0"` // counts the changes
	Amount int64  `db:"amount"`
	Part   int64  `db:"part"   schema:"default=0"` // of a pair: 1 is in one table, 2 in the next one
}

// rowOf is the row of a key.
func rowOf(key, turn, part int64) Row {
	label := "row " + strconv.FormatInt(key, 10)
	return Row{
		ID: key, Worker: key / keysPerWorker, Label: label, Body: strings.Repeat(label, 4),
		Turn: turn, Amount: amountOf(key, turn), Part: part,
	}
}

func amountOf(key, turn int64) int64 { return key % 1009 * (turn + 1) }

// wrong is the condition on which a row is not as rowOf makes it.
const wrong = `NOT (worker = id / 10000000000 AND label = 'row ' || id AND body = label || label || label || label
	AND amount = id % 1009 * (turn + 1) AND part IN (0, 1, 2))`

// rules are what each table's rows must keep: to be whole, and not to be alone where they are a pair.
func rules(s *site, refs []schema.Ref) []checker.Rule {
	var out []checker.Rule
	for i, ref := range refs {
		table := s.QuoteTable(ref)
		out = append(out, checker.Rule{
			Name: "whole rows", Table: ref.String(), Want: "0 wrong",
			SQL: "SELECT count(*) || ' wrong' FROM " + table + " WHERE " + wrong,
		})
		// A pair's second part is in the next table, its first one in the one before; with one table there are no pairs.
		next, before := s.QuoteTable(refs[(i+1)%len(refs)]), s.QuoteTable(refs[(i+len(refs)-1)%len(refs)])
		if len(refs) > 1 {
			out = append(out, checker.Rule{
				Name: "whole pairs", Table: ref.String(), Want: "0 halves",
				SQL: fmt.Sprintf(`SELECT count(*) || ' halves' FROM %s r WHERE
					part = 1 AND NOT EXISTS (SELECT 1 FROM %s o WHERE o.id = r.id AND o.part = 2) OR
					part = 2 AND NOT EXISTS (SELECT 1 FROM %s o WHERE o.id = r.id AND o.part = 1)`, table, next, before),
			})
		}
	}
	return out
}
