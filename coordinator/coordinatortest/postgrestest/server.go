package postgrestest

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// lockClass is the first half of the advisory locks that runs hold; the second is the run's number.
const lockClass = 0x5c4e7e57

// server is a connection that creates and drops databases, and holds a lock by which others see that this run lives. A database
// is named schemactor_test_<admin's database>_<run>_<number>: locks are known within one database only. It is safe for
// concurrent use.
type server struct {
	admin  *url.URL
	prefix string // of all names, up to the run

	copying string // what CREATE DATABASE is to be told of how to copy

	mu    sync.Mutex // a connection is for one at a time
	conn  *pgx.Conn
	run   uint32
	count int
}

// connect begins a run, and drops what dead ones have left.
func connect(ctx context.Context, admin string) (*server, error) {
	target, err := url.Parse(admin)
	if err != nil || target.Scheme == "" {
		return nil, fmt.Errorf("the server's URL is none: it must be as postgres://role@host/database")
	}
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return nil, err
	}
	var random [4]byte
	_, _ = rand.Read(random[:])
	s := &server{admin: target, conn: conn, run: binary.BigEndian.Uint32(random[:])}
	var database uint32
	var files bool
	// To copy files is half the work of copying pages, but takes two checkpoints, which are dear where the disk is waited for.
	err = conn.QueryRow(ctx, "SELECT oid, current_setting('fsync') = 'off' AND current_setting('server_version_num')::int >= 150000"+
		" FROM pg_database WHERE datname = current_database()").Scan(&database, &files)
	s.prefix = fmt.Sprintf("schemactor_test_%d_", database)
	if files {
		s.copying = " STRATEGY FILE_COPY"
	}
	if err == nil {
		err = s.dropLeftovers(ctx)
	}
	if err == nil {
		_, err = conn.Exec(ctx, "SELECT pg_advisory_lock($1, $2)", lockClass, int32(s.run))
	}
	if err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return s, nil
}

func (s *server) template() string { return fmt.Sprintf("%s%08x_template", s.prefix, s.run) }

// url leads to a database of the server.
func (s *server) url(database string) string {
	target := *s.admin
	target.Path = "/" + database
	return target.String()
}

// clone makes a copy of the template and gives its name.
func (s *server) clone(ctx context.Context) (name string, err error) {
	s.mu.Lock()
	s.count++
	name = fmt.Sprintf("%s%08x_%d", s.prefix, s.run, s.count)
	s.mu.Unlock()
	return name, s.create(ctx, name, s.template())
}

func (s *server) create(ctx context.Context, name, template string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A context that ends amid a statement takes the connection along, which is for all tests.
	_, err := s.conn.Exec(context.WithoutCancel(ctx), "CREATE DATABASE "+name+" TEMPLATE "+template+s.copying)
	return err
}

// drop drops a database, whoever is still connected to it.
func (s *server) drop(ctx context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	return err
}

// dropLeftovers drops the databases of runs whose lock nobody holds. The session of a killed process, and its lock, end as
// soon as the server notices; what still seems to live is left to the next run.
func (s *server) dropLeftovers(ctx context.Context) error {
	rows, err := s.conn.Query(ctx, "SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1", s.prefix)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		run, ok := runOf(strings.TrimPrefix(name, s.prefix))
		if !ok {
			continue
		}
		var dead bool
		if err := s.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1, $2)", lockClass, int32(run)).Scan(&dead); err != nil {
			return err
		}
		if !dead {
			continue
		}
		if err := s.drop(ctx, name); err != nil {
			return err
		}
		if _, err := s.conn.Exec(ctx, "SELECT pg_advisory_unlock($1, $2)", lockClass, int32(run)); err != nil {
			return err
		}
	}
	return nil
}

// runOf reads the run's number in a name behind the prefix.
func runOf(rest string) (run uint32, ok bool) {
	number, _, ok := strings.Cut(rest, "_")
	if !ok || len(number) != 8 {
		return 0, false
	}
	n, err := strconv.ParseUint(number, 16, 32)
	return uint32(n), err == nil
}
