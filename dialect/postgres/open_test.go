package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// canary is a password that must be found nowhere.
const canary = "kanarienvogel"

// requireSecret looks for the canary in every text that an error and what is below it can give.
func requireSecret(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	require.NotContains(t, err.Error(), canary)
	switch wrapped := err.(type) {
	case interface{ Unwrap() error }:
		requireSecret(t, wrapped.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range wrapped.Unwrap() {
			requireSecret(t, inner)
		}
	}
}

func TestOpenRefusesURLs(t *testing.T) {
	for name, test := range map[string]struct{ url, want string }{
		"another database":  {"mysql://ada:" + canary + "@localhost/app", `unknown scheme "mysql"`},
		"no scheme":         {"ada:" + canary + "@localhost/app", "has no scheme"},
		"odd scheme":        {"Kana:" + canary + "://localhost/app", "has no scheme"},
		"nothing":           {"", "has no scheme"},
		"unencoded slash":   {"postgres://ada:x/" + canary + "@localhost/app", "cannot be read"},
		"unencoded percent": {"postgres://ada:%zz" + canary + "@localhost/app", "cannot be read"},
		"unencoded at":      {"postgres://ada:x@" + canary + "@127.0.0.1:1/app", "cannot be read"},
		"unknown sslmode":   {"postgres://ada:" + canary + "@localhost/app?sslmode=perhaps", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := postgres.Open(t.Context(), test.url, nil)
			require.ErrorIs(t, err, schema.ErrInvalid)
			require.ErrorContains(t, err, test.want)
			requireSecret(t, err)
		})
	}
}

func TestOpenTellsWhyItCannotConnect(t *testing.T) {
	server := postgrestest.NewServer(t)
	right := server.PasswordURL("ada", canary)
	open(t, right)

	for name, test := range map[string]struct {
		url, want string
		kind      error
	}{
		"wrong password":   {strings.Replace(right, canary, canary+"x", 1), `password authentication failed for user "ada"`, schema.ErrPermission},
		"unknown host":     {"postgres://ada:" + canary + "@no-such-host.invalid/app", "host no-such-host.invalid, port 5432, database app", schema.ErrUnavailable},
		"unknown database": {strings.Replace(right, "/postgres?", "/nowhere?", 1), `database "nowhere" does not exist`, schema.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := postgres.Open(patience(t), test.url, nil)
			require.ErrorIs(t, err, test.kind)
			require.ErrorContains(t, err, test.want)
			requireSecret(t, err)
		})
	}

	server.Stop()
	_, err := postgres.Open(t.Context(), right, nil)
	require.ErrorIs(t, err, schema.ErrUnavailable)
	require.ErrorContains(t, err, "host 127.0.0.1")
	require.ErrorContains(t, err, "nothing answers there")
	require.True(t, schema.Transient(err))
	requireSecret(t, err)
}

func TestServerThatStoppedIsUnavailableUntilItIsBack(t *testing.T) {
	server := postgrestest.NewServer(t)
	d := open(t, server.PasswordURL("ada", canary))
	users := schema.Ref{Name: "users"}
	server.Stop()
	for range 2 {
		_, err := d.Survey(t.Context(), []schema.Ref{users})
		require.ErrorIs(t, err, schema.ErrUnavailable)
		requireSecret(t, err)
	}
	err := d.Locked(t.Context(), []schema.Ref{users}, nil)
	require.ErrorIs(t, err, schema.ErrUnavailable)
	_, err = d.Reader().Query(t.Context(), "SELECT 1")
	require.ErrorIs(t, d.Classify(err), schema.ErrUnavailable)
	requireSecret(t, err)

	server.Start()
	_, err = d.Survey(t.Context(), []schema.Ref{users})
	require.NoError(t, err)
}

func TestNewLeavesThePoolOpen(t *testing.T) {
	p := pool(t, postgrestest.Open(t), nil)
	d, err := postgres.New(p, nil)
	require.NoError(t, err)
	require.Zero(t, p.Stat().TotalConns(), "New connected")
	require.NoError(t, d.Close())
	require.NoError(t, p.Ping(t.Context()))

	_, err = postgres.New(nil, nil)
	require.ErrorIs(t, err, schema.ErrInvalid)
}

func TestCloseEndsWhatOpenMade(t *testing.T) {
	d, err := postgres.Open(t.Context(), postgrestest.Open(t), &postgres.Config{MaxConns: 2})
	require.NoError(t, err)
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	_, err = d.Reader().Query(t.Context(), "SELECT 1")
	require.ErrorIs(t, d.Classify(err), schema.ErrUnavailable)
}

func TestAConnectionInUseHoldsNobodyForEver(t *testing.T) {
	d, err := postgres.Open(t.Context(), postgrestest.Open(t), &postgres.Config{MaxConns: 1})
	require.NoError(t, err)
	postgres.SetTimeouts(d, 50*time.Millisecond)
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)

	err = d.Locked(t.Context(), refs("t"), nil)
	require.ErrorIs(t, err, schema.ErrUnavailable)
	require.ErrorContains(t, err, "no connection of the pool became free within 50ms")
	_, err = d.Survey(t.Context(), refs("t"))
	require.ErrorIs(t, err, schema.ErrUnavailable)
	require.ErrorContains(t, d.Close(), "1 connections were still in use")

	require.NoError(t, tx.Rollback(t.Context()))
	postgres.SetTimeouts(d, time.Minute)
	require.NoError(t, d.Close())
}

func TestMaxConnsIsKept(t *testing.T) {
	d, err := postgres.Open(t.Context(), postgrestest.Open(t), &postgres.Config{MaxConns: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()

	err = expire(t, func(t *testing.T) error {
		_, err := d.Begin(soon(t))
		return err
	})
	require.True(t, schema.Transient(d.Classify(err)))
}

func TestQueryRowSeesErrorsThatComeLate(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	exec(t, d, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	for _, sql := range []string{
		"INSERT INTO t VALUES ($1) RETURNING id", // fails when it is executed
		"SELECT 1 / (id - $1) FROM t",            // fails after the first row could have come
	} {
		var got int
		found, err := dialect.QueryRow(t.Context(), d.Writer(), sql, []any{1}, &got)
		require.Error(t, err, sql)
		require.False(t, found)
	}
	var got int
	found, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT id FROM t WHERE id = $1", []any{1}, &got)
	require.NoError(t, err)
	require.True(t, found)
	found, err = dialect.QueryRow(t.Context(), d.Reader(), "SELECT id FROM t WHERE id = $1", []any{2}, &got)
	require.NoError(t, err)
	require.False(t, found)
}

func TestRollbackAfterTheEndIsNoError(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, tx.Commit(t.Context()))
	require.NoError(t, tx.Rollback(t.Context()))
	require.Error(t, tx.Commit(t.Context()))

	tx, err = d.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT nonsense")
	require.Error(t, err)
	err = tx.Commit(t.Context())
	require.ErrorContains(t, d.Classify(err), "rolled back")
}

// readOnly makes every session of a pool refuse writes, as a server after a failover does.
func readOnly(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on" }
