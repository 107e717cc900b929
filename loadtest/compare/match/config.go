package match

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// Config says what is compared and for how long. Resolve fills in what is missing.
type Config struct {
	// Databases to compare on; none is all.
	Databases []peer.Database
	// Scenarios by name, see Scenarios; none is all.
	Scenarios []string
	// Rounds is how often each cell is run by each contestant, as far as the budget allows; 0 is 3.
	Rounds int
	// CellTime is how long a contestant runs a cell that has a time; 0 is what the budget allows, at most 2 s.
	CellTime time.Duration
	// Budget is about how long all of it may take; 0 is 4 minutes. Each scenario is run once at least.
	Budget time.Duration
	// Seed of the order in which contestants take turns; 0 is 1.
	Seed uint64
	// Random has keys without any order, as UUIDs of version 4, in place of keys in the order of time, as those of version 7.
	Random bool
	// Sizes of the cells; the zero value is the sizes of the issue.
	Sizes Sizes
	// Postgres is the URL of a database on a server where others may be made by its role, which must be a superuser.
	Postgres string
	// MySQL is the URL of a database on a MariaDB where others may be made by its account, which must have SUPER.
	MySQL string
	// Progress gets a line for each cell; nil is nowhere.
	Progress io.Writer
}

// Sizes are how large the cells are.
type Sizes struct {
	Goroutines []int // of single-row operations
	Writers    []int // that create at the same time
	Failing    int   // writers among whose rows every tenth fails
	Bulk       []int // rows
	Tables     []int // of a start
	Herd       Herd
}

// Herd is how many use the same missing tables at the same moment.
type Herd struct {
	Tables     int
	Goroutines int // in one process
	Processes  int
	Each       int // goroutines of each process
}

// full are the sizes that the issue names.
func full() Sizes {
	return Sizes{
		Goroutines: []int{1, 64},
		Writers:    []int{64, 256, 1024},
		Failing:    64,
		Bulk:       []int{1000, 100_000},
		Tables:     []int{10, 100, 1000},
		Herd:       Herd{Tables: 20, Goroutines: 1000, Processes: 8, Each: 50},
	}
}

// Resolve gives a copy with every default in its place, or says what is wrong.
func (c Config) Resolve() (Config, error) {
	if len(c.Databases) == 0 {
		c.Databases = []peer.Database{peer.SQLite, peer.Postgres, peer.MySQL}
	}
	if len(c.Scenarios) == 0 {
		c.Scenarios = Scenarios()
	}
	for _, name := range c.Scenarios {
		if !slices.Contains(Scenarios(), name) {
			return c, fmt.Errorf("no scenario %q: there are %s", name, strings.Join(Scenarios(), ", "))
		}
	}
	if c.Rounds < 0 || c.CellTime < 0 || c.Budget < 0 {
		return c, fmt.Errorf("rounds, cell time and budget cannot be negative")
	}
	if c.Rounds == 0 {
		c.Rounds = 3
	}
	if c.Budget == 0 {
		c.Budget = 4 * time.Minute
	}
	if c.Seed == 0 {
		c.Seed = 1
	}
	if c.Sizes.Goroutines == nil {
		c.Sizes = full()
	}
	if c.Progress == nil {
		c.Progress = io.Discard
	}
	if slices.Contains(c.Databases, peer.Postgres) && c.Postgres == "" {
		return c, fmt.Errorf("no PostgreSQL server")
	}
	if slices.Contains(c.Databases, peer.MySQL) && c.MySQL == "" {
		return c, fmt.Errorf("no MariaDB server")
	}
	return c, nil
}
