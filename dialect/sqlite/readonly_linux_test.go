package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

// asNobody runs fn without root's leave to pass over file modes, which this thread alone gives up.
func asNobody(t *testing.T, fn func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		fn()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	set := func(uid uintptr) {
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, uid, 0, 0)
	}
	set(65534)
	defer set(0)
	fn()
}

// openHere opens on this thread: with a context that cannot end the driver starts no goroutine.
func openHere(path string) error {
	d, err := Open(context.Background(), path, nil)
	if err != nil {
		return err
	}
	return d.Close()
}

func TestWithoutPermission(t *testing.T) {
	dir := t.TempDir()
	// The directories above belong to the test's own user; nobody must be able to come this far.
	for up := dir; up != os.TempDir() && up != "/"; up = filepath.Dir(up) {
		require.NoError(t, os.Chmod(up, 0o755))
	}
	logged, rolled := filepath.Join(dir, "wal.db"), filepath.Join(dir, "rollback.db")
	require.NoError(t, openHere(logged))
	c, err := (&connector{path: memory, config: Config{Synchronous: "OFF"}, write: true}).open(t.Context())
	require.NoError(t, err)
	_, err = c.Exec(t.Context(), "CREATE TABLE t (a)")
	require.NoError(t, err)
	_, err = c.Exec(t.Context(), "VACUUM INTO '"+rolled+"'")
	require.NoError(t, err)
	require.NoError(t, c.Close())
	secret := filepath.Join(dir, "secret.db")
	require.NoError(t, os.WriteFile(secret, nil, 0o000))
	require.NoError(t, os.Chmod(logged, 0o444))
	require.NoError(t, os.Chmod(rolled, 0o444))
	require.NoError(t, os.Chmod(dir, 0o555))
	defer os.Chmod(dir, 0o755)
	asNobody(t, func() {
		for _, path := range []string{logged, rolled, secret, filepath.Join(dir, "new.db")} {
			err := openHere(path)
			if !errorIsAny(err, schema.ErrPermission, schema.ErrUnavailable) {
				t.Errorf("%s: %v", path, err)
				continue
			}
			require.ErrorContains(t, err, path)
		}
	})
	require.NoError(t, os.Chmod(dir, 0o777))
	asNobody(t, func() {
		for _, path := range []string{logged, rolled} {
			err := openHere(path)
			require.ErrorIs(t, err, schema.ErrPermission, "%s: a directory that can be written does not help", path)
			require.ErrorContains(t, err, path)
		}
	})
}
