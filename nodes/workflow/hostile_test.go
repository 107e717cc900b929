package workflow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes/workflow"
	"github.com/schemactor/schemactor/schema"
)

// repeated is a document of one array under a name, with as many elements as one may hold.
func repeated(before, element, after string, most int) string {
	elements := make([]string, min(most, (1<<20-len(before)-len(after))/(len(element)+1)))
	for i := range elements {
		elements[i] = element
	}
	return before + strings.Join(elements, ",") + after
}

// However much is wrong with a document, the error can be read by a person.
func TestFaultsAreBounded(t *testing.T) {
	c := shop(t, nodetest.SQLite(t))
	var circle, steps strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&steps, `{"name":"s%d","model":"User","operation":"list","after":["s%d"]},`, i, (i+1)%5000)
	}
	fmt.Fprintf(&circle, `{"name":"round","steps":[%s]}`, strings.TrimSuffix(steps.String(), ","))
	for text, document := range map[string]string{
		"299900 more faults": repeated(`{"name":"x","steps":[`, `{}`, `]}`, 100_000),
		"more faults":        repeated(`{"name":"x","steps":[`, `7`, `]}`, 1<<20),
		"in a circle: s":     circle.String(),
		"3900 more faults":   repeated(`{"name":"x","steps":[{"name":"a","model":"User","operation":"list"}],"connections":[`, `{"from":"b.c","to":"a.b"}`, `]}`, 4000),
	} {
		b, err := workflow.Parse([]byte(document))
		if err == nil {
			_, err = b.Build(c)
		}
		require.ErrorIs(t, err, schema.ErrInvalid, text)
		require.Less(t, len(err.Error()), 20_000, text)
		require.ErrorContains(t, err, text)
	}
}

// A document may be wide: what is found out about it takes no more than the time to read it.
func TestWideDocument(t *testing.T) {
	const wide = 15_000
	var steps, connections []string
	for i := range 2000 {
		steps = append(steps, fmt.Sprintf(`{"name":"s%d","model":"User","operation":"count"}`, i))
	}
	for i := range wide {
		connections = append(connections, fmt.Sprintf(`{"from":"input.i%d","to":"s0.i%d"}`, i, i))
	}
	document := fmt.Sprintf(`{"name":"wide","steps":[%s]}`, strings.Join(steps, ","))
	b, err := workflow.Parse([]byte(document))
	require.NoError(t, err)
	w, err := b.Build(shop(t, nodetest.SQLite(t)))
	require.NoError(t, err)
	out, err := w.Run(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, out.Completed, 2000)

	document = fmt.Sprintf(`{"name":"wide","steps":[%s],"connections":[%s]}`, steps[0], strings.Join(connections, ","))
	b, err = workflow.Parse([]byte(document))
	require.NoError(t, err)
	_, err = b.Build(shop(t, nodetest.SQLite(t)))
	require.ErrorContains(t, err, `unknown input "i0"`)
	require.ErrorContains(t, err, fmt.Sprint(wide-100, " more faults"))
}

// Five operations of a document on tables that nobody has used make each of them once.
func TestDocumentOnUnseenTables(t *testing.T) {
	document := strings.Replace(purchaseDocument, `"after": ["order"]}`, `"after": ["order"]},
    {"name": "pay", "model": "payments", "operation": "create"},
    {"name": "paid", "model": "Payment", "operation": "count", "after": ["pay"]}`, 1)
	document = strings.Replace(document, `"connections": [`, `"connections": [
    {"from": "order.key", "to": "pay.row.order_id"},`, 1)
	for _, transaction := range []string{"true", "false"} {
		nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
			b, err := workflow.Parse([]byte(strings.Replace(document, `"transaction": true`, `"transaction": `+transaction, 1)))
			require.NoError(t, err)
			w, err := b.Build(shop(t, d))
			require.NoError(t, err)
			out, err := w.Run(t.Context(), buyer())
			require.NoError(t, err)
			require.Len(t, out.Completed, 5)
			require.Equal(t, int64(1), out.Outputs["paid"]["count"])
			for _, table := range []string{"users", "orders", "payments"} {
				require.Equal(t, int64(1), applied(t, d, table), table)
				require.Equal(t, int64(1), rows(t, d, table), table)
			}
		})
	}
}
