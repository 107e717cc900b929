package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	startTimeout = 30 * time.Second
	portTries    = 10
	superuser    = "postgres"
)

// watch runs the server, waits for a word on the pipe that is its input, and ends the server by the signal of that
// name. Without a word, which is what the end of the test binary is, the server's files go too. Descriptor 3 stays open
// in the server alone, so that its other end tells when the server is gone.
const watch = `dir=$1; shift
"$@" </dev/null >>"$dir/log" 2>&1 &
server=$!
exec 3>&-
read -r signal || signal=
kill -s "${signal:-QUIT}" "$server" 2>/dev/null
wait "$server"
[ -n "$signal" ] || rm -rf "$dir"
`

// instance is one server: a folder, and a process while it runs. It is not safe for concurrent use.
type instance struct {
	bin, dir string
	port     int
	process  *exec.Cmd
	word     *os.File // the watcher's input
	alive    *os.File // readable, at its end, when the server is gone
}

// newInstance makes the files of a server and starts it.
func newInstance(bin string) (*instance, error) {
	dir, err := makeFolder()
	if err != nil {
		return nil, err
	}
	s := &instance{bin: bin, dir: dir}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", s.data(), "-U", superuser, "-A", "trust",
		"-E", "UTF8", "--no-locale", "--no-sync")
	initdb.Dir, initdb.Env, initdb.SysProcAttr = dir, environment(), attributes()
	if output, err := initdb.CombinedOutput(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("initdb: %w\n%s", err, output)
	}
	if err := s.demandPasswords(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	for range portTries {
		if s.port, err = freePort(); err == nil {
			err = s.start()
		}
		// Another test binary may have taken the port in between.
		if err == nil || !strings.Contains(s.logTail(), "could not create any TCP/IP sockets") {
			break
		}
		_ = os.Remove(s.log())
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

func (s *instance) data() string { return filepath.Join(s.dir, "data") }
func (s *instance) log() string  { return filepath.Join(s.dir, "log") }

// demandPasswords makes the server ask roles whose name begins with "password_" for one, and trust all others.
func (s *instance) demandPasswords() error {
	path := filepath.Join(s.data(), "pg_hba.conf")
	rules, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	rule := "host all +" + passwordGroup + " 127.0.0.1/32 scram-sha-256\n"
	return os.WriteFile(path, append([]byte(rule), rules...), 0o600)
}

// start runs the server on its port and returns when it takes connections.
func (s *instance) start() error {
	input, word, err := os.Pipe()
	if err != nil {
		return err
	}
	alive, held, err := os.Pipe()
	if err != nil {
		return errors.Join(err, input.Close(), word.Close())
	}
	arguments := []string{
		"-c", watch, "watch", s.dir, filepath.Join(s.bin, "postgres"),
		"-D", s.data(), "-p", fmt.Sprint(s.port), "-k", s.dir,
	}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	process := exec.Command("/bin/sh", arguments...)
	process.Dir, process.Env, process.SysProcAttr = s.dir, environment(), attributes()
	process.Stdin, process.ExtraFiles = input, []*os.File{held}
	err = process.Start()
	_, _ = input.Close(), held.Close()
	if err != nil {
		return errors.Join(err, word.Close(), alive.Close())
	}
	s.process, s.word, s.alive = process, word, alive
	if err := s.awaitReady(); err != nil {
		err = fmt.Errorf("postgres did not start: %w\n%s", err, s.logTail())
		s.stop("QUIT")
		return err
	}
	return nil
}

// settings trade safety after a power cut for speed. The time zone is an odd one on purpose: nothing may depend on it.
var settings = []string{
	"listen_addresses=127.0.0.1", "max_connections=300", "shared_buffers=64MB",
	"fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off",
	"wal_level=minimal", "max_wal_senders=0", "timezone=<+0545>-05:45", "log_min_messages=warning",
	"logging_collector=off", "log_destination=stderr", "lc_messages=C",
}

// awaitReady asks on the socket in the server's own folder, so that no other server can answer.
func (s *instance) awaitReady() error {
	deadline := time.Now().Add(startTimeout)
	target := fmt.Sprintf("host=%s port=%d user=%s dbname=postgres sslmode=disable", s.dir, s.port, superuser)
	for {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		conn, err := pgconn.Connect(ctx, target)
		cancel()
		if err == nil {
			return conn.Close(context.Background())
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %s: %w", startTimeout, err)
		}
		_ = s.alive.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := s.alive.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
			return errors.New("it ended at once")
		}
	}
}

// stop ends the server by a signal, INT to disconnect everyone and shut down in order, QUIT to drop everything, and
// keeps its files. It does nothing if the server does not run.
func (s *instance) stop(signal string) {
	if s.process == nil {
		return
	}
	_, _ = s.word.WriteString(signal + "\n")
	s.reap()
}

// remove ends the server and removes its files.
func (s *instance) remove() {
	if s.process != nil {
		s.reap()
	}
	_ = os.RemoveAll(s.dir)
}

func (s *instance) reap() {
	_ = s.word.Close()
	_ = s.process.Wait() // by a signal: never a success worth reading
	_ = s.alive.Close()
	s.process = nil
}

func (s *instance) url(database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", superuser, s.port, database)
}

// logTail gives the last lines of the server's log.
func (s *instance) logTail() string {
	text, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
