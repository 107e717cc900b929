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
	"syscall"
)

const (
	maxLine  = 64 << 20 // of what parent and worker say, in bytes
	errorEnd = 4 << 10  // of a worker's standard error that is kept, in bytes
)

// Process is a worker as its parent sees it. Say, Kill, Freeze, Thaw and PID may be called by any goroutine, Hear and End
// by one at a time.
type Process struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	errors  tail

	mu     sync.Mutex // of Say
	wait   sync.Once
	waited error
}

// Start starts a worker of this program's binary in a role, with a task that becomes JSON. The worker is killed when ctx
// ends. The caller must call End or Kill.
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
	p.command.Stderr = &p.errors
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	return p, p.command.Start()
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

// End closes the worker's input and waits for its end. What it has not been heard saying is read and dropped. An exit
// code other than 0 is an error.
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
func (p *Process) Freeze() error { return p.command.Process.Signal(syscall.SIGSTOP) }

// Thaw undoes Freeze.
func (p *Process) Thaw() error { return p.command.Process.Signal(syscall.SIGCONT) }

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

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write takes all of it.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if over := len(t.text) - errorEnd; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
