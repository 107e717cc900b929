package dynamic_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/nodes/dynamic"
)

// Every method of a node is an operation of its name, or has another way in. A method that is new must be given one.
func TestEveryMethodHasAName(t *testing.T) {
	elsewhere := map[string]string{
		"All":           "list and page: an iterator of Go has no form in JSON",
		"BulkCreateSeq": "bulk_create, for the same reason",
		"In":            "the tx of Do",
		"WithDeleted":   "the input with_deleted",
		"WithHooks":     "New, of the node that has them",
		"Table":         "Handler.Table",
		"Serve":         "messages are Go values",
		"Statements":    "no question to the database",
		"Through":       "no question to the database",
		"Observed":      "no question to the database",
	}
	word := regexp.MustCompile("[A-Z][a-z]*")
	operations := map[string]bool{}
	for _, spec := range dynamic.Operations() {
		operations[spec.Name] = true
	}
	node := reflect.TypeFor[*nodes.Node[nodetest.Note, int64]]()
	for i := range node.NumMethod() {
		method := node.Method(i).Name
		if _, ok := elsewhere[method]; ok {
			continue
		}
		name := strings.ToLower(strings.Join(word.FindAllString(method, -1), "_"))
		require.True(t, operations[name], "Node.%s has no operation %q", method, name)
		delete(operations, name)
	}
	require.Empty(t, operations, "operations that are no method")
}

// WithDeleted of a node has its input on every operation that reads, and nowhere else.
func TestEveryReadSeesDeleted(t *testing.T) {
	for _, spec := range dynamic.Operations() {
		reads := slices.Contains([]string{"get", "first", "list", "page", "count", "exists", "aggregate"}, spec.Name)
		has := slices.ContainsFunc(spec.Inputs, func(f dynamic.FieldSpec) bool { return f.Name == "with_deleted" })
		require.Equal(t, reads, has, spec.Name)
	}
}
