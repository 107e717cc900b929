package postgresserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/schemactor/schemactor/internal/daemon"
)

const superuser = "postgres"

// PasswordGroup is the role whose members are asked for a password.
const PasswordGroup = "schemactor_password"

// Server is one server: a folder, and a process while it runs. It is not safe for concurrent use.
type Server struct {
	bin, dir string
	port     int
	settings []string
	process  *daemon.Process // nil while it does not run
}

// New makes the files of a server and starts it; the caller must call Remove. Settings, as "max_connections=50", go before those
// that trade safety after a power cut for speed. A machine without the binaries is ErrNoBinaries.
func New(storage daemon.Storage, settings ...string) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := daemon.Folder(storage)
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, settings: settings}
	output, err := daemon.Output(dir, filepath.Join(bin, "initdb"), "-D", s.data(), "-U", superuser, "-A", "trust",
		"-E", "UTF8", "--no-locale", "--no-sync")
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("initdb: %w\n%s", err, output)
	}
	if err := s.demandPasswords(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	for range daemon.PortTries {
		if s.port, err = daemon.FreePort(); err == nil {
			err = s.Start()
		}
		// Another test binary may have taken the port in between.
		if err == nil || !strings.Contains(daemon.LogTail(s.dir), "could not create any TCP/IP sockets") {
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

func (s *Server) data() string { return filepath.Join(s.dir, "data") }
func (s *Server) log() string  { return filepath.Join(s.dir, "log") }

// demandPasswords makes the server ask roles whose name begins with "password_" for one, and trust all others.
func (s *Server) demandPasswords() error {
	path := filepath.Join(s.data(), "pg_hba.conf")
	rules, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	rule := "host all +" + PasswordGroup + " 127.0.0.1/32 scram-sha-256\n"
	return os.WriteFile(path, append([]byte(rule), rules...), 0o600)
}

// Start runs the server on its port and returns when it takes connections.
func (s *Server) Start() error {
	arguments := []string{filepath.Join(s.bin, "postgres"), "-D", s.data(), "-p", fmt.Sprint(s.port), "-k", s.dir}
	for _, setting := range slices.Concat(settings(), s.settings) {
		arguments = append(arguments, "-c", setting)
	}
	process, err := daemon.RunIn(s.dir, "QUIT", arguments...)
	if err != nil {
		return err
	}
	s.process = process
	if err := s.awaitReady(); err != nil {
		err = fmt.Errorf("postgres did not start: %w\n%s", err, daemon.LogTail(s.dir))
		s.Crash()
		return err
	}
	return nil
}

// settings trade safety after a power cut for speed. The time zone is an odd one on purpose: nothing may depend on it.
func settings() []string {
	return []string{
		"listen_addresses=127.0.0.1", "max_connections=300", "shared_buffers=64MB",
		"fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off",
		"wal_level=minimal", "max_wal_senders=0", "timezone=<+0545>-05:45", "log_min_messages=warning",
		"logging_collector=off", "log_destination=stderr", "lc_messages=C",
	}
}

// awaitReady asks on the socket in the server's own folder, so that no other server can answer.
func (s *Server) awaitReady() error {
	deadline := time.Now().Add(daemon.StartTimeout)
	target := fmt.Sprintf("host=%s port=%d user=%s dbname=postgres sslmode=disable", s.dir, s.port, superuser)
	for {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		conn, err := pgconn.Connect(ctx, target)
		cancel()
		if err == nil {
			return conn.Close(context.Background())
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %s: %w", daemon.StartTimeout, err)
		}
		if s.process.GoneWithin(10 * time.Millisecond) {
			return errors.New("it ended at once")
		}
	}
}

// Stop disconnects everyone and shuts the server down in order. Its files stay. It does nothing if the server does not run.
func (s *Server) Stop() { s.end("INT") }

// Crash ends the server at once, without order: it recovers from its log at the next Start.
func (s *Server) Crash() { s.end("QUIT") }

func (s *Server) end(signal string) {
	if s.process == nil {
		return
	}
	s.process.Stop(signal)
	s.process = nil
}

// Remove ends the server and removes its files.
func (s *Server) Remove() {
	if s.process != nil {
		s.process.Reap()
		s.process = nil
	}
	_ = os.RemoveAll(s.dir)
}

// URL leads to a database of the server, as superuser. It stays the same over Stop and Start.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", superuser, s.port, database)
}
