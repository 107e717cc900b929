package main

import (
	"bytes"
	"errors"
	"io"
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
	"go.yaml.in/yaml/v3"

	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

// tree is a YAML document.
type tree struct{ root map[string]any }

// at follows keys and indexes to a value.
func (d tree) at(t *testing.T, path ...any) any {
	t.Helper()
	var now any = d.root
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := now.(map[string]any)
			require.Contains(t, object, step, "%v", path)
			now = object[step]
		case int:
			list, _ := now.([]any)
			require.Greater(t, len(list), step, "%v", path)
			now = list[step]
		}
	}
	return now
}

func (d tree) words(t *testing.T, path ...any) []string {
	t.Helper()
	var out []string
	for _, word := range d.at(t, path...).([]any) {
		out = append(out, word.(string))
	}
	return out
}

// documents reads a file of the project, which may hold several.
func documents(t *testing.T, name string) []tree {
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	require.NoError(t, err)
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var out []tree
	for {
		var d tree
		if err := decoder.Decode(&d.root); errors.Is(err, io.EOF) {
			return out
		} else {
			require.NoError(t, err, name)
		}
		out = append(out, d)
	}
}

// requireCommand parses arguments as the program would.
func requireCommand(t *testing.T, args []string) {
	t.Helper()
	cmd, rest, err := newCommand(io.Discard).Find(args)
	require.NoError(t, err)
	require.Equal(t, "serve", cmd.Name())
	require.NoError(t, cmd.ParseFlags(rest), "%v", args)
	require.Empty(t, cmd.Flags().Args(), "%v", args)
}

// value is what a flag is given.
func value(t *testing.T, args []string, flag string) string {
	t.Helper()
	i := slices.Index(args, flag)
	require.GreaterOrEqual(t, i, 0, "%v has no %s", args, flag)
	return args[i+1]
}

func TestComposeFile(t *testing.T) {
	d := documents(t, "compose.yaml")[0]
	command := d.words(t, "services", "service", "command")
	requireCommand(t, command)
	require.Equal(t, 3, d.at(t, "services", "service", "deploy", "replicas"))
	require.Equal(t, []string{"127.0.0.1:8080-8082:8080"}, d.words(t, "services", "service", "ports"))
	require.Equal(t, ":8080", value(t, command, "--address"))
	require.Equal(t, "postgres://demo@postgres:5432/demo?sslmode=disable", value(t, command, "--database"))
	server := []any{"services", "postgres"}
	require.Equal(t, "demo", d.at(t, append(server, "environment", "POSTGRES_USER")...))
	require.Equal(t, "demo", d.at(t, append(server, "environment", "POSTGRES_DB")...))
	for _, password := range []any{
		d.at(t, append(server, "environment", "POSTGRES_PASSWORD")...), d.at(t, "services", "service", "environment", "PGPASSWORD"),
	} {
		require.Regexp(t, `^\$\{POSTGRES_PASSWORD:\?.+\}$`, password, "no password is written down")
	}
	require.NotEmpty(t, d.at(t, append(server, "healthcheck", "test")...))
	require.Contains(t, d.at(t, "volumes"), "postgres")
	// Debian's and the image's tools go by the same name.
	require.Equal(t, "pg_isready", d.words(t, append(server, "healthcheck", "test")...)[1])
}

// The Job and the Deployment of the example, as processes: the services start first, with a role that may make nothing, and are
// ready when the Job has made the tables.
func TestKubernetesExample(t *testing.T) {
	job, deployment := documents(t, "docs/kubernetes/migrate.yaml")[0], documents(t, "docs/kubernetes/deployment.yaml")[0]
	address := postgrestest.Open(t)
	role := postgrestest.Role(t, address)
	d, err := postgres.Open(t.Context(), address, nil)
	require.NoError(t, err)
	defer d.Close()
	owner := mounted(t, job, address)
	args := mounted(t, deployment, role)
	requireCommand(t, args)
	require.Equal(t, ":8080", value(t, args, "--address"))
	require.Equal(t, 8080, container(t, deployment)["ports"].([]any)[0].(map[string]any)["containerPort"])
	args[slices.Index(args, "--address")+1] = "127.0.0.1:0"
	args[slices.Index(args, "--grace")+1] = "0s"

	var services []*program
	for range 3 {
		services = append(services, serving(t, args[1:]...))
	}
	ready, alive := probed(t, deployment, "readinessProbe"), probed(t, deployment, "livenessProbe")
	for _, p := range services {
		until(t, "a service to say that its tables do not match", func() bool { return p.answers(ready, 503) })
		require.True(t, p.answers(alive, 200), "it is alive, and need not be restarted")
	}
	require.Equal(t, "made     schemactor_service.customers\nmade     schemactor_service.orders\nmade     schemactor_service.order_items\n",
		done(t, owner))
	// What an administrator does once, beside the example.
	_, err = d.Writer().Exec(t.Context(), "GRANT USAGE ON SCHEMA schemactor_service TO PUBLIC")
	require.NoError(t, err)
	for _, in := range []string{"schemactor_service", "public"} {
		_, err = d.Writer().Exec(t.Context(), "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "+in+" TO PUBLIC")
		require.NoError(t, err)
	}
	for _, p := range services {
		until(t, "a service to be ready: "+p.said(), func() bool { return p.answers(ready, 200) })
	}
	require.Equal(t, 3, strings.Count(done(t, owner), "matches  "), "a Job may run twice")
	v := visit(t, 6, services...)
	v.awaitWrites(time.Time{})
	v.leaving.Store(true)
	for _, p := range services {
		require.Zero(t, p.end(syscall.SIGTERM), p.said())
	}
	v.stop()
	v.judge(d, serviceNamespace)
	requireOneMigrationEach(t, d)
}

// container is the one container of a Job or Deployment.
func container(t *testing.T, d tree) map[string]any {
	return d.at(t, "spec", "template", "spec", "containers", 0).(map[string]any)
}

// mounted gives the container's arguments with its secret in a file of the test's.
func mounted(t *testing.T, d tree, address string) []string {
	t.Helper()
	args := d.words(t, "spec", "template", "spec", "containers", 0, "args")
	requireCommand(t, args)
	mount := d.at(t, "spec", "template", "spec", "containers", 0, "volumeMounts", 0, "mountPath")
	require.Equal(t, mount.(string)+"/url", value(t, args, "--database-file"))
	path := filepath.Join(t.TempDir(), "url")
	require.NoError(t, os.WriteFile(path, []byte(address+"\n"), 0o600))
	args[slices.Index(args, "--database-file")+1] = path
	return args
}

// probed is the path of a probe.
func probed(t *testing.T, d tree, probe string) string {
	return d.at(t, "spec", "template", "spec", "containers", 0, probe, "httpGet", "path").(string)
}

// done runs the program to its end and gives what it printed.
func done(t *testing.T, args []string) string {
	t.Helper()
	p, out := launch(t, args...)
	text, err := io.ReadAll(out)
	require.NoError(t, err)
	p.wait()
	require.Zero(t, p.command.ProcessState.ExitCode(), p.said())
	return string(text)
}

func TestKubernetesService(t *testing.T) {
	deployment := documents(t, "docs/kubernetes/deployment.yaml")[0]
	labels := deployment.at(t, "spec", "template", "metadata", "labels")
	require.Equal(t, labels, deployment.at(t, "spec", "selector", "matchLabels"))
	both := documents(t, "docs/kubernetes/service.yaml")
	require.Equal(t, labels, both[0].at(t, "spec", "selector"))
	require.Equal(t, container(t, deployment)["ports"].([]any)[0].(map[string]any)["name"], both[0].at(t, "spec", "ports", 0, "targetPort"))
	require.Equal(t, labels, both[1].at(t, "spec", "selector", "matchLabels"))
	require.Equal(t, "PodDisruptionBudget", both[1].at(t, "kind"))
}

// The image is built from what Docker would be sent, by the command that builds it: with SCHEMACTOR_SERVE_SECONDS, for it takes a
// while; without, all packages and files that the program is made of must be there.
func TestDockerfileBuilds(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "Dockerfile"))
	require.NoError(t, err)
	build := regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=1 go build .*) -o /out/demo (\S+)$`).FindSubmatch(text)
	require.NotNil(t, build)
	for _, words := range regexp.MustCompile(`(?m)^FROM (\S+?):(\S+)`).FindAllSubmatch(text, -1) {
		require.Regexp(t, `^\d+\.\d+`, string(words[2]), "versions are pinned")
	}
	command := regexp.MustCompile(`(?m)^CMD (\[.*\])$`).FindSubmatch(text)
	var args []string
	require.NoError(t, yaml.Unmarshal(command[1], &args))
	requireCommand(t, args)
	require.Contains(t, string(text), "\nEXPOSE "+strings.TrimPrefix(value(t, args, "--address"), ":")+"\n")
	require.Contains(t, string(text), "\nUSER 10001:10001\n")

	context, program := t.TempDir(), filepath.Join(t.TempDir(), "demo")
	sendContext(t, context)
	if serveSeconds(t) == 0 {
		list := exec.Command("go", "list", "-deps", string(build[2]))
		list.Dir = context
		out, err := list.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	shell := exec.Command("/bin/sh", "-c", string(build[1])+" -o "+program+" "+string(build[2]))
	shell.Dir = context
	out, err := shell.CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.Command(program, "serve", "--help").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--database-file")
}

// sendContext copies what .dockerignore leaves, of the patterns that it uses.
func sendContext(t *testing.T, to string) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, ".dockerignore"))
	require.NoError(t, err)
	patterns := strings.Fields(string(text))
	ignored := func(path string) bool {
		for _, pattern := range patterns {
			name := path
			if rest, anywhere := strings.CutPrefix(pattern, "**/"); anywhere {
				pattern, name = rest, filepath.Base(path)
			}
			if match, err := filepath.Match(pattern, name); err != nil || match {
				return true
			}
		}
		return false
	}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil || relative == "." {
			return err
		}
		switch target := filepath.Join(to, relative); {
		case ignored(relative) && entry.IsDir():
			return fs.SkipDir
		case ignored(relative):
			return nil
		case entry.IsDir():
			return os.Mkdir(target, 0o700)
		default:
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(target, content, 0o600)
		}
	}))
}
