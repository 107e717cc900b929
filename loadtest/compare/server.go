package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// server is the PostgreSQL or MariaDB that is compared on: the one that SCHEMACTOR_TEST_POSTGRES or SCHEMACTOR_TEST_MYSQL names, or
// one made for this run.
type server struct {
	url, version string
	stand        *standIn
}

func openServer(ctx context.Context, database peer.Database) (*server, error) {
	if database == peer.MySQL {
		return openMariaDB(ctx)
	}
	s := &server{stand: &standIn{}}
	if s.url = os.Getenv("SCHEMACTOR_TEST_POSTGRES"); s.url == "" {
		if err := s.stand.run(func() { s.url = postgrestest.NewServer(s.stand).URL() }); err != nil {
			return nil, err
		}
	}
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		s.close()
		return nil, errors.New("the PostgreSQL server cannot be reached")
	}
	s.version = conn.PgConn().ParameterStatus("server_version")
	return s, conn.Close(ctx)
}

// durable has a MariaDB of the tests keep its word when the power fails, as servers do unless they are told otherwise.
func durable() []string {
	return []string{
		"--innodb-flush-log-at-trx-commit=1", "--innodb-flush-method=O_DIRECT", "--innodb-doublewrite=1", "--innodb-buffer-pool-size=128M",
		"--innodb-log-file-size=96M",
	}
}

func openMariaDB(ctx context.Context) (*server, error) {
	s := &server{stand: &standIn{}}
	if s.url = os.Getenv("SCHEMACTOR_TEST_MYSQL"); s.url == "" {
		if err := s.stand.run(func() { s.url = mysqltest.NewServer(s.stand, durable()...).Open(s.stand) }); err != nil {
			return nil, err
		}
	}
	source, err := peer.MySQLSource(s.url)
	if err != nil {
		s.close()
		return nil, err
	}
	db, err := sql.Open("mysql", source)
	if err == nil {
		err = db.QueryRowContext(ctx, "SELECT version()").Scan(&s.version)
	}
	if err != nil {
		s.close()
		return nil, errors.New("the MariaDB server cannot be reached")
	}
	return s, db.Close()
}

func (s *server) close() { s.stand.end() }

// standIn is what postgrestest asks of a test, in a program that is none.
type standIn struct {
	testing.TB
	cleanups []func()
}

// stopped is the end of a test that cannot go on.
type stopped struct{ why string }

func (*standIn) Helper() {}

func (s *standIn) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }
func (s *standIn) Fatal(why ...any) { panic(stopped{fmt.Sprint(why...)}) }
func (s *standIn) Skip(why ...any)  { panic(stopped{fmt.Sprint(why...)}) }

// run gives as an error what would end a test.
func (s *standIn) run(fn func()) (err error) {
	defer func() {
		switch end := recover().(type) {
		case nil:
		case stopped:
			err = errors.New(end.why)
		default:
			panic(end)
		}
	}()
	fn()
	return nil
}

func (s *standIn) end() {
	for i := len(s.cleanups) - 1; i >= 0; i-- {
		s.cleanups[i]()
	}
	s.cleanups = nil
}
