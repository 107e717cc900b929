package mysqltest

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

	"github.com/schemactor/schemactor/internal/daemon"
	"github.com/schemactor/schemactor/internal/mysqlserver"
)

const adminTimeout = 30 * time.Second

// shared is the one server of a test binary. It is a variable of the package because the tests of a binary have nothing
// else in common that could hold it, and a server for each test would cost seconds each.
var shared struct {
	sync.Mutex
	server *mysqlserver.Server
	err    error // of the one attempt to start it
	ended  bool
}

// runner is a *testing.M, or what stands before one, as that of postgrestest.
type runner interface{ Run() int }

// Main wraps the tests of a package: Run runs them and then stops the server, if one was started. Give it to
// goleak.VerifyTestMain, or call os.Exit with what Run returns.
func Main(m runner) *Tests { return &Tests{m: m} }

// Tests are the tests of a package; see Main.
type Tests struct{ m runner }

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

// Open gives the mysql:// URL of an empty database that is dropped when the test ends. Its account may do everything.
func Open(t testing.TB) string {
	t.Helper()
	return openAt(t, Admin(t))
}

// openAt makes a database on the server of another one.
func openAt(t testing.TB, admin string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:16])
	run(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { run(t, admin, "DROP DATABASE "+name) })
	return at(t, admin, name)
}

// at is the URL of another database of the same server.
func at(t testing.TB, admin, database string) string {
	t.Helper()
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal("the URL of the test server cannot be read")
	}
	u.Path = "/" + database
	return u.String()
}

// Account makes an account with a password and the given rights, as "SELECT, INSERT", in the database at the URL, and gives
// the URL with that account. It goes with the test.
func Account(t testing.TB, database, rights string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal("the URL of the test database cannot be read")
	}
	name, password := "user_"+strings.ToLower(rand.Text()[:16]), rand.Text()
	run(t, database,
		"CREATE USER "+name+"@'127.0.0.1' IDENTIFIED BY '"+password+"'",
		"GRANT "+rights+" ON "+strings.Trim(u.Path, "/")+".* TO "+name+"@'127.0.0.1'")
	t.Cleanup(func() { run(t, database, "DROP USER "+name+"@'127.0.0.1'") })
	u.User = url.UserPassword(name, password)
	return u.String()
}

// Admin gives the URL of a server on which databases can be made, and skips the test where there is none.
func Admin(t testing.TB) string {
	t.Helper()
	if given := os.Getenv("SCHEMACTOR_TEST_MYSQL"); given != "" {
		return given
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.ended {
		t.Fatal("mysqltest: the tests of this binary have ended")
	}
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = mysqlserver.New(daemon.InMemory)
	}
	if shared.err != nil {
		unavailable(t, shared.err)
	}
	return shared.server.URL("")
}

// unavailable ends a test that cannot have a server. Only missing binaries are a reason to skip.
func unavailable(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, mysqlserver.ErrNoBinaries) && !required() {
		t.Skip(err, ", or set SCHEMACTOR_TEST_MYSQL to a server's URL")
	}
	t.Fatal("mysqltest: ", err)
}

// required reports whether a missing server is a failure: SCHEMACTOR_TEST_REQUIRE names those, with commas between.
func required() bool {
	return slices.Contains(strings.Split(os.Getenv("SCHEMACTOR_TEST_REQUIRE"), ","), "mysql")
}

// run executes statements one after another on a connection of their own.
func run(t testing.TB, target string, statements ...string) {
	t.Helper()
	// The test's own context has already ended when this cleans up.
	ctx, cancel := context.WithTimeout(context.Background(), adminTimeout)
	defer cancel()
	if err := mysqlserver.Execute(ctx, target, statements...); err != nil {
		t.Fatal("mysqltest: ", err)
	}
}
