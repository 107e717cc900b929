package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asProgram has the test binary be the program, with the arguments that it is given.
const asProgram = "SCHEMACTOR_DEMO_TEST_PROGRAM"

// beProgram is main, and ends with the test binary that started it, however that ends.
func beProgram() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	main()
}

// program is demo as a process of its own.
type program struct {
	t       *testing.T
	command *exec.Cmd
	address string // http://…, of a serve
	errors  string // the file with what it wrote to standard error
	ended   chan struct{}
}

// launch starts demo with arguments. It is killed at the end of the test if it still runs.
func launch(t *testing.T, args ...string) (p *program, out io.Reader) {
	self, err := os.Executable()
	require.NoError(t, err)
	p = &program{t: t, command: exec.Command(self, args...), errors: filepath.Join(t.TempDir(), "errors"), ended: make(chan struct{})}
	p.command.Env = append(os.Environ(), asProgram+"=1")
	errors, err := os.Create(p.errors)
	require.NoError(t, err)
	defer errors.Close()
	p.command.Stderr = errors
	word, err := p.command.StdinPipe()
	require.NoError(t, err)
	said, saying, err := os.Pipe()
	require.NoError(t, err)
	p.command.Stdout = saying
	require.NoError(t, p.command.Start())
	require.NoError(t, saying.Close())
	go func() {
		_ = p.command.Wait() // the exit code is read from the state
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill() // it has ended, if the test was a success
		<-p.ended
		_, _ = word.Close(), said.Close()
	})
	return p, said
}

// serving starts demo serve on a port of its own, and returns when it listens.
func serving(t *testing.T, args ...string) *program {
	p, out := launch(t, append([]string{"serve", "--address", "127.0.0.1:0", "--log-level", "warn"}, args...)...)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, p.said())
	_, after, found := strings.Cut(line, "Serving at ")
	require.True(t, found, line)
	p.address, _, _ = strings.Cut(after, " ")
	return p
}

// said is what the program wrote to standard error, its end.
func (p *program) said() string {
	text, err := os.ReadFile(p.errors)
	require.NoError(p.t, err)
	return string(text[max(0, len(text)-4000):])
}

// running reports whether it does.
func (p *program) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// end sends signals, waits for the end and gives the exit code, or -1 for who was killed by a signal.
func (p *program) end(signals ...os.Signal) int {
	p.t.Helper()
	require.True(p.t, p.running(), "the program ended before its time: %s", p.said())
	for _, signal := range signals {
		require.NoError(p.t, p.command.Process.Signal(signal))
	}
	p.wait()
	return p.command.ProcessState.ExitCode()
}

func (p *program) wait() {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		p.t.Fatal("the program does not end: ", p.said())
	}
}

// until waits for a condition.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	require.Eventually(t, done, time.Minute, 10*time.Millisecond, what)
}

// answers reports whether a probe is answered by this code.
func (p *program) answers(path string, code int) bool {
	response, err := http.Get(p.address + path)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == code
}

// A request that takes its time keeps a service from ending until it is answered; a second signal does not wait.
func TestServeEndsInOrder(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(p *program, body io.WriteCloser) (code int)
		want int
	}{
		{"after the answer", func(p *program, body io.WriteCloser) int {
			require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
			until(t, "nobody to be let in", func() bool { return !p.answers("/livez", 200) })
			require.True(t, p.running())
			_, err := body.Write([]byte(`"name":"Ada"}`))
			require.NoError(t, err)
			require.NoError(t, body.Close())
			p.wait()
			return p.command.ProcessState.ExitCode()
		}, 0},
		{"at once", func(p *program, _ io.WriteCloser) int {
			require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
			until(t, "nobody to be let in", func() bool { return !p.answers("/livez", 200) })
			return p.end(syscall.SIGTERM)
		}, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := serving(t, "--database", filepath.Join(t.TempDir(), "service.db"))
			until(t, "the service to be ready", func() bool { return p.answers("/readyz", 200) })
			body, writing := io.Pipe()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.address+"/v1/customers", body)
			require.NoError(t, err)
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("Expect", "100-continue") // which the service says when it begins to read the body
			transport := &http.Transport{ExpectContinueTimeout: time.Minute}
			defer transport.CloseIdleConnections()
			codes := make(chan int, 1)
			go func() {
				response, err := transport.RoundTrip(request)
				if err != nil {
					codes <- 0
					return
				}
				_ = response.Body.Close()
				codes <- response.StatusCode
			}()
			// A pipe takes a piece when it is read: then the service is at work on the request.
			_, err = writing.Write([]byte(`{"email":"ada@example.org",`))
			require.NoError(t, err)
			code := test.end(p, writing)
			require.Equal(t, test.want, code, p.said())
			_ = writing.Close()
			require.Equal(t, test.want == 0, <-codes == http.StatusCreated)
		})
	}
}
