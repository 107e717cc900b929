package postgrestest

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/postgresserver"
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
	r := ending(postgresserver.ErrNoBinaries)
	require.Contains(t, r.skipped, "apt-get install postgresql")
	require.NotContains(t, r.skipped, "\n")
	require.NotEmpty(t, ending(errors.New("it did not start")).failed, "only missing binaries are a reason to skip")

	t.Setenv("SCHEMACTOR_TEST_REQUIRE", "postgres")
	require.Contains(t, ending(postgresserver.ErrNoBinaries).failed, "apt-get install postgresql")
}
