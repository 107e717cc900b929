package load

import (
	"context"
	"fmt"
	"net/url"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/daemon"
	"github.com/schemactor/schemactor/internal/database"
	"github.com/schemactor/schemactor/internal/mysqlserver"
	"github.com/schemactor/schemactor/internal/postgresserver"
)

// server is a database server of the run's own.
type server interface {
	// Stop shuts it down in order, Crash ends it at once, and Start runs it again, with what it held.
	Stop()
	Crash()
	Start() error
	// Remove ends it, and removes its files.
	Remove()
}

// ownServer reports whether a Config.Database asks for a server of the run's own, and of which kind.
func ownServer(text string) (database.Kind, bool) {
	switch text {
	case OwnPostgres:
		return database.PostgreSQL, true
	case OwnMariaDB:
		return database.MariaDB, true
	}
	return "", false
}

// Shown is a Config.Database without what may be secret.
func Shown(text string) string {
	if _, own := ownServer(text); own {
		return text
	}
	address, err := database.Parse(text)
	switch {
	case text == "":
		return "a temporary SQLite file"
	case err != nil || !address.Kind.Served():
		return "a SQLite file"
	}
	return "a " + string(address.Kind) + " server"
}

// workerAccount is who the workers are on a MariaDB of the run's own, so that their sessions can be told from others.
const workerAccount = "worker"

// serve starts a server of the run's own, set to lose nothing, as those that people use.
func (s *site) serve(ctx context.Context) error {
	if s.address.Kind == database.PostgreSQL {
		made, err := postgresserver.New(daemon.OnDisk, "fsync=on", "synchronous_commit=on", "full_page_writes=on", "autovacuum=on")
		if err != nil {
			return err
		}
		s.server, s.address.Text = made, made.URL("postgres")
		return nil
	}
	made, err := mysqlserver.New(daemon.OnDisk, "--innodb-flush-log-at-trx-commit=1", "--innodb-flush-method=fsync", "--innodb-doublewrite=1",
		"--sync-frm=1")
	if err != nil {
		return err
	}
	s.server, s.address.Text = made, made.URL("loadtest")
	return mysqlserver.Execute(ctx, made.URL(""), "CREATE DATABASE loadtest", "CREATE USER "+workerAccount+"@'127.0.0.1'",
		"GRANT ALL ON loadtest.* TO "+workerAccount+"@'127.0.0.1'")
}

// workersAddress is the address for workers, whose sessions have the run's name where a server has such a thing, or their own account.
func (s *site) workersAddress() database.Address {
	u, err := url.Parse(s.address.Text)
	if err != nil || !s.address.Kind.Served() {
		return s.address // it was opened, and so has been read in another way
	}
	switch {
	case s.namespace != "":
		query := u.Query()
		query.Set("application_name", s.namespace)
		u.RawQuery = query.Encode()
	case s.server != nil:
		u.User = url.User(workerAccount)
	}
	return database.Address{Kind: s.address.Kind, Text: u.String()}
}

// endSessions ends all sessions of the workers, and gives how many there were.
func (s *site) endSessions(ctx context.Context) (ended int64, err error) {
	if s.address.Kind == database.PostgreSQL {
		_, err = dialect.QueryRow(ctx, s.Reader(), "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"+
			" WHERE application_name = '"+s.namespace+"'", nil, &ended)
		return ended, err
	}
	_, err = dialect.QueryRow(ctx, s.Reader(), "SELECT count(*) FROM information_schema.processlist WHERE user = '"+workerAccount+"'", nil,
		&ended)
	if err == nil {
		_, err = s.Writer().Exec(ctx, fmt.Sprintf("KILL CONNECTION USER '%s'@'127.0.0.1'", workerAccount))
	}
	return ended, err
}
