package mysqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/internal/postgresserver"
)

// instance is one server: a folder, and a process while it runs. It is not safe for concurrent use.
type instance struct {
	program, dir string
	port         int
	settings     []string
	process      *postgresserver.Process // nil while it does not run
}

// settings trade safety after a power cut for speed. The time zone, the collation and the mode are odd ones on purpose:
// nothing may depend on them.
var settings = []string{
	"--bind-address=127.0.0.1", "--skip-name-resolve", "--max-connections=300", "--innodb-buffer-pool-size=64M",
	"--innodb-log-file-size=32M", "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync",
	"--innodb-doublewrite=0", "--sync-frm=0", "--skip-log-bin", "--performance-schema=off", "--default-time-zone=+05:45",
	"--character-set-server=latin1", "--sql-mode=", "--plugin-load-add=",
}

// newInstance makes the files of a server and starts it; the caller must remove it.
func newInstance(more ...string) (*instance, error) {
	program, install, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := postgresserver.Folder()
	if err != nil {
		return nil, err
	}
	s := &instance{program: program, dir: dir, settings: more}
	output, err := postgresserver.Output(dir, install, "--no-defaults", "--datadir="+s.data(), "--skip-test-db",
		"--auth-root-authentication-method=normal", "--innodb-flush-method=nosync", "--innodb-log-file-size=32M", "--sync-frm=0")
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("mariadb-install-db: %w\n%s", err, output)
	}
	for range postgresserver.PortTries {
		if s.port, err = postgresserver.FreePort(); err == nil {
			err = s.start()
		}
		// Another test binary may have taken the port in between.
		if err == nil || !strings.Contains(postgresserver.LogTail(s.dir), "Bind on TCP/IP port") {
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

func (s *instance) data() string   { return filepath.Join(s.dir, "data") }
func (s *instance) socket() string { return filepath.Join(s.dir, "socket") }

// start runs the server on its port and returns when it takes connections.
func (s *instance) start() error {
	arguments := append([]string{
		s.program, "--no-defaults", "--datadir=" + s.data(), "--socket=" + s.socket(), fmt.Sprintf("--port=%d", s.port),
		"--pid-file=" + filepath.Join(s.dir, "pid"), "--tmpdir=" + s.dir,
	}, settings...)
	process, err := postgresserver.RunIn(s.dir, "KILL", append(arguments, s.settings...)...)
	if err != nil {
		return err
	}
	s.process = process
	if err := s.awaitReady(); err != nil {
		err = fmt.Errorf("mariadbd did not start: %w\n%s", err, postgresserver.LogTail(s.dir))
		s.stop("KILL")
		return err
	}
	return nil
}

// awaitReady asks on the socket in the server's own folder, so that no other server can answer.
func (s *instance) awaitReady() error {
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr, config.Logger = superuser, "unix", s.socket(), &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	deadline := time.Now().Add(postgresserver.StartTimeout)
	for {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		err := db.PingContext(ctx)
		cancel()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %s: %w", postgresserver.StartTimeout, err)
		}
		if s.process.GoneWithin(10 * time.Millisecond) {
			return errors.New("it ended at once")
		}
	}
}

// stop ends the server by a signal, TERM to shut down in order, KILL to drop everything, and keeps its files. It does
// nothing if the server does not run.
func (s *instance) stop(signal string) {
	if s.process == nil {
		return
	}
	s.process.Stop(signal)
	s.process = nil
}

// remove ends the server and removes its files.
func (s *instance) remove() {
	if s.process != nil {
		s.process.Reap()
		s.process = nil
	}
	_ = os.RemoveAll(s.dir)
}

func (s *instance) url(database string) string {
	return fmt.Sprintf("mysql://%s@127.0.0.1:%d/%s", superuser, s.port, database)
}
