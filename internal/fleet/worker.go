package fleet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// These tell a process that it is a worker.
const (
	roleVariable = "SCHEMACTOR_FLEET_ROLE"
	taskVariable = "SCHEMACTOR_FLEET_TASK"
)

// Role is what a worker does. Its context ends when the parent closes the worker's input or dies. An error is printed to
// standard error and becomes the exit code 1.
type Role func(ctx context.Context, w *Worker) error

// Worker is a worker's end of the line to its parent. Say may be called by several goroutines at once, Hear by one.
type Worker struct {
	task  string
	heard chan []byte

	mu  sync.Mutex
	out *json.Encoder
}

// Main plays the role that the environment names, and reports whether this process is a worker at all.
func Main(roles map[string]Role) (code int, worker bool) {
	name, ok := os.LookupEnv(roleVariable)
	if !ok {
		return 0, false
	}
	role, ok := roles[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "no role %q\n", name)
		return 2, true
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := &Worker{task: os.Getenv(taskVariable), heard: make(chan []byte, 16), out: json.NewEncoder(os.Stdout)}
	go func() {
		defer cancel()
		w.listen(os.Stdin)
	}()
	if err := role(ctx, w); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return 1, true
	}
	return 0, true
}

func (w *Worker) listen(in io.Reader) {
	defer close(w.heard)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		w.heard <- append([]byte(nil), lines.Bytes()...)
	}
}

// Task reads what Start was given into a pointer.
func (w *Worker) Task(into any) error { return json.Unmarshal([]byte(w.task), into) }

// Say sends a value to the parent.
func (w *Worker) Say(value any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Encode(value)
}

// Hear waits for the parent's next value. It is io.EOF when there will be none.
func (w *Worker) Hear(into any) error {
	line, ok := <-w.heard
	if !ok {
		return io.EOF
	}
	return json.Unmarshal(line, into)
}

// Obey reads values of the parent until there are no more, and answers each with what do makes of it.
func Obey[Order, Answer any](w *Worker, do func(order Order) (Answer, error)) error {
	for {
		var order Order
		switch err := w.Hear(&order); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		answer, err := do(order)
		if err != nil {
			return err
		}
		if err := w.Say(answer); err != nil {
			return err
		}
	}
}
