package mysqltest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/mysqlserver"
)

// prefix is what the names of all databases begin with; run and number follow.
const prefix = "schemactor_test_"

// server creates, copies and drops databases, and holds a lock by which others see that this run lives. It is safe for concurrent use.
type server struct {
	admin    *url.URL
	pool     *sql.DB
	living   *sql.Conn // holds the lock of the run, whose name is that of its databases without the number
	run      string
	template string // the database's name
	count    atomic.Int64
}

// table is one of the template's, in the server's own words.
type table struct{ name, text string }

// connect begins a run, and drops what dead ones have left.
func connect(ctx context.Context, admin string) (*server, error) {
	target, err := url.Parse(admin)
	if err != nil || target.Scheme == "" {
		return nil, errors.New("the server's URL is none: it must be as mysql://user@host:3306")
	}
	// Tables come in the order of their names, and may point to those that come later.
	pool, err := mysqlserver.Pool(admin, map[string]string{"sql_mode": "''", "foreign_key_checks": "0", "charset": "utf8mb4"})
	if err != nil {
		return nil, err
	}
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails, by its documentation
	s := &server{admin: target, pool: pool, run: prefix + hex.EncodeToString(random[:])}
	if err = s.dropLeftovers(ctx); err == nil {
		if s.living, err = pool.Conn(ctx); err == nil {
			_, err = s.living.ExecContext(ctx, "DO GET_LOCK(?, 0)", s.run)
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// close ends the run.
func (s *server) close() error {
	var err error
	if s.living != nil {
		err = s.living.Close()
	}
	return errors.Join(err, s.pool.Close())
}

// url leads to a database of the server.
func (s *server) url(database string) string {
	target := *s.admin
	target.Path = "/" + database
	return target.String()
}

// create makes an empty database and gives its name.
func (s *server) create(ctx context.Context) (name string, err error) {
	name = fmt.Sprintf("%s_%d", s.run, s.count.Add(1))
	_, err = s.pool.ExecContext(ctx, "CREATE DATABASE "+name)
	return name, err
}

func (s *server) drop(ctx context.Context, name string) error {
	_, err := s.pool.ExecContext(ctx, "DROP DATABASE IF EXISTS "+name)
	return err
}

// tables reads those of the template.
func (s *server) tables(ctx context.Context) (tables []table, err error) {
	names, err := s.texts(ctx, "SELECT table_name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE'"+
		" ORDER BY 1", s.template)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		made := table{name: "`" + strings.ReplaceAll(name, "`", "``") + "`"}
		var ignored string
		row := s.pool.QueryRowContext(ctx, "SHOW CREATE TABLE "+s.template+"."+made.name)
		if err := row.Scan(&ignored, &made.text); err != nil {
			return nil, err
		}
		tables = append(tables, made)
	}
	return tables, nil
}

// copy makes the tables of the template in a database, and has its ledger know what the template's knows.
func (s *server) copy(ctx context.Context, name string, tables []table) (err error) {
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	statements := []string{"USE " + name}
	for _, t := range tables {
		statements = append(statements, t.text)
	}
	for _, ledger := range []string{dialect.LedgerTable, dialect.RevisionsTable} {
		statements = append(statements, "INSERT INTO "+ledger+" SELECT * FROM "+s.template+"."+ledger)
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// dropLeftovers drops the databases of runs whose lock nobody holds. The session of a killed process, and its lock, end as
// soon as the server notices; what still seems to live is left to the next run.
func (s *server) dropLeftovers(ctx context.Context) error {
	names, err := s.texts(ctx, "SELECT schema_name FROM information_schema.schemata WHERE schema_name REGEXP ? ORDER BY 1",
		"^"+prefix+"[0-9a-f]{8}_[0-9]+$")
	if err != nil {
		return err
	}
	for _, name := range names {
		var dead bool
		run := name[:strings.LastIndexByte(name, '_')]
		if err := s.pool.QueryRowContext(ctx, "SELECT IS_FREE_LOCK(?)", run).Scan(&dead); err != nil {
			return err
		}
		if !dead {
			continue
		}
		if err := s.drop(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// texts reads one column.
func (s *server) texts(ctx context.Context, query string, args ...any) (texts []string, err error) {
	rows, err := s.pool.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}
