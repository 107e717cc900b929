package faults_test

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

const (
	deployProcesses = 4
	deployUser      = "deployer" // an ordinary role: superusers have reserved connections
	deploySampling  = 5 * time.Millisecond
)

// deploy is one deployment: new replicas start at once while old ones serve.
type deploy struct {
	t                         *testing.T
	admin                     *pgx.Conn // of a superuser, open from the beginning: there is a place for it
	direct, address           string    // of the role, without and with what is in between
	tables, changed, replicas int
	limit                     int // of the role's sessions on the server
	news                      coordinator.News
}

// Two hundred replicas that change ten of a hundred tables start at the same moment, and the server has connections for a
// quarter of them. Everybody is served, and each changed table is changed once.
func TestDeployToAFullServer(t *testing.T) {
	server := deployServer(t, size(12, 50))
	d := newDeploy(t, server)
	d.limit = size(12, 50) - 3 // superuser_reserved_connections
	d.news = coordinator.NewsPoll
	d.address = deployURL(t, d.direct, url.Values{
		"pool_max_conns": {"1"}, "pool_max_conn_idle_time": {"50ms"}, "pool_health_check_period": {"50ms"},
	})
	d.run()
}

// The same behind a pooler that lends twenty sessions, to replicas with pools as they usually are.
func TestDeployThroughAPooler(t *testing.T) {
	d := newDeploy(t, deployServer(t, 300))
	const sessions = 20
	// The pooler has its sessions, and what watches and prepares goes beside it.
	d.limit = sessions + 5
	d.address = deployURL(t, postgrestest.NewPooler(t, d.direct, postgrestest.PoolerConfig{PoolSize: sessions}), url.Values{
		"pool_max_conns": {"2"},
	})
	d.run()
}

func newDeploy(t *testing.T, server *postgrestest.Server) *deploy {
	admin, err := pgx.Connect(t.Context(), server.URL())
	require.NoError(t, err)
	t.Cleanup(func() { _ = admin.Close(context.Background()) })
	for _, sql := range []string{
		"CREATE ROLE " + deployUser + " LOGIN", "CREATE DATABASE deploy OWNER " + deployUser,
		"CREATE EXTENSION pg_stat_statements",
	} {
		_, err := admin.Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	direct, err := url.Parse(server.URL())
	require.NoError(t, err)
	direct.Path, direct.User = "/deploy", url.User(deployUser)
	return &deploy{
		t: t, admin: admin, direct: direct.String(),
		tables: size(10, 100), changed: size(2, 10), replicas: size(16, 200),
	}
}

// deployURL adds parameters to a database's URL.
func deployURL(t *testing.T, address string, parameters url.Values) string {
	made, err := url.Parse(address)
	require.NoError(t, err)
	query := made.Query()
	for name, values := range parameters {
		query[name] = values
	}
	made.RawQuery = query.Encode()
	return made.String()
}

func (d *deploy) run() {
	d.makeTables()
	old := d.start(deployTask{Replicas: size(2, 8)})
	var answer deployAnswer
	require.NoError(d.t, old.Ask(deployOrder{}, &answer))

	calls, peak := d.calls(), d.watch()
	began := time.Now()
	answers := d.deploy()
	took := time.Since(began)
	require.NoError(d.t, old.Ask(deployOrder{End: true}, &answer))
	require.NoError(d.t, old.End())
	require.Empty(d.t, answer.Faults, "errors of old replicas")
	most := peak()
	statements := d.calls() - calls

	served, ready := 0, time.Duration(0)
	for _, a := range answers {
		require.Empty(d.t, a.Faults, "errors of new replicas")
		served += a.Calls
		ready = max(ready, a.Took)
	}
	require.Positive(d.t, answer.Calls)
	d.judge()
	require.LessOrEqual(d.t, most, d.limit)
	d.t.Logf("%d replicas, %d of %d tables changed: 0 errors, %d revisions; all ready after %v, all done after %v; "+
		"%d calls beside %d of old replicas; at most %d connections, %d statements",
		d.replicas, d.changed, d.tables, d.changed, ready.Round(time.Millisecond), took.Round(time.Millisecond),
		served, answer.Calls, most, statements)
}

// makeTables is the old version's first start.
func (d *deploy) makeTables() {
	made, err := openAt(d.t.Context(), d.direct)
	require.NoError(d.t, err)
	defer func() { require.NoError(d.t, made.Close()) }()
	c, err := coordinator.New(made, nil)
	require.NoError(d.t, err)
	defer func() { require.NoError(d.t, c.Close(context.WithoutCancel(d.t.Context()))) }()
	for i := range d.tables {
		_, err := herdVersions[0].register(c, herdTable("deploy_", i))
		require.NoError(d.t, err)
	}
	require.NoError(d.t, c.EnsureAll(d.t.Context()))
}

func (d *deploy) start(task deployTask) *fleet.Process {
	task.Address, task.Tables, task.Changed, task.News = d.address, d.tables, d.changed, d.news
	p, err := fleet.Start(d.t.Context(), "deploy", task)
	require.NoError(d.t, err)
	d.t.Cleanup(func() { _ = p.Kill() })
	return p
}

// deploy starts all new replicas at the same moment, and ends them when the last has done its work.
func (d *deploy) deploy() []deployAnswer {
	var (
		workers [deployProcesses]*fleet.Process
		answers = make([]deployAnswer, deployProcesses)
		errs    [deployProcesses]error
		group   sync.WaitGroup
		each    = d.replicas / deployProcesses
	)
	for i := range workers {
		workers[i] = d.start(deployTask{Replicas: each, First: i * each, Version: 1})
	}
	for _, order := range []deployOrder{{}, {End: true}} {
		for i, p := range workers {
			group.Go(func() { errs[i] = p.Ask(order, &answers[i]) })
		}
		group.Wait()
		for _, err := range errs {
			require.NoError(d.t, err)
		}
	}
	for _, p := range workers {
		require.NoError(d.t, p.End())
	}
	return answers
}

// calls counts the statements that the role has run so far.
func (d *deploy) calls() int {
	var n int
	require.NoError(d.t, d.admin.QueryRow(d.t.Context(),
		"SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE userid = $1::regrole", deployUser).Scan(&n))
	return n
}

// watch counts the role's sessions until the function that it gives is called, which tells the most there were.
func (d *deploy) watch() func() int {
	var (
		most    int
		failure error
		stop    = make(chan struct{})
		ended   = make(chan struct{})
	)
	go func() {
		defer close(ended)
		tick := time.NewTicker(deploySampling)
		defer tick.Stop()
		for failure == nil {
			select {
			case <-tick.C:
				var now int
				failure = d.admin.QueryRow(d.t.Context(),
					"SELECT count(*) FROM pg_stat_activity WHERE usename = $1", deployUser).Scan(&now)
				most = max(most, now)
			case <-stop:
				return
			}
		}
	}()
	return func() int {
		close(stop)
		<-ended
		require.NoError(d.t, failure)
		return most
	}
}

// judge looks at all tables: each new replica has left a row in the changed ones and in as many others.
func (d *deploy) judge() {
	direct := open(d.t, d.direct)
	var fates []checker.Table
	for i := range d.tables {
		table := herdTable("deploy_", i)
		version, revisions, rows := 0, 1, 0
		if i < d.changed {
			version, revisions = 1, 2
		}
		if i < 2*d.changed {
			rows = d.replicas
		}
		var keys []int64
		for key := range rows {
			keys = append(keys, int64(key))
		}
		fates = append(fates, herdFate(d.t, version, table, revisions, keys...))
		require.Equal(d.t, rows, count(d.t, direct, "SELECT count(*) FROM "+table), table)
		if i < d.changed {
			require.Equal(d.t, rows, count(d.t, direct, "SELECT count(*) FROM "+table+" WHERE c01 = 'changed'"), table)
		}
	}
	herdVerdict(d.t, direct, fates...)
}

// deployServer starts a server for so many connections, which counts statements.
func deployServer(t *testing.T, connections int) *postgrestest.Server {
	return postgrestest.NewServer(t, fmt.Sprintf("max_connections=%d", connections), "shared_preload_libraries=pg_stat_statements")
}
