package docs_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/mysqltest"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/postgrestest"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/sqlitetest"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/schema"
)

// configs are the public ones, by the heading of their table in reference/options.md.
var configs = map[string]reflect.Type{
	"coordinator.Config":      reflect.TypeFor[coordinator.Config](),
	"coordinator.ReadyConfig": reflect.TypeFor[coordinator.ReadyConfig](),
	"coordinator.Lane":        reflect.TypeFor[coordinator.Lane](),
	"schema.Policy":           reflect.TypeFor[schema.Policy](),
	"sqlite.Config":           reflect.TypeFor[sqlite.Config](),
	"postgres.Config":         reflect.TypeFor[postgres.Config](),
	"mysql.Config":            reflect.TypeFor[mysql.Config](),
	"actors.ServeConfig":      reflect.TypeFor[actors.ServeConfig](),
	"sqlitetest.Config":       reflect.TypeFor[sqlitetest.Config](),
	"postgrestest.Config":     reflect.TypeFor[postgrestest.Config](),
	"mysqltest.Config":        reflect.TypeFor[mysqltest.Config](),
}

// configElsewhere are the pages that describe a Config of their own.
var configElsewhere = map[string]string{
	"dashboard.Config": "dashboard.md",
	"telemetry.Config": "telemetry.md",
}

// TestEveryOptionIsInTheReference wants every field in its table, and no other.
func TestEveryOptionIsInTheReference(t *testing.T) {
	sections := sectionsOf(read(t, "reference/options.md"))
	row := regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|")
	for name, config := range configs {
		var fields, listed []string
		for i := range config.NumField() {
			fields = append(fields, config.Field(i).Name)
		}
		for _, line := range row.FindAllStringSubmatch(sections[name], -1) {
			for field := range strings.SplitSeq(line[1], ", ") {
				listed = append(listed, strings.Trim(field, "`"))
			}
		}
		require.ElementsMatch(t, fields, listed, name)
	}
}

// TestEveryConfigIsKnown finds the exported Config structs of the library's packages.
func TestEveryConfigIsKnown(t *testing.T) {
	declared := regexp.MustCompile(`(?m)^type (\w*Config) struct`)
	found := 0
	for _, top := range []string{"schema", "dialect", "nodes", "coordinator", "actors"} {
		require.NoError(t, filepath.WalkDir("../"+top, func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "/internal/") {
				return err
			}
			for _, match := range declared.FindAllStringSubmatch(read(t, path), -1) {
				name := filepath.Base(filepath.Dir(path)) + "." + match[1]
				found++
				switch {
				case name == "actors.Config", name == "actors.LaneConfig": // the coordinator's, below
				case configElsewhere[name] != "":
					require.Contains(t, read(t, configElsewhere[name]), match[1])
				default:
					require.Contains(t, configs, name, path)
				}
			}
			return nil
		}))
	}
	require.Greater(t, found, 7)
}

// TestEveryTagIsOnThePage reads the options that the parser knows.
func TestEveryTagIsOnThePage(t *testing.T) {
	page := read(t, "tags.md")
	known := regexp.MustCompile(`(?m)^\t"([a-z]+)": +\{`).FindAllStringSubmatch(read(t, "../schema/columntag.go"), -1)
	require.Greater(t, len(known), 20)
	for _, option := range known {
		require.True(t, regexp.MustCompile("(?m)^\\| .*`"+option[1]+"[`=].* \\|").MatchString(page), "tags.md has no row for %s", option[1])
	}
}

// TestEveryTableOptionIsOnThePage reads them from the package.
func TestEveryTableOptionIsOnThePage(t *testing.T) {
	page := read(t, "tags.md")
	options := regexp.MustCompile(`(?m)^func ([A-Z]\w+)\(.*\) TableOption \{`).FindAllStringSubmatch(read(t, "../schema/options.go"), -1)
	require.Greater(t, len(options), 8)
	for _, option := range options {
		require.True(t, strings.Contains(page, "| `schema."+option[1]+"("), "tags.md has no row for schema.%s", option[1])
	}
}
