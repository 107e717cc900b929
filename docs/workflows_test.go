package docs_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/nodes/dynamic"
	"github.com/schemactor/schemactor/nodes/workflow"
)

func checkout(c *coordinator.Coordinator) (*workflow.Workflow, error) {
	return workflow.New("checkout", workflow.InTransaction()).
		Step("user", workflow.Op("User", "create", workflow.Input{"row": map[string]any{"name": "Ada"}})).
		Func("basket", func(ctx context.Context, in workflow.Input) (map[string]any, error) {
			return map[string]any{"total": "12.50", "lines": []any{map[string]any{"Article": "tea", "Pieces": 2}}}, nil
		}).
		Step("order", workflow.Op("Order", "create", workflow.Input{"row": map[string]any{"placed_at": "2026-05-04T10:00:00Z"}})).
		Step("orders", workflow.Op("orders", "list")).
		Connect("input.id", "user.row.id").
		Connect("input.email", "user.row.email").
		Connect("user.key", "order.row.user_id").
		Connect("basket.total", "order.row.total").
		Connect("basket.lines", "order.row.lines").
		Connect("user.key", "orders.where.user_id").
		After("orders", "order").
		Build(c)
}

func TestWorkflowsPage(t *testing.T) {
	ctx := t.Context()
	c, err := coordinator.New(open(t), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.WithoutCancel(ctx))) }()
	users, err := coordinator.Register[User, uuid.UUID](c)
	require.NoError(t, err)
	orders, err := coordinator.Register[Order, int64](c)
	require.NoError(t, err)
	require.NoError(t, c.Expose(dynamic.New(users), dynamic.New(orders)))
	w, err := checkout(c)
	require.NoError(t, err)
	for range 2 {
		ada := workflow.Input{"id": uuid.NewString(), "email": uuid.NewString()}
		result, err := w.Run(ctx, ada)
		require.NoError(t, err)
		require.Equal(t, int64(1), result.Outputs["orders"]["count"])
	}

	document := jsonBlock(t, "workflows.md")
	b, err := workflow.Parse([]byte(document))
	require.NoError(t, err)
	built, err := b.Build(c)
	require.NoError(t, err)
	result, err := built.Run(ctx, workflow.Input{"id": uuid.NewString()})
	require.NoError(t, err)
	require.Equal(t, int64(3), result.Outputs["all"]["count"])
}

// jsonBlock is the first JSON document of a page.
func jsonBlock(t *testing.T, page string) string {
	_, rest, found := strings.Cut(read(t, page), "```json\n")
	require.True(t, found)
	document, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	return document
}

// TestEveryOperationIsOnThePage holds the page's table against the list that the operations are made of.
func TestEveryOperationIsOnThePage(t *testing.T) {
	fields := func(list []dynamic.FieldSpec) string {
		var names []string
		for _, f := range list {
			name := "`" + f.Name + "`"
			if f.Required {
				name = "**" + name + "**"
			}
			names = append(names, name)
		}
		return strings.Join(names, " ")
	}
	var want strings.Builder
	seen := map[string]bool{}
	var all []string
	list := func(direction string, fields []dynamic.FieldSpec) {
		for _, f := range fields {
			line := fmt.Sprintf("| `%s` | %s | %s | %s |\n", f.Name, direction, f.Kind, f.Meaning)
			if !seen[line] {
				seen[line] = true
				all = append(all, line)
			}
		}
	}
	for _, o := range dynamic.Operations() {
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", o.Name, o.Meaning, fields(o.Inputs), fields(o.Outputs))
		list("in", o.Inputs)
		list("out", o.Outputs)
	}
	page := read(t, "workflows.md")
	if !strings.Contains(page, want.String()) {
		t.Errorf("the operations are to be written so:\n%s", want.String())
	}
	slices.Sort(all)
	if text := strings.Join(all, ""); !strings.Contains(page, text) {
		t.Errorf("inputs and outputs are to be written so:\n%s", text)
	}
}
