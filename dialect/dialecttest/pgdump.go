package dialecttest

import (
	"os"
	osexec "os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// dumped compares the tables that were left standing in the words of the server's own dump program, where the server has
// one on this machine.
func (m *migrations) dumped(t *testing.T) {
	if t.Failed() || m.d.Name() != "postgres" {
		return
	}
	settings := texted(t, m.d, `SELECT x FROM unnest(ARRAY[(SELECT setting FROM pg_config WHERE name = 'BINDIR'),
		host(inet_server_addr()), current_setting('port'), current_user::text, current_database()::text]) AS x`)
	program := filepath.Join(settings[0], "pg_dump")
	if _, err := os.Stat(program); err != nil || os.Getenv("SCHEMACTOR_TEST_POSTGRES") != "" {
		t.Log("no dump program beside the server")
		return
	}
	out, err := osexec.CommandContext(t.Context(), program, "--schema-only", "--no-password",
		"--host="+settings[1], "--port="+settings[2], "--username="+settings[3], settings[4]).CombinedOutput()
	require.NoError(t, err, string(out))
	statements := dumpStatements(string(out))
	require.NotEmpty(t, m.born)
	for migrated, born := range m.born {
		require.NotEmpty(t, statements[born], born)
		require.Equal(t, statements[born], statements[migrated], migrated)
	}
}

var (
	dumpTables    = regexp.MustCompile(`public\.(m\d+z(?:born)?)\b`)
	sequenceNames = regexp.MustCompile(`SEQUENCE NAME .*`)
	commentLines  = regexp.MustCompile(`(?m)^--.*\n|^SET .*\n`)
)

// dumpStatements sorts the statements of a dump by table, with their names taken out.
func dumpStatements(text string) map[string][]string {
	out := map[string][]string{}
	for statement := range strings.SplitSeq(commentLines.ReplaceAllString(text, ""), ";\n") {
		found := dumpTables.FindStringSubmatch(statement)
		if found == nil {
			continue
		}
		statement = nameless(sequenceNames.ReplaceAllString(strings.TrimSpace(statement), "SEQUENCE"), "public."+found[1])
		lines := strings.Split(statement, "\n")
		for i, line := range lines {
			lines[i] = strings.TrimSuffix(strings.TrimSpace(line), ",")
		}
		slices.Sort(lines)
		out[found[1]] = append(out[found[1]], strings.Join(lines, "\n"))
	}
	for _, statements := range out {
		slices.Sort(statements)
	}
	return out
}
