package faults_test

import (
	"maps"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

// roles are what workers of this test binary can do, from each suite.
func roles() map[string]fleet.Role {
	all := map[string]fleet.Role{}
	for _, suite := range []map[string]fleet.Role{
		herdRoles(), freezeRoles(), deployRoles(), linearRoles(), foreignRoles(), diskRoles(), killRoles(), laneRoles(),
	} {
		maps.Copy(all, suite)
	}
	return all
}

func TestMain(m *testing.M) {
	if code, worker := fleet.Main(roles()); worker {
		os.Exit(code)
	}
	goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m)))
}

// long reports whether the suites run in full, as `make faults` has them; otherwise a short version of each runs.
func long() bool { return os.Getenv("SCHEMACTOR_FAULTS") == "long" }

// size gives the long or the short version of a number, and under -short half of that.
func size(short, full int) int {
	switch {
	case long():
		return full
	case testing.Short():
		return (short + 1) / 2
	}
	return short
}

// beside lets a long suite that mostly waits, for programs to die and come back, run beside another one.
func beside(t *testing.T) {
	if long() {
		t.Parallel()
	}
}
