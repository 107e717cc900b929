package mysqltest

import (
	"testing"

	"github.com/schemactor/schemactor/internal/daemon"
	"github.com/schemactor/schemactor/internal/mysqlserver"
)

// Server is a server for one test alone, which may stop and start it. It is always made from the installed binaries,
// never the one of SCHEMACTOR_TEST_MYSQL. It is not safe for concurrent use.
type Server struct {
	t        testing.TB
	instance *mysqlserver.Server
}

// NewServer starts a server that ends with the test. Settings, as "--max-connections=50", go behind those of all servers.
func NewServer(t testing.TB, settings ...string) *Server {
	t.Helper()
	made, err := mysqlserver.New(daemon.OnDisk, settings...)
	if err != nil {
		unavailable(t, err)
	}
	t.Cleanup(made.Remove)
	return &Server{t: t, instance: made}
}

// Open gives the URL of an empty database of the server, as the function Open does.
func (s *Server) Open(t testing.TB) string {
	t.Helper()
	return openAt(t, s.instance.URL(""))
}

// Stop shuts the server down in order. Its data stays.
func (s *Server) Stop() { s.instance.Stop() }

// Crash ends the server at once, without order: it recovers from its log at the next Start.
func (s *Server) Crash() { s.instance.Crash() }

// Start runs the server again, on the same port.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.instance.Start(); err != nil {
		s.t.Fatal("mysqltest: ", err)
	}
}
