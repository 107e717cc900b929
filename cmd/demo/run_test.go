package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// document puts a workflow into a file.
func document(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "workflow.json")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestRunExample(t *testing.T) {
	code, example, _ := play(t, "run", "--example")
	require.Zero(t, code)
	eachShop(t, func(c *counter) {
		file := document(c.T, example)
		out, errOut := c.does(0, "run", file)
		require.Empty(c, errOut)
		require.Contains(c, out, "Workflow sale on version 3 of the shop")
		require.Contains(c, out, "  ok      orders    count 1\n")
		require.Contains(c, out, "7 of 7 steps completed\n")
		require.Equal(c, int64(6), c.applied(), "each of the six tables was made once")

		out, _ = c.does(0, "run", file, "--json")
		var result struct {
			Run       string
			Completed []string
			Outputs   map[string]map[string]any
		}
		require.NoError(c, json.Unmarshal([]byte(out), &result))
		require.Len(c, result.Completed, 7)
		require.Equal(c, false, result.Outputs["customer"]["created"])
		require.InDelta(c, 2, result.Outputs["orders"]["count"], 0)
		require.Equal(c, int64(6), c.applied())
		for table, rows := range map[string]int64{"customers": 1, "orders": 2, "payments": 2, "order_lines": 2} {
			require.Equal(c, rows, c.number("SELECT count(*) FROM "+c.table(table)), table)
		}
	})
}

// A failing step is named, the exit code is 1, and a transaction leaves nothing.
func TestRunFails(t *testing.T) {
	eachShop(t, func(c *counter) {
		file := document(c.T, strings.Replace(exampleDocument, `"amount_cents": 3800`, `"amount_cents": -1`, 1))
		out, errOut := c.does(1, "run", file)
		require.Regexp(c, `^demo: workflow sale, run [0-9a-f-]{36}: step payment: create .*payments: check violated`, errOut)
		require.Contains(c, out, "  FAILED  payment\n")
		require.Contains(c, out, "  -       orders    not begun, or stopped\n")
		require.Contains(c, out, "5 of 7 steps completed, and undone with the transaction\n")
		require.Zero(c, c.number("SELECT count(*) FROM "+c.table("customers")))
	})
}

func TestRunInput(t *testing.T) {
	eachShop(t, func(c *counter) {
		file := document(c.T, `{"name": "one", "steps": [{"name": "make", "model": "ProductV3", "operation": "create"}],
			"connections": [{"from": "input.product", "to": "make.row"}]}`)
		c.does(0, "run", file, "--input", `{"product": {"title": "Cup", "sku": "cup", "price_cents": 500}}`)
		require.Equal(c, int64(500), c.number("SELECT price_cents FROM "+c.table("products")))
		out, errOut := c.does(1, "run", file)
		require.Contains(c, errOut, `: invalid input: input "product" is missing`)
		require.NotContains(c, out, "make", "no steps to tell of")
		_, errOut = c.does(2, "run", file, "--input", `[`)
		require.Contains(c, errOut, "--input: parse workflow")
	})
}

func TestRunRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	for text, args := range map[string][]string{
		"wants the file of a workflow":  {"run"},
		"or --example alone":            {"run", "x.json", "--example"},
		"no-such-file.json":             {"run", "no-such-file.json"},
		"--to 4":                        {"run", "--to", "4", document(t, "{}")},
		"--namespace is for PostgreSQL": {"run", "--namespace", "x", document(t, exampleDocument)},
	} {
		code, _, errOut := play(t, args...)
		require.Equal(t, 2, code, errOut)
		require.Contains(t, errOut, text)
	}
	for want, text := range map[string]string{
		"not one JSON document":       "{",
		`unknown model "customer"`:    strings.Replace(exampleDocument, `"customers"`, `"customer"`, 1),
		`unknown column "name"`:       strings.Replace(exampleDocument, `"full_name"`, `"name"`, 1),
		"in a circle: line → payment": strings.Replace(exampleDocument, `"payment.row.order_id"}`, `"payment.row.order_id"}, {"from": "payment.key", "to": "line.row.id"}, {"from": "line.row.remark", "to": "payment.row.method"}`, 1),
		"larger than":                 strings.Repeat(" ", largestDocument),
	} {
		code, out, errOut := play(t, "run", document(t, text))
		require.Equal(t, 1, code, errOut)
		require.Contains(t, errOut, want)
		require.Empty(t, out)
		for line := range strings.Lines(errOut) {
			require.Regexp(t, "^demo: .*invalid input: ", line, "one line for each fault")
		}
	}
	require.NoFileExists(t, shopFile, "nothing was put into it")
}
