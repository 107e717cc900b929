package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/nodes/workflow"
)

// exampleDocument is a workflow on the third version of the shop, which may be run again and again.
const exampleDocument = `{
  "name": "sale",
  "transaction": true,
  "steps": [
    {"name": "customer", "model": "customers", "operation": "upsert",
     "input": {"row": {"full_name": "Ada Marsh", "email": "ada@shop.example"}, "on_conflict": ["email"]}},
    {"name": "address", "model": "addresses", "operation": "create",
     "input": {"row": {"street": "1 Mill Lane", "city": "Oldtown"}}},
    {"name": "product", "model": "products", "operation": "create",
     "input": {"row": {"title": "Teapot", "sku": "teapot-1", "price_cents": 1900}}},
    {"name": "order", "model": "orders", "operation": "create", "input": {"row": {"number": "A-1"}}},
    {"name": "line", "model": "order_lines", "operation": "create", "input": {"row": {"quantity": 2}}},
    {"name": "payment", "model": "payments", "operation": "create",
     "input": {"row": {"amount_cents": 3800, "method": "card"}}},
    {"name": "orders", "model": "orders", "operation": "count", "after": ["payment", "line"]}
  ],
  "connections": [
    {"from": "customer.key", "to": "address.row.customer_id"},
    {"from": "customer.key", "to": "order.row.customer_id"},
    {"from": "address.key", "to": "order.row.address_id"},
    {"from": "order.key", "to": "line.row.order_id"},
    {"from": "product.key", "to": "line.row.product_id"},
    {"from": "order.row.id", "to": "payment.row.order_id"},
    {"from": "customer.key", "to": "orders.where.customer_id"}
  ]
}
`

const (
	// largestDocument is more than a workflow may be, so that a large file is refused and not read.
	largestDocument = 1<<20 + 1
	// widestOutput is how much of one step's outputs is printed, in characters.
	widestOutput = 100
)

// runOptions are the flags of run alone.
type runOptions struct {
	example bool
	input   string
}

// runCommand carries out a workflow on the shop.
func runCommand(out io.Writer, database *string) *cobra.Command {
	var opts shopOptions
	var own runOptions
	cmd := shopCommand(out, database, &opts, "run [workflow.json]", "Carries out a workflow on the shop",
		"Reads a workflow from a JSON document: steps, each an operation on a table of the shop, and connections from\n"+
			"what one gives to what another takes; docs/workflows.md lists the operations with their inputs and outputs. All\n"+
			"of it is checked before anything runs. Tables that are not there yet are made. The exit code is 1, and the step\n"+
			"named, if the document has faults or a step fails.",
		func(ctx context.Context, s *screen, opts shopOptions, args []string) error {
			return runWorkflow(ctx, s, opts, own, args)
		})
	cmd.Example = "  demo run --example > sale.json\n  demo run sale.json"
	cmd.Flags().BoolVar(&own.example, "example", false, "print a workflow to begin with")
	cmd.Flags().StringVar(&own.input, "input", "", "the workflow's inputs, a JSON object")
	cmd.Flags().BoolVar(&opts.json, "json", false, "print what the steps gave as JSON")
	cmd.Flags().IntVar(&opts.to, "to", 0, "version of the shop, 1 to 3 (default the one that the ledger knows)")
	return cmd
}

func runWorkflow(ctx context.Context, s *screen, opts shopOptions, own runOptions, args []string) error {
	switch {
	case own.example && len(args) == 0:
		s.say("%s", strings.TrimRight(exampleDocument, "\n"))
		return nil
	case len(args) != 1 || own.example:
		return fmt.Errorf("%w: run wants the file of a workflow, or --example alone", errUsage)
	}
	document, err := readDocument(args[0])
	if err != nil {
		return err
	}
	builder, err := workflow.Parse(document)
	if err != nil {
		return err
	}
	var input workflow.Input
	if own.input != "" {
		if input, err = workflow.ParseInput([]byte(own.input)); err != nil {
			return fmt.Errorf("%w: --input: %w", errUsage, err)
		}
	}
	return runBuilder(ctx, s, opts, builder, input)
}

// readDocument reads a file, but not all of one that is too large.
func readDocument(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, largestDocument))
}

// runBuilder checks a workflow against the shop and runs it.
func runBuilder(ctx context.Context, s *screen, opts shopOptions, b *workflow.Builder, in workflow.Input) (err error) {
	db, err := openVersion(ctx, &opts)
	if err != nil {
		return err
	}
	defer func() { err = joinClose(err, db.close()) }()
	c, err := db.start(opts.to, coordinator.Config{})
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	w, err := b.Build(c)
	if err != nil {
		return err
	}
	result, err := w.Run(ctx, in)
	if opts.json {
		return errors.Join(err, s.resultJSON(result))
	}
	s.say("Workflow %s on version %d of the shop on %s, run %s", w.Name(), opts.to, db.label, result.RunID)
	s.result(w, result, err)
	return err
}

// result prints what became of each step, if any was begun.
func (s *screen) result(w *workflow.Workflow, result *workflow.Result, err error) {
	var failed *workflow.Error
	if !errors.As(err, &failed) {
		failed = &workflow.Error{}
	} else if failed.Step == "" && len(result.Completed) == 0 {
		return
	}
	width := 0
	for _, step := range w.Steps() {
		width = max(width, utf8.RuneCountInString(step))
	}
	s.say("")
	for _, step := range w.Steps() {
		word, text := "-     ", "not begun, or stopped"
		if outputs, done := result.Outputs[step]; done {
			word, text = "ok    ", summary(outputs)
		} else if step == failed.Step {
			word, text = s.paint(faultColor, "FAILED"), ""
		}
		name := step + strings.Repeat(" ", width-utf8.RuneCountInString(step))
		s.say("%s", strings.TrimRight(fmt.Sprintf("  %s  %s  %s", word, name, text), " "))
	}
	s.say("")
	text := fmt.Sprintf("%d of %s completed", len(result.Completed), plural(int64(len(w.Steps())), "step"))
	if result.Undone {
		text += ", and undone with the transaction"
	}
	s.say("%s", text)
}

// summary is what a step gave, in one line.
func summary(outputs map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		text, err := json.Marshal(outputs[name])
		if err != nil {
			text = []byte("?")
		}
		parts = append(parts, name+" "+string(text))
	}
	line := []rune(strings.Join(parts, ", "))
	if len(line) > widestOutput {
		line = append(line[:widestOutput], '…')
	}
	return string(line)
}

// resultJSON prints a result for programs.
func (s *screen) resultJSON(result *workflow.Result) error {
	text, err := json.MarshalIndent(struct {
		Run       string                    `json:"run"`
		Completed []string                  `json:"completed"`
		Undone    bool                      `json:"undone"`
		Outputs   map[string]map[string]any `json:"outputs"`
	}{result.RunID, append([]string{}, result.Completed...), result.Undone, result.Outputs}, "", "  ")
	if err != nil {
		return err
	}
	s.say("%s", text)
	return nil
}
