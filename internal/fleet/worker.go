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
	task string

	mu  sync.Mutex // of Say
	out *json.Encoder

	lines sync.Mutex // of heard and ended
	more  chan struct{}
	heard [][]byte
	ended bool
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
	w := &Worker{task: os.Getenv(taskVariable), more: make(chan struct{}, 1), out: json.NewEncoder(os.Stdout)}
	for _, variable := range []string{roleVariable, taskVariable} {
		_ = os.Unsetenv(variable) // a worker's own children are none; it fails for no such name
	}
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

// listen reads to the end whether or not anyone hears: the end is the parent's.
func (w *Worker) listen(in io.Reader) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		w.note(append([]byte(nil), lines.Bytes()...))
	}
	w.note(nil)
}

// note keeps a line for Hear; nil is the end.
func (w *Worker) note(line []byte) {
	w.lines.Lock()
	defer w.lines.Unlock()
	if line == nil {
		w.ended = true
	} else {
		w.heard = append(w.heard, line)
	}
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// next takes the first line that was kept; without one, ended says whether there will be another.
func (w *Worker) next() (line []byte, ended bool) {
	w.lines.Lock()
	defer w.lines.Unlock()
	if len(w.heard) == 0 {
		return nil, w.ended
	}
	line, w.heard = w.heard[0], w.heard[1:]
	return line, false
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
	for {
		line, ended := w.next()
		if ended {
			return io.EOF
		}
		if line != nil {
			return json.Unmarshal(line, into)
		}
		<-w.more
	}
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
