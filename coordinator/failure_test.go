package coordinator_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// identity takes role and password out of a URL.
func identity(t *testing.T, address string) (role, password string) {
	u, err := url.Parse(address)
	require.NoError(t, err)
	password, _ = u.User.Password()
	require.NotEmpty(t, password)
	return u.User.Username(), password
}

// A DDL that cannot succeed is tried once for a thousand callers, each of whom learns which table and which step;
// nothing anywhere tells a password or a row's value. A person who mends the cause tries again by hand.
func TestPermanentFailure(t *testing.T) {
	address := postgrestest.Open(t)
	powerless := postgrestest.Role(t, address)
	role, secret := identity(t, powerless)
	log, entries := observer.New(zap.DebugLevel)
	w := &watched{Dialect: openPostgres(t, powerless)}
	c := start(t, w, &coordinator.Config{Logger: zap.New(log)})
	users := register[User, uuid.UUID](t, c)

	const value = "ada-lovelace-private"
	errs := together(1_000, func(int) error {
		u := newUser()
		u.Email = value
		return users.Create(t.Context(), u)
	})
	var texts []string
	for _, err := range errs {
		var ensure *schema.EnsureError
		require.ErrorAs(t, err, &ensure)
		require.Equal(t, "users", ensure.Table.Name)
		require.NotEmpty(t, ensure.Phase)
		require.False(t, ensure.Retryable)
		require.ErrorIs(t, err, schema.ErrPermission)
		require.Contains(t, err.Error(), "users")
		require.Contains(t, err.Error(), string(ensure.Phase))
		texts = append(texts, err.Error(), fmt.Sprintf("%+v", err))
	}
	status := statusOf(t, c, "users")
	require.Equal(t, schema.StateBlocked, status.State)
	require.EqualValues(t, 1, status.Attempts)
	require.LessOrEqual(t, w.locks.Load(), int64(1), "one attempt is at most one transaction")

	marshalled, err := json.Marshal(c.Status())
	require.NoError(t, err)
	texts = append(texts, string(marshalled), fmt.Sprint(c.Ready(t.Context())))
	for _, e := range entries.All() {
		text, err := json.Marshal(e.ContextMap())
		require.NoError(t, err)
		texts = append(texts, e.Message+string(text))
	}
	require.Len(t, entries.FilterMessageSnippet("blocked").All(), 1)
	for _, text := range texts {
		require.NotContains(t, text, secret)
		require.NotContains(t, text, value)
	}

	exec(t, openPostgres(t, address), "GRANT CREATE ON SCHEMA public TO "+role)
	require.Error(t, users.Create(t.Context(), newUser()), "nobody looks again by himself")
	require.NoError(t, c.Ensure(t.Context(), "users"))
	require.NoError(t, users.Create(t.Context(), newUser()))
	require.Empty(t, statusOf(t, c, "users").LastError)
}

// The server is down when the program starts; once it is up, the program works without a restart.
func TestServerDownThenUp(t *testing.T) {
	server := postgrestest.NewServer(t)
	address := server.URL()
	server.Stop()
	_, err := postgres.Open(t.Context(), address, nil)
	require.ErrorIs(t, err, schema.ErrUnavailable, "Open asks the server")
	d := lazyPostgres(t, address)
	c := start(t, d, &coordinator.Config{BackoffMin: time.Millisecond, BackoffMax: time.Millisecond})
	users := register[User, uuid.UUID](t, c)
	err = users.Create(t.Context(), newUser())
	require.ErrorIs(t, err, schema.ErrUnavailable)
	var ensure *schema.EnsureError
	require.ErrorAs(t, err, &ensure)
	require.True(t, ensure.Retryable)
	require.ErrorIs(t, c.Ready(t.Context()), coordinator.ErrNotReady)

	server.Start()
	require.NoError(t, c.EnsureAll(t.Context()), "by hand, the backoff is not waited for")
	require.NoError(t, users.Create(t.Context(), newUser()))
	require.NoError(t, c.Ready(t.Context()))
}

func TestBadInput(t *testing.T) {
	t.Run("a wrong password", func(t *testing.T) {
		const wrong = "hunter2-is-no-good"
		right := postgrestest.NewServer(t).PasswordURL("ada", "correct-horse")
		require.NoError(t, openPostgres(t, right).Close())
		_, password := identity(t, right)
		log, entries := observer.New(zap.DebugLevel)
		address := strings.Replace(right, password, wrong, 1)
		_, err := postgres.Open(t.Context(), address, nil)
		require.ErrorIs(t, err, schema.ErrPermission, "Open asks the server")
		require.NotContains(t, err.Error(), wrong)
		d := lazyPostgres(t, address)
		c := start(t, d, &coordinator.Config{Logger: zap.New(log)})
		err = register[User, uuid.UUID](t, c).Create(t.Context(), newUser())
		require.ErrorIs(t, err, schema.ErrPermission)
		require.Equal(t, schema.StateBlocked, statusOf(t, c, "users").State)
		text := fmt.Sprint(err, c.Status(), entries.All())
		require.NotContains(t, text, wrong)
		require.NotContains(t, text, password)
	})
	t.Run("an unwritable path", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "no", "such", "folder", "x.db")
		_, err := sqlite.Open(t.Context(), path, nil)
		require.ErrorContains(t, err, path)
	})
	d := sqliteDatabase(t).open(t)
	t.Run("no database", func(t *testing.T) {
		_, err := coordinator.New(nil, nil)
		require.ErrorIs(t, err, schema.ErrInvalid)
	})
	t.Run("negative durations, all at once", func(t *testing.T) {
		_, err := coordinator.New(d, &coordinator.Config{EnsureTimeout: -1, BackoffMin: -1, BackoffMax: -1})
		require.ErrorIs(t, err, schema.ErrInvalid)
		for _, name := range []string{"EnsureTimeout", "BackoffMin", "BackoffMax"} {
			require.ErrorContains(t, err, name)
		}
		_, err = coordinator.New(d, &coordinator.Config{BackoffMin: time.Second, BackoffMax: time.Millisecond})
		require.ErrorIs(t, err, schema.ErrInvalid)
	})
	t.Run("two models for one table", func(t *testing.T) {
		type Other struct {
			ID int64 `db:"id" schema:"pk"`
		}
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		_, err := coordinator.Register[Other, int64](c, schema.Named("users"))
		require.ErrorIs(t, err, schema.ErrRegistered)
		require.ErrorContains(t, err, "users")
		_, err = coordinator.Register[User, uuid.UUID](c)
		require.ErrorIs(t, err, schema.ErrRegistered)
		require.NoError(t, users.Create(t.Context(), newUser()), "the first goes on")
	})
	t.Run("a key that does not fit", func(t *testing.T) {
		c := start(t, d, nil)
		_, err := coordinator.Register[User, int64](c)
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.Empty(t, c.Status(), "a failed registration leaves nothing")
	})
	t.Run("a namespace on SQLite", func(t *testing.T) {
		_, err := coordinator.Register[User, uuid.UUID](start(t, d, nil), schema.InNamespace("billing"))
		require.ErrorIs(t, err, schema.ErrInvalid)
	})
	t.Run("unknown tables", func(t *testing.T) {
		c := start(t, d, nil)
		register[User, uuid.UUID](t, c, schema.Named("known"))
		err := c.Ensure(t.Context(), "usres", "known", "billing.users")
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.ErrorContains(t, err, "usres")
		require.ErrorContains(t, err, "billing.users")
		require.Zero(t, statusOf(t, c, "known").Asks, "nothing is ensured")
		_, err = c.History(t.Context(), "usres")
		require.ErrorIs(t, err, schema.ErrInvalid)
	})
	t.Run("a table that does not match", func(t *testing.T) {
		exec(t, d, "CREATE TABLE strangers (id TEXT PRIMARY KEY, shoe TEXT) STRICT")
		exec(t, d, "INSERT INTO strangers VALUES ('x', NULL)")
		c := start(t, d, nil)
		err := register[User, uuid.UUID](t, c, schema.Named("strangers")).Create(t.Context(), newUser())
		require.ErrorIs(t, err, schema.ErrSchemaMismatch)
		require.ErrorIs(t, err, schema.ErrMigrationRequired)
		var ensure *schema.EnsureError
		require.True(t, errors.As(err, &ensure))
		require.NotEmpty(t, ensure.Changes)
		require.ErrorContains(t, err, "email")
	})
}
