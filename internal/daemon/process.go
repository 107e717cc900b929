package daemon

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// watch runs a program, waits for a word on the pipe that is its input, and ends the program by the signal of that name.
// Without a word, which is what the end of this program is, the program's folder goes too. Descriptor 3 stays open in
// the program alone, so that its other end tells when it is gone.
const watch = `dir=$1; usual=$2; shift 2
"$@" </dev/null >>"$dir/log" 2>&1 &
program=$!
exec 3>&-
read -r signal || signal=
kill -s "${signal:-$usual}" "$program" 2>/dev/null
wait "$program"
[ -n "$signal" ] || rm -rf "$dir"
`

const (
	// StartTimeout is how long a program that serves may take until it answers.
	StartTimeout = 30 * time.Second
	// PortTries is how many ports are tried: others may take a free one before it is used.
	PortTries = 10
)

// Process is a program that ends with this one, however that ends. It writes to the file "log" in its folder. It is not safe
// for concurrent use.
type Process struct {
	shell *exec.Cmd
	word  *os.File // the watcher's input
	alive *os.File // readable, at its end, when the program is gone
}

// RunIn starts a program in a folder, as the account of servers. The signal usual ends it where none is asked for; it must
// be one that the program handles, for the shell has it ignore those that come from a terminal.
func RunIn(dir, usual string, program ...string) (*Process, error) {
	input, word, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	alive, held, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, input.Close(), word.Close())
	}
	shell := exec.Command("/bin/sh", append([]string{"-c", watch, "watch", dir, usual}, program...)...)
	shell.Dir, shell.Env, shell.SysProcAttr = dir, environment(), attributes()
	shell.Stdin, shell.ExtraFiles = input, []*os.File{held}
	err = shell.Start()
	_, _ = input.Close(), held.Close()
	if err != nil {
		return nil, errors.Join(err, word.Close(), alive.Close())
	}
	return &Process{shell: shell, word: word, alive: alive}, nil
}

// Output runs a program to its end in a folder, as the account of servers, and gives all that it said.
func Output(dir, program string, arguments ...string) ([]byte, error) {
	command := exec.Command(program, arguments...)
	command.Dir, command.Env, command.SysProcAttr = dir, environment(), attributes()
	return command.CombinedOutput()
}

// GoneWithin reports whether the program has ended, and waits a moment for it.
func (p *Process) GoneWithin(d time.Duration) bool {
	_ = p.alive.SetReadDeadline(time.Now().Add(d))
	_, err := p.alive.Read(make([]byte, 1))
	return errors.Is(err, io.EOF)
}

// Stop ends the program by a signal, and keeps its folder.
func (p *Process) Stop(signal string) {
	_, _ = p.word.WriteString(signal + "\n")
	p.Reap()
}

// Reap lets the program end, with its folder unless Stop was called, and waits for it.
func (p *Process) Reap() {
	_ = p.word.Close()
	_ = p.shell.Wait() // by a signal: never a success worth reading
	_ = p.alive.Close()
}

// LogTail gives the last lines of the log in a folder.
func LogTail(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// FreePort gives a port of this machine that nobody listened on a moment ago.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
