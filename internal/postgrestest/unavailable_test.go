package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorder is a test that keeps how it was ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Skip(args ...any) {
	r.skipped = fmt.Sprint(args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) {
	r.failed = fmt.Sprint(args...)
	runtime.Goexit()
}

func ending(fault error) *recorder {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		unavailable(r, fault)
	}()
	<-done
	return r
}

func TestMissingBinariesSkipUnlessRequired(t *testing.T) {
	t.Setenv("SCHEMACTOR_TEST_REQUIRE", "")
	r := ending(errNoBinaries)
	require.Contains(t, r.skipped, "apt-get install postgresql")
	require.NotContains(t, r.skipped, "\n")
	require.NotEmpty(t, ending(errors.New("it did not start")).failed, "only missing binaries are a reason to skip")

	t.Setenv("SCHEMACTOR_TEST_REQUIRE", "postgres")
	require.Contains(t, ending(errNoBinaries).failed, "apt-get install postgresql")
}

func TestFolderNeedsBothBinaries(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"initdb", "postgres"} {
		require.False(t, complete(dir))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o755))
	}
	require.True(t, complete(dir))
	require.Greater(t, version("/usr/lib/postgresql/15/bin"), version("/usr/lib/postgresql/9.6/bin"))
}
