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

// rowOf is the row of a key, with a body of so many bytes.
func rowOf(key, turn, part int64, size int) Row {
	label := "row " + strconv.FormatInt(key, 10)
	return Row{
		ID: key, Worker: key / keysPerWorker, Label: label, Body: strings.Repeat(label, size/len(label)+1)[:size],
		Turn: turn, Amount: amountOf(key, turn), Part: part,
	}
}

func amountOf(key, turn int64) int64 { return key % 1009 * (turn + 1) }

// wholeRows is the rule that a table's rows are as rowOf makes them, and the columns of later versions empty or as these fill them.
func wholeRows(s *site, ref schema.Ref, version, size int) checker.Rule {
	repeated := fmt.Sprintf("repeat(label, %d)", size/len("row 1")+1)
	if s.Name() == "sqlite" {
		repeated = fmt.Sprintf("replace(hex(zeroblob(%d)), '00', label)", size/len("row 1")+1)
	}
	whole := fmt.Sprintf("worker = (id - id %% %[1]d) / %[1]d AND label = 'row ' || id AND body = substr(%[2]s, 1, %[3]d)"+
		" AND amount = id %% 1009 * (turn + 1) AND part IN (0, 1, 2)", int64(keysPerWorker), repeated, size)
	for _, column := range columnsOf(version) {
		whole += fmt.Sprintf(" AND coalesce(%s = '%s ' || id, true)", column, column)
	}
	return checker.Rule{
		Name: "whole rows", Table: ref.String(), Want: "0 wrong",
		SQL: "SELECT count(*) || ' wrong' FROM " + s.QuoteTable(ref) + " WHERE NOT (" + whole + ")",
	}
}
