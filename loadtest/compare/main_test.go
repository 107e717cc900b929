package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/loadtest/compare/match"
)

func TestMain(m *testing.M) {
	if code, worker := fleet.Main(match.Roles()); worker {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

func TestCommandWritesItsFiles(t *testing.T) {
	folder := t.TempDir()
	page, samples := filepath.Join(folder, "page.md"), filepath.Join(folder, "samples.json")
	require.NoError(t, os.WriteFile(page, []byte("# Speed\n\n"+beginMark+"old\n"+endMark+"\n\nThe end.\n"), 0o600))
	var out, errOut bytes.Buffer
	code := run(t.Context(), []string{
		"--database", "sqlite", "--scenario", "writers", "--rounds", "1", "--cell", "2ms", "--markdown", page, "--json", samples,
	}, &out, &errOut)
	require.Zero(t, code, errOut.String())
	require.Contains(t, out.String(), "create, 64 goroutines, FULL")
	require.Contains(t, errOut.String(), "round 1 of 1")

	text, err := os.ReadFile(page)
	require.NoError(t, err)
	for _, part := range []string{
		"# Speed\n\n" + beginMark + "```\nmake compare ARGS='--cell 2ms --database sqlite --rounds 1 --scenario writers'\n```", "| create, 64 goroutines, NORMAL |", "pgx v5", endMark + "\n\nThe end.\n",
	} {
		require.Contains(t, string(text), part)
	}
	require.NotContains(t, string(text), "old")
	raw, err := os.ReadFile(samples)
	require.NoError(t, err)
	var read struct {
		Cells []struct{ Samples map[string][]match.Sample }
	}
	require.NoError(t, json.Unmarshal(raw, &read))
	require.NotEmpty(t, read.Cells)
	require.Positive(t, read.Cells[0].Samples["schemactor"][0].P99)
}

func TestFaultyFlags(t *testing.T) {
	for _, args := range [][]string{{"--database", "oracle"}, {"--keys", "none"}, {"--database", "sqlite", "--scenario", "sprint"}, {"--unknown"}, {"word"}} {
		var out, errOut bytes.Buffer
		require.Equal(t, 2, run(t.Context(), args, &out, &errOut))
		require.Contains(t, errOut.String(), "compare: ")
	}
}

func TestMarkdownWithoutMarksIsReplaced(t *testing.T) {
	require.Equal(t, "new", string(between([]byte("something else"), []byte("new"))))
	require.Equal(t, "new", string(between([]byte(beginMark+" and no end"), []byte("new"))))
	require.Equal(t, 1, strings.Count(string(between([]byte(beginMark+endMark), []byte("new\n"))), "new"))
}
