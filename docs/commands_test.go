package docs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

// way is how a command that the pages show is run here; see commandWays.
type way struct {
	as    string // what is run in its place, by sh; empty is the command itself. $POSTGRES, $MYSQL, $REPO and $PORT can be used
	dry   string // why only make's dry run of it is looked at
	long  string // what is run where SCHEMACTOR_COMMANDS is "long", in place of the dry run
	not   string // why it is not run at all; something else must test what it does
	until string // the command stays in the background until its page is through; this one tells that it is there
	any   bool   // the exit code is whatever it may be, as of a comparison that is meant to fail
}

var (
	fence      = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```")
	inline     = regexp.MustCompile("`([^`\n]+)`")
	command    = regexp.MustCompile(`^(make|go|curl|docker|kubectl|psql|mkdir|cd|demo|SCHEMACTOR_[A-Z_]+=\S+) \S`)
	afterwards = regexp.MustCompile(`\s+#.*$`)
)

// allPages are README, CONTRIBUTING and everything below docs. Decisions tell what was, and their commands may be gone.
func allPages(t *testing.T) []string {
	pages := []string{"../README.md", "../CONTRIBUTING.md"}
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			pages = append(pages, filepath.ToSlash(path))
		}
		return err
	}))
	return pages
}

// commandsOf finds the commands of a page: in blocks that are marked sh or not at all, a line each, and in the text.
func commandsOf(t *testing.T, page string) []string {
	text := read(t, page)
	var found []string
	take := func(line string) {
		line = strings.TrimSpace(afterwards.ReplaceAllString(line, ""))
		if line = strings.TrimPrefix(line, "$ "); command.MatchString(line) && !slices.Contains(found, line) {
			found = append(found, line)
		}
	}
	for _, block := range fence.FindAllStringSubmatch(text, -1) {
		if block[1] == "" || block[1] == "sh" {
			for line := range strings.SplitSeq(strings.ReplaceAll(block[2], "\\\n", ""), "\n") {
				take(line)
			}
		}
	}
	for _, span := range inline.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		take(span[1])
	}
	return found
}

// TestEveryCommandHasItsWay is quick; TestCommandsRun runs them.
func TestEveryCommandHasItsWay(t *testing.T) {
	used := map[string]bool{}
	for _, page := range allPages(t) {
		if strings.HasPrefix(page, "decisions/") {
			continue
		}
		for _, text := range commandsOf(t, page) {
			used[text] = true
			_, listed := commandWays[text]
			if !listed && !slices.Contains(modulePages, page) {
				t.Errorf("%s shows a command that commandWays does not have:\n\t%q", page, text)
			}
		}
	}
	for text := range commandWays {
		if !used[text] {
			t.Errorf("commandWays has a command that no page shows any more:\n\t%q", text)
		}
	}
}

// TestCommandsRun runs what README, CONTRIBUTING and docs show, page by page and in the order of the page. Commands of make run in the
// repository, all others in a folder of the page's own, where go run finds the programs of this repository already built.
func TestCommandsRun(t *testing.T) {
	shell := newShell(t)
	ran := map[string]bool{}
	for _, page := range allPages(t) {
		if strings.HasPrefix(page, "decisions/") || slices.Contains(modulePages, page) {
			continue
		}
		commands := commandsOf(t, page)
		if !slices.ContainsFunc(commands, func(text string) bool { return !ran[text] }) {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) {
			folder := t.TempDir()
			for _, text := range commands {
				if w, listed := commandWays[text]; listed && (!ran[text] || w.until != "") {
					shell.run(t, folder, text, w)
					ran[text] = true
				}
			}
		})
	}
}

// shell runs commands.
type shell struct {
	root string // of the repository
	env  []string
}

// newShell builds the programs that commands run, and puts a go before the real one that knows them.
func newShell(t *testing.T) *shell {
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-w", "-o", bin, "./cmd/demo", "./loadtest")
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	goPath, err := exec.LookPath("go")
	require.NoError(t, err)
	script := fmt.Sprintf(`#!/bin/sh
case "$1 $2" in
"run ./cmd/demo") shift 2; exec %[1]s/demo "$@" ;;
"run ./loadtest") shift 2; exec %[1]s/loadtest "$@" ;;
esac
exec %[2]s "$@"
`, bin, goPath)
	require.NoError(t, os.Mkdir(filepath.Join(bin, "first"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(bin, "first", "go"), []byte(script), 0o755))
	return &shell{root: root, env: append(os.Environ(),
		"PATH="+filepath.Join(bin, "first")+string(filepath.ListSeparator)+os.Getenv("PATH"),
		"REPO="+root, "PORT="+freePort(t), "NO_COLOR=1")}
}

func (s *shell) run(t *testing.T, folder, text string, w way) {
	text, w.as = strings.TrimSpace(text), strings.TrimSpace(w.as)
	switch {
	case w.not != "":
		return
	case w.long != "" && os.Getenv("SCHEMACTOR_COMMANDS") == "long":
		w.as = w.long
	case w.dry != "":
		require.True(t, strings.HasPrefix(text, "make "), "only make has a dry run: %s", text)
		w.as = strings.Replace(text, "make ", "make -n ", 1)
	case w.as == "":
		w.as = text
	}
	env := s.env
	if strings.Contains(w.as, "$POSTGRES") {
		env = append(slices.Clip(env), "POSTGRES="+postgrestest.Open(t))
	}
	if strings.Contains(w.as, "$MYSQL") {
		env = append(slices.Clip(env), "MYSQL="+mysqltest.Open(t))
	}
	// What runs in the background ends in order when the page is through, after the context of its test.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "sh", "-c", "exec "+w.as)
	if strings.ContainsAny(w.as, ";&|") {
		cmd = exec.CommandContext(ctx, "sh", "-c", w.as)
	}
	cmd.Dir, cmd.Env, cmd.WaitDelay = folder, env, time.Minute
	if strings.HasPrefix(w.as, "make ") {
		cmd.Dir = s.root
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	require.NoError(t, cmd.Start())
	if w.until != "" {
		s.keep(t, cmd, folder, w.until, &out)
		return
	}
	err := cmd.Wait()
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code, err = exit.ExitCode(), nil
	}
	require.NoError(t, err, "%s", w.as)
	require.True(t, code == 0 || w.any, "%s: exit code %d\n%s", w.as, code, out.String())
	t.Logf("%5.1f s  %s", time.Since(start).Seconds(), w.as)
}

// keep waits until a command in the background is there, and ends it in order when the page is through.
func (s *shell) keep(t *testing.T, cmd *exec.Cmd, folder, until string, out *bytes.Buffer) {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		require.NoError(t, <-ended, "%s", out)
	})
	require.Eventually(t, func() bool {
		ask := exec.CommandContext(t.Context(), "sh", "-c", until)
		ask.Dir, ask.Env = folder, s.env
		return ask.Run() == nil
	}, time.Minute, 50*time.Millisecond, "%s never succeeded", until)
}
