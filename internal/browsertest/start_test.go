package browsertest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A browser that crashes at its first start is started again.
func TestStartAgain(t *testing.T) {
	program, err := find()
	if err != nil {
		unavailable(t, err)
	}
	folder := t.TempDir()
	crashed := filepath.Join(folder, "crashed")
	script := "#!/bin/sh\nif [ ! -e '" + crashed + "' ]; then : > '" + crashed + "'; exit 11; fi\nexec '" + program + "' \"$@\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "chromium"), []byte(script), 0o755))
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	page := Start(t).Page(t)
	require.FileExists(t, crashed)
	page.Go(serve(t, sample))
	require.Equal(t, "sample", Eval[string](page, "document.title"))
}
