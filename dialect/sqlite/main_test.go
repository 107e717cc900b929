package sqlite

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// programVariable makes the test binary a program that opens the file which it names.
const programVariable = "SCHEMACTOR_TEST_SQLITE_PROGRAM"

func TestMain(m *testing.M) {
	if path := os.Getenv(programVariable); path != "" {
		if err := program(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// program opens a file, makes a table of its own and adds to one that all programs have.
func program(path string) error {
	d, err := Open(context.Background(), path, nil)
	if err != nil {
		return err
	}
	defer d.Close()
	for _, s := range []string{
		fmt.Sprintf("CREATE TABLE own%d (a)", os.Getpid()), "CREATE TABLE IF NOT EXISTS common (a)", "INSERT INTO common VALUES (1)",
	} {
		if _, err := d.Writer().Exec(context.Background(), s); err != nil {
			return err
		}
	}
	return nil
}

// Locks between processes are other ones than those between the connections of one process.
func TestManyProgramsOpenFirst(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "a.db")
	const programs = 12
	var group sync.WaitGroup
	for range programs {
		group.Go(func() {
			command := exec.CommandContext(t.Context(), self)
			command.Env = append(os.Environ(), programVariable+"="+path)
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	group.Wait()
	d := open(t, path, nil)
	require.Equal(t, programs+1, one[int](t, d.Reader(), "SELECT count(*) FROM sqlite_schema"))
	require.Equal(t, programs, one[int](t, d.Reader(), "SELECT count(*) FROM common"))
}
