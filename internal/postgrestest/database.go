package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/schemactor/schemactor/internal/daemon"
	"github.com/schemactor/schemactor/internal/postgresserver"
)

const adminTimeout = 30 * time.Second

// shared is the one server of a test binary. It is a variable of the package because the tests of a binary have nothing
// else in common that could hold it, and a server for each test would cost a second each.
var shared struct {
	sync.Mutex
	server *postgresserver.Server
	err    error // of the one attempt to start it
	ended  bool
}

// Main wraps the tests of a package: Run runs them and then stops the server, if one was started. Give it to
// goleak.VerifyTestMain, or call os.Exit with what Run returns. It is a *testing.M, or what runs one.
func Main(m interface{ Run() int }) *Tests { return &Tests{m: m} }

// Tests are the tests of a package; see Main.
type Tests struct{ m interface{ Run() int } }

// Run runs the tests, stops the server and returns the exit code.
func (t *Tests) Run() int {
	code := t.m.Run()
	shared.Lock()
	defer shared.Unlock()
	shared.ended = true
	if shared.server != nil {
		shared.server.Remove()
		shared.server = nil
	}
	return code
}

// Open gives the URL of an empty database that is dropped when the test ends. Its role is a superuser. Connections that
// the test left open are cut.
func Open(t testing.TB) string {
	t.Helper()
	return openAt(t, Admin(t))
}

// openAt makes a database on the server of another one.
func openAt(t testing.TB, admin string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:16])
	run(t, admin, "CREATE DATABASE "+name+" TEMPLATE template0")
	t.Cleanup(func() { run(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal("the URL of the test server cannot be read")
	}
	u.Path = "/" + name
	return u.String()
}

// Role makes a role that may log in and do nothing else in the database at the URL, not even create a table, and gives the
// URL with that role. It goes with the test.
func Role(t testing.TB, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal("the URL of the test database cannot be read")
	}
	name, password := "role_"+strings.ToLower(rand.Text()[:16]), rand.Text()
	run(t, database,
		"CREATE ROLE "+name+" LOGIN PASSWORD '"+password+"'",
		"REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	t.Cleanup(func() { run(t, database, "DROP OWNED BY "+name, "DROP ROLE "+name) })
	u.User = url.UserPassword(name, password)
	return u.String()
}

// Admin gives the URL of a database from which others can be made, as superuser, and skips the test where there is no server.
func Admin(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("SCHEMACTOR_TEST_POSTGRES"); given != "" {
		return given
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.ended {
		t.Fatal("postgrestest: the tests of this binary have ended")
	}
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = postgresserver.New(daemon.InMemory)
	}
	if shared.err != nil {
		unavailable(t, shared.err)
	}
	return shared.server.URL("postgres")
}

// unavailable ends a test that cannot have a server. Only missing binaries are a reason to skip.
func unavailable(t testing.TB, err error) {
	t.Helper()
	missing := errors.Is(err, postgresserver.ErrNoBinaries) && !required("postgres") || errors.Is(err, errNoPooler) && !required("pgbouncer")
	if missing {
		t.Skip(err, ", or set SCHEMACTOR_TEST_POSTGRES to a server's URL")
	}
	t.Fatal("postgrestest: ", err)
}

// required reports whether a missing program is a failure: SCHEMACTOR_TEST_REQUIRE names those, with commas between.
func required(program string) bool {
	return slices.Contains(strings.Split(os.Getenv("SCHEMACTOR_TEST_REQUIRE"), ","), program)
}

// Terminate ends the sessions of a database for which a condition on pg_stat_activity holds, and gives their number.
func Terminate(t testing.TB, database, condition string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), adminTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		t.Fatal("postgrestest: ", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var ended int
	err = conn.QueryRow(ctx, "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"+
		" WHERE datname = current_database() AND pid <> pg_backend_pid() AND ("+condition+")").Scan(&ended)
	if err != nil {
		t.Fatal("postgrestest: ", err)
	}
	return ended
}

// run executes statements one after another on a connection of their own.
func run(t testing.TB, target string, statements ...string) {
	t.Helper()
	// The test's own context has already ended when this cleans up.
	ctx, cancel := context.WithTimeout(context.Background(), adminTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, target)
	if err != nil {
		t.Fatal("postgrestest: ", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal("postgrestest: ", err)
		}
	}
}
