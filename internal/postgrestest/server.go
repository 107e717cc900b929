package postgrestest

import (
	"net/url"
	"testing"

	"github.com/schemactor/schemactor/internal/daemon"
	"github.com/schemactor/schemactor/internal/postgresserver"
)

// Server is a server for one test alone, which may stop and start it. It is always made from the installed binaries,
// never the one of SCHEMACTOR_TEST_POSTGRES. It is not safe for concurrent use.
type Server struct {
	t        testing.TB
	instance *postgresserver.Server
}

// NewServer starts a server that ends with the test. Settings, as "max_connections=50", go before those of all servers.
func NewServer(t testing.TB, settings ...string) *Server {
	t.Helper()
	made, err := postgresserver.New(daemon.OnDisk, settings...)
	if err != nil {
		unavailable(t, err)
	}
	t.Cleanup(made.Remove)
	return &Server{t: t, instance: made}
}

// URL is the server's database "postgres", as superuser. It stays the same over Stop and Start.
func (s *Server) URL() string { return s.instance.URL("postgres") }

// PasswordURL makes a role with the given name that must show the password, and gives the URL with both.
func (s *Server) PasswordURL(role, password string) string {
	s.t.Helper()
	run(s.t, s.URL(),
		"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '"+postgresserver.PasswordGroup+"') THEN CREATE ROLE "+
			postgresserver.PasswordGroup+"; END IF; END $$",
		"CREATE ROLE "+role+" LOGIN PASSWORD '"+password+"' IN ROLE "+postgresserver.PasswordGroup)
	u, err := url.Parse(s.URL())
	if err != nil {
		s.t.Fatal(err)
	}
	u.User = url.UserPassword(role, password)
	return u.String()
}

// Open gives the URL of an empty database of the server, as the function Open does.
func (s *Server) Open(t testing.TB) string {
	t.Helper()
	return openAt(t, s.URL())
}

// Stop shuts the server down and cuts every connection. Its data stays.
func (s *Server) Stop() { s.instance.Stop() }

// Crash ends the server at once, without order: it recovers from its log at the next Start.
func (s *Server) Crash() { s.instance.Crash() }

// Start runs the server again, on the same port.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.instance.Start(); err != nil {
		s.t.Fatal("postgrestest: ", err)
	}
}
