package mysqlserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/internal/daemon"
)

const superuser = "root"

// Server is one server: a folder, and a process while it runs. It is not safe for concurrent use.
type Server struct {
	program, dir string
	port         int
	settings     []string
	process      *daemon.Process // nil while it does not run
}

// settings trade safety after a power cut for speed. The time zone, the collation and the mode are odd ones on purpose:
// nothing may depend on them.
func settings() []string {
	return []string{
		"--bind-address=127.0.0.1", "--skip-name-resolve", "--max-connections=300", "--innodb-buffer-pool-size=64M",
		"--innodb-log-file-size=32M", "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync",
		"--innodb-doublewrite=0", "--sync-frm=0", "--skip-log-bin", "--performance-schema=off", "--default-time-zone=+05:45",
		"--character-set-server=latin1", "--sql-mode=", "--plugin-load-add=",
	}
}

// New makes the files of a server and starts it; the caller must call Remove. Settings, as "--max-connections=50", go behind those
// that trade safety after a power cut for speed. A machine without the binaries is ErrNoBinaries.
func New(storage daemon.Storage, more ...string) (*Server, error) {
	program, install, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := daemon.Folder(storage)
	if err != nil {
		return nil, err
	}
	s := &Server{program: program, dir: dir, settings: more}
	// A server that starts removes temporary tables from its folder for them, also those of others.
	output, err := daemon.Output(dir, install, "--no-defaults", "--datadir="+s.data(), "--tmpdir="+dir, "--skip-test-db",
		"--auth-root-authentication-method=normal", "--innodb-flush-method=nosync", "--innodb-log-file-size=32M", "--sync-frm=0")
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("mariadb-install-db: %w\n%s", err, output)
	}
	for range daemon.PortTries {
		if s.port, err = daemon.FreePort(); err == nil {
			err = s.Start()
		}
		// Another test binary may have taken the port in between.
		if err == nil || !strings.Contains(daemon.LogTail(s.dir), "Bind on TCP/IP port") {
			break
		}
		_ = os.Remove(filepath.Join(s.dir, "log"))
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

func (s *Server) data() string   { return filepath.Join(s.dir, "data") }
func (s *Server) socket() string { return filepath.Join(s.dir, "socket") }

// Start runs the server on its port and returns when it takes connections.
func (s *Server) Start() error {
	arguments := []string{
		s.program, "--no-defaults", "--datadir=" + s.data(), "--socket=" + s.socket(), fmt.Sprintf("--port=%d", s.port),
		"--pid-file=" + filepath.Join(s.dir, "pid"), "--tmpdir=" + s.dir,
	}
	process, err := daemon.RunIn(s.dir, "KILL", slices.Concat(arguments, settings(), s.settings)...)
	if err != nil {
		return err
	}
	s.process = process
	if err := s.awaitReady(); err != nil {
		err = fmt.Errorf("mariadbd did not start: %w\n%s", err, daemon.LogTail(s.dir))
		s.Crash()
		return err
	}
	return nil
}

// awaitReady asks on the socket in the server's own folder, so that no other server can answer.
func (s *Server) awaitReady() error {
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr, config.Logger = superuser, "unix", s.socket(), &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	deadline := time.Now().Add(daemon.StartTimeout)
	for {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		err := db.PingContext(ctx)
		cancel()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %s: %w", daemon.StartTimeout, err)
		}
		if s.process.GoneWithin(10 * time.Millisecond) {
			return errors.New("it ended at once")
		}
	}
}

// Stop shuts the server down in order. Its files stay. It does nothing if the server does not run.
func (s *Server) Stop() { s.end("TERM") }

// Crash ends the server at once, without order: it recovers from its log at the next Start.
func (s *Server) Crash() { s.end("KILL") }

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

// URL leads to a database of the server, with an account that may do everything; an empty name is the server alone. It stays the
// same over Stop and Start.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("mysql://%s@127.0.0.1:%d/%s", superuser, s.port, database)
}
