package report

import (
	"bufio"
	"cmp"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// Machine is where a result was measured.
type Machine struct {
	Processor string            `json:"processor"`
	Cores     int               `json:"cores"`
	System    string            `json:"system"`
	Go        string            `json:"go"`
	SQLite    string            `json:"sqlite"`
	Postgres  string            `json:"postgres,omitempty"`
	MariaDB   string            `json:"mariadb,omitempty"`
	Modules   map[string]string `json:"modules"` // version by path
}

// compared are the modules whose versions matter.
func compared() []string {
	return []string{
		"github.com/jackc/pgx/v5", "github.com/mattn/go-sqlite3", "gorm.io/gorm", "gorm.io/driver/postgres", "gorm.io/driver/sqlite",
		"github.com/go-sql-driver/mysql", "gorm.io/driver/mysql", "entgo.io/ent", "github.com/uptrace/bun",
	}
}

// ThisMachine describes the machine that runs the program; postgres and mariadb are the versions of the servers, if
// there are any.
func ThisMachine(postgres, mariadb string) Machine {
	version, _, _ := sqlite3.Version()
	m := Machine{
		Processor: processor(), Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		SQLite: version, Postgres: postgres, MariaDB: mariadb, Modules: map[string]string{},
	}
	build, _ := debug.ReadBuildInfo()
	for _, path := range compared() {
		m.Modules[path] = "unknown"
		if build == nil {
			continue
		}
		for _, module := range build.Deps {
			if module.Path == path {
				m.Modules[path] = module.Version
			}
		}
	}
	return m
}

// processor is the processor's name where Linux tells it.
func processor() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer func() { _ = file.Close() }() // it was only read
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, found := strings.Cut(lines.Text(), ":"); found && strings.TrimSpace(name) == "model name" {
			return cmp.Or(strings.TrimSpace(value), runtime.GOARCH)
		}
	}
	return runtime.GOARCH
}
