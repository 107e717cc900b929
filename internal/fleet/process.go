package fleet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

const (
	maxLine = 64 << 20 // of what parent and worker say, in bytes

	// So much of a worker's standard error is kept, in bytes. What a panic says comes first, before many goroutines.
	errorBegin = 2 << 10
	errorEnd   = 4 << 10
)

// Process is a worker as its parent sees it. Say, Kill, Freeze, Thaw and PID may be called by any goroutine, Hear and End
// by one at a time.
type Process struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	errors  ends

	mu     sync.Mutex // of Say
	wait   sync.Once
	waited error
}

// Start starts a worker of this program's binary in a role, with a task that becomes JSON of at most 100 kB. The worker is
// killed when ctx ends. An interrupt at the terminal reaches the parent alone. The caller must call End or Kill.
func Start(ctx context.Context, role string, task any, environment ...string) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(task)
	if err != nil {
		return nil, err
	}
	p := &Process{command: exec.CommandContext(ctx, self)}
	p.command.Env = append(append(os.Environ(), roleVariable+"="+role, taskVariable+"="+string(text)), environment...)
	p.command.SysProcAttr = apart()
	p.command.Stderr = &p.errors
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	return p, nil
}

// PID is the worker's process number.
func (p *Process) PID() int { return p.command.Process.Pid }

// Say sends a value to the worker.
func (p *Process) Say(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err = p.in.Write(append(text, '\n'))
	return err
}

// Hear waits for the worker's next value. A worker that has ended is an error that matches io.EOF and tells what it has
// written to standard error last.
func (p *Process) Hear(into any) error {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		if errors.Is(err, os.ErrClosed) { // by Kill, meanwhile
			err = io.EOF
		}
		return errors.Join(fmt.Errorf("worker %d says nothing more: %w", p.PID(), err), p.reap())
	}
	return json.Unmarshal(line, into)
}

// Ask is Say and then Hear.
func (p *Process) Ask(value, into any) error {
	if err := p.Say(value); err != nil {
		return err
	}
	return p.Hear(into)
}

// End closes the worker's input and waits for its end, which does not come while it is frozen. What it has not been heard
// saying is read and dropped. An exit code other than 0 is an error.
func (p *Process) End() error {
	_ = p.in.Close() // a worker that has ended already is found below
	_, _ = io.Copy(io.Discard, p.out)
	return p.reap()
}

// Kill ends the worker as kill -9 does, and waits until it is gone. What it had said can no longer be heard.
func (p *Process) Kill() error {
	err := p.command.Process.Kill()
	_ = p.reap() // that it was killed is no news
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Freeze stops the worker where it is, as kill -STOP does; Thaw lets it go on.
func (p *Process) Freeze() error { return freeze(p.command.Process) }

// Thaw undoes Freeze.
func (p *Process) Thaw() error { return thaw(p.command.Process) }

// reap waits for the end, once, and gives the same each time.
func (p *Process) reap() error {
	p.wait.Do(func() {
		if err := p.command.Wait(); err != nil {
			p.waited = fmt.Errorf("worker %d: %w: %s", p.PID(), err, strings.TrimSpace(p.errors.String()))
		}
		_ = p.in.Close()
	})
	return p.waited
}

// ends keeps the beginning and the end of what is written to it.
type ends struct {
	mu         sync.Mutex
	begin, end []byte
	dropped    bool
}

// Write takes all of it.
func (e *ends) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	room := min(errorBegin-len(e.begin), len(b))
	e.begin, e.end = append(e.begin, b[:room]...), append(e.end, b[room:]...)
	if over := len(e.end) - errorEnd; over > 0 {
		e.end, e.dropped = append(e.end[:0], e.end[over:]...), true
	}
	return len(b), nil
}

func (e *ends) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dropped {
		return string(e.begin) + "\n…\n" + string(e.end)
	}
	return string(e.begin) + string(e.end)
}
