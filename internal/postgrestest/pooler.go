package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/schemactor/schemactor/internal/daemon"
)

var errNoPooler = errors.New("no PgBouncer: install the package pgbouncer")

// PoolerConfig tunes NewPooler. The zero value works.
type PoolerConfig struct {
	// PoolSize is how many connections to the server each database and role have; 0 is 20.
	PoolSize int
	// MaxClients is how many clients may be connected; 0 is 2,000.
	MaxClients int
}

// NewPooler starts a PgBouncer in transaction mode before the server of a database's URL, which ends with the test, and
// gives the URL of the same database through it. Other databases of that server are behind it, too, for the URL's role.
// The new URL has default_query_exec_mode=exec: prepared statements belong to a server's session, and the next
// transaction may meet another one. Where PgBouncer is not installed the test is skipped, or fails if
// SCHEMACTOR_TEST_REQUIRE names pgbouncer.
func NewPooler(t testing.TB, database string, config PoolerConfig) string {
	t.Helper()
	if config.PoolSize == 0 {
		config.PoolSize = 20
	}
	if config.MaxClients == 0 {
		config.MaxClients = 2000
	}
	target, err := url.Parse(database)
	if err != nil {
		t.Fatal("the URL of the test database cannot be read")
	}
	through, stop, err := startPooler(target, config)
	if err != nil {
		unavailable(t, err)
	}
	t.Cleanup(stop)
	return through
}

func startPooler(target *url.URL, config PoolerConfig) (through string, stop func(), err error) {
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program = "/usr/sbin/pgbouncer"; !executable(program) {
			return "", nil, errNoPooler
		}
	}
	dir, err := daemon.Folder(daemon.OnDisk)
	if err != nil {
		return "", nil, err
	}
	for range daemon.PortTries {
		var port int
		if port, err = daemon.FreePort(); err != nil {
			break
		}
		file := filepath.Join(dir, "pgbouncer.ini")
		if err = writePooler(dir, file, poolerSettings(target, dir, port, config), target.User); err != nil {
			break
		}
		var p *daemon.Process
		if p, err = daemon.RunIn(dir, "TERM", program, file); err != nil {
			break
		}
		through = poolerURL(target, port)
		if err = awaitPooler(p, through); err == nil {
			return through, func() { p.Reap(); _ = os.RemoveAll(dir) }, nil
		}
		err = fmt.Errorf("pgbouncer did not start: %w\n%s", err, daemon.LogTail(dir))
		p.Stop("TERM")
	}
	_ = os.RemoveAll(dir)
	return "", nil, err
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

// writePooler writes the settings, and the roles that the pooler takes.
func writePooler(dir, file, settings string, role *url.Userinfo) error {
	password, _ := role.Password()
	roles := fmt.Sprintf("%q %q\n", role.Username(), password)
	return errors.Join(os.WriteFile(file, []byte(settings), 0o644), os.WriteFile(filepath.Join(dir, "roles"), []byte(roles), 0o644))
}

func poolerSettings(target *url.URL, dir string, port int, config PoolerConfig) string {
	return fmt.Sprintf(`[databases]
* = host=%s port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s/roles
pool_mode = transaction
default_pool_size = %d
max_client_conn = %d
server_login_retry = 1
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
`, target.Hostname(), target.Port(), port, dir, config.PoolSize, config.MaxClients)
}

// poolerURL leads to the same database through the pooler.
func poolerURL(target *url.URL, port int) string {
	through := *target
	through.Host = fmt.Sprintf("127.0.0.1:%d", port)
	query := through.Query()
	query.Set("default_query_exec_mode", "exec")
	through.RawQuery = query.Encode()
	return through.String()
}

func awaitPooler(p *daemon.Process, through string) error {
	deadline := time.Now().Add(daemon.StartTimeout)
	for {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		conn, err := pgx.Connect(ctx, through)
		cancel()
		if err == nil {
			return conn.Close(context.Background())
		}
		if time.Now().After(deadline) || !strings.Contains(err.Error(), "refused") {
			return err
		}
		if p.GoneWithin(10 * time.Millisecond) {
			return errors.New("it ended at once")
		}
	}
}
