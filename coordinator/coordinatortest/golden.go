package coordinatortest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"

	"github.com/schemactor/schemactor/coordinator"
)

// updateVariable has Plan write golden files where it would compare. It is no flag, for a test binary has room for one -update only.
const updateVariable = "SCHEMACTOR_UPDATE"

// Plan compares what Coordinator.Plan says of all registered tables with a golden file, and fails the test with the
// difference, line by line. With SCHEMACTOR_UPDATE=1 in the environment it writes the file, and its folder, in place of
// comparing. It changes nothing in the database.
//
// On an empty database the plan is the whole schema in SQL; on one that an older model has made it is the migration. The text
// is the same in every run, but it is the server's own: keep a file for each database, and expect small changes with a new major version
// of PostgreSQL.
func Plan(tb testing.TB, c *coordinator.Coordinator, golden string) {
	tb.Helper()
	compare(tb, planned(tb, c), golden)
}

// planned is the text of all plans, in the order in which Migrate would carry them out.
func planned(tb testing.TB, c *coordinator.Coordinator) string {
	tb.Helper()
	var b strings.Builder
	for _, plan := range plansOf(tb, c) {
		b.WriteString(plan.String())
	}
	return b.String()
}

func compare(tb testing.TB, got, golden string) {
	tb.Helper()
	if os.Getenv(updateVariable) == "1" {
		if err := write(golden, got); err != nil {
			tb.Fatal("coordinatortest: ", err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		tb.Fatalf("there is no %s; %s=1 writes it, with:\n%s", golden, updateVariable, got)
	case err != nil:
		tb.Fatal("coordinatortest: ", err)
	}
	// Git may have given the file the line ends of the machine.
	if diff := udiff.Unified(golden, "the plan now", strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
		tb.Fatalf("the plan is not that of the golden file; if it is right, %s=1 writes it anew:\n%s", updateVariable, diff)
	}
}

func write(golden, text string) error {
	if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
		return err
	}
	return os.WriteFile(golden, []byte(text), 0o644)
}
