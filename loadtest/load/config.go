package load

import (
	"fmt"
	"time"

	"github.com/schemactor/schemactor/internal/database"
	"github.com/schemactor/schemactor/loadtest/report"
)

// InputError is a setting that makes no sense. Flag is the setting as the command line spells it.
type InputError struct{ Flag, Text string }

// Error names the flag.
func (e *InputError) Error() string { return "--" + e.Flag + " " + e.Text }

// OwnPostgres and OwnMariaDB are the Config.Database that asks for a server of the run's own, made from the installed binaries.
const (
	OwnPostgres = "postgres"
	OwnMariaDB  = "mysql"
)

// Config says how much load is put on what. Settings that are not said to have a default must be given.
type Config struct {
	// Database is a postgres:// or mysql:// URL, the path of a SQLite file, OwnPostgres or OwnMariaDB; empty is a SQLite file in a
	// temporary folder.
	Database string
	// Mode is how the workers make sure that their tables are there; empty is ModeCoordinator.
	Mode Mode
	// Writers is how many goroutines write, spread over Processes; Tables is how many tables they write to.
	Writers, Tables, Processes int
	// Duration is how long they write after the warm-up, Count how many operations they begin after it, in all. One of them may be 0;
	// with both, what comes first ends the load.
	Duration time.Duration
	Count    int64
	// WarmUp is how long they write before operations begin to count: in latencies and throughput, not in the verdict.
	WarmUp time.Duration
	// Rate is how many operations are to be begun in a second, by all writers together, whether others have ended or not. 0 is as many
	// as the writers can do one after another.
	Rate float64
	// Mix says how often each operation is done; the zero Mix is DefaultMix.
	Mix Mix
	// Keys says which tables and rows are chosen; empty is KeysUniform.
	Keys Keys
	// RowSize is how many bytes of text each row has beside its other columns.
	RowSize int
	// Seed decides which operations are done on what; the same seed gives each writer the same choices.
	Seed uint64
	// Changes is how many newer versions of the model are deployed during the run, spread over it, one process after the other.
	Changes int
	// Faults are what is done to processes and database meanwhile.
	Faults Faults
	// Keep leaves the tables in the database.
	Keep bool
	// Name and Settings go into the result as they are.
	Name     string
	Settings []report.Setting
	// Begun is called once, when all processes have connected and may begin, with the database's name for people. It may be nil.
	Begun func(database string)
	// Interval is how often Live is called while the load runs; 0 is a second. Live may be nil, and must not block for long.
	Interval time.Duration
	Live     func(Sample)
}

// Faults are the pauses between two faults of a kind; 0 is never.
type Faults struct {
	// Kill kills a process; the first time while the tables are being made.
	Kill time.Duration
	// Restart stops the database server and starts it again, in turns in order and by a crash. It must be the run's own.
	Restart time.Duration
	// Cut ends the sessions of all processes on the database server. A MariaDB must be the run's own.
	Cut time.Duration
	// Drop drops a table.
	Drop time.Duration
	// Freeze stops a process for FreezeFor, and lets it go on then.
	Freeze, FreezeFor time.Duration
}

const (
	maxWriters   = 100_000
	maxTables    = 1_000
	maxProcesses = 200
	maxRowSize   = 1 << 20
	maxRate      = 10_000_000

	minKillEvery  = 20 * time.Millisecond
	minFaultEvery = 100 * time.Millisecond
	minRestart    = 2 * time.Second

	// Others wait 5 s for a SQLite file whose lock a frozen process holds.
	minFreeze, maxFreeze = 10 * time.Millisecond, 3 * time.Second
)

// resolve fills in the defaults.
func (c *Config) resolve() {
	if c.Mode == "" {
		c.Mode = ModeCoordinator
	}
	if c.Keys == "" {
		c.Keys = KeysUniform
	}
	if c.Mix == (Mix{}) {
		c.Mix = DefaultMix()
		if c.Tables == 1 {
			c.Mix[OpPair] = 0
		}
	}
}

// check finds the first setting that makes no sense.
func (c *Config) check() error {
	for _, n := range []struct {
		flag            string
		value, min, max int
	}{
		{"writers", c.Writers, 1, maxWriters},
		{"tables", c.Tables, 1, maxTables},
		{"processes", c.Processes, 1, maxProcesses},
		{"row-size", c.RowSize, 0, maxRowSize},
		{"changes", c.Changes, 0, maxChanges},
	} {
		if n.value < n.min || n.value > n.max {
			return &InputError{n.flag, fmt.Sprintf("must be from %d to %d, not %d", n.min, n.max, n.value)}
		}
	}
	switch {
	case c.Processes > c.Writers:
		return &InputError{"processes", fmt.Sprintf("must not be more than the %d writers, not %d", c.Writers, c.Processes)}
	case c.Count < 0:
		return &InputError{"count", fmt.Sprintf("must be 0 for no limit, or more, not %d", c.Count)}
	case c.Duration < 0 || c.Duration == 0 && c.Count == 0:
		return &InputError{"duration", fmt.Sprintf("must be longer than nothing, not %v", c.Duration)}
	case c.WarmUp < 0:
		return &InputError{"warm-up", fmt.Sprintf("must be 0 for none, or longer, not %v", c.WarmUp)}
	case c.Rate < 0 || c.Rate > maxRate || c.Rate != c.Rate:
		return &InputError{"rate", fmt.Sprintf("must be 0 for no rate, or up to %d operations per second, not %v", maxRate, c.Rate)}
	case c.Mix[OpPair] > 0 && c.Tables == 1:
		return &InputError{"mix", "has pairs, which need two tables, and --tables is 1"}
	}
	return c.checkWords()
}

func (c *Config) checkWords() error {
	switch c.Mode {
	case ModeCoordinator, ModeCheckEveryOp, ModeIfNotExists:
	default:
		return &InputError{"mode", fmt.Sprintf("is the unknown %q: there are %s, %s and %s",
			c.Mode, ModeCoordinator, ModeCheckEveryOp, ModeIfNotExists)}
	}
	switch c.Keys {
	case KeysUniform, KeysZipf, KeysSequential:
	default:
		return &InputError{"keys", fmt.Sprintf("is the unknown %q: there are %s, %s and %s", c.Keys, KeysUniform, KeysZipf, KeysSequential)}
	}
	if err := c.Faults.check(c.Database); err != nil {
		return err
	}
	if _, own := ownServer(c.Database); own && c.Keep {
		return &InputError{"keep", "has nowhere to leave the tables: a throw-away server is removed with them"}
	}
	return c.Faults.come(c)
}

// come finds the first fault that would not come before the load is over, so that nobody takes a run for one that was disturbed.
// The first kill comes at once.
func (f *Faults) come(c *Config) error {
	if c.Duration == 0 {
		return nil // it is over when it is over
	}
	for flag, every := range map[string]time.Duration{
		"restart-every": f.Restart, "cut-every": f.Cut, "drop-every": f.Drop, "freeze-every": f.Freeze,
	} {
		if every >= c.WarmUp+c.Duration {
			return &InputError{flag, fmt.Sprintf("must be shorter than the load, %v, not %v: it would never come", c.WarmUp+c.Duration, every)}
		}
	}
	return nil
}

// check finds the first fault that cannot be caused.
func (f *Faults) check(text string) error {
	for _, e := range []struct {
		flag       string
		value, min time.Duration
	}{
		{"kill-every", f.Kill, minKillEvery},
		{"restart-every", f.Restart, minRestart},
		{"cut-every", f.Cut, minFaultEvery},
		{"drop-every", f.Drop, minFaultEvery},
		{"freeze-every", f.Freeze, minFaultEvery},
	} {
		if e.value != 0 && e.value < e.min {
			return &InputError{e.flag, fmt.Sprintf("must be 0 for never, or at least %v, not %v", e.min, e.value)}
		}
	}
	switch {
	case f.FreezeFor != 0 && f.Freeze == 0:
		return &InputError{"freeze-for", "says how long, and --freeze-every does not say how often"}
	case f.Freeze != 0 && (f.FreezeFor < minFreeze || f.FreezeFor > maxFreeze):
		return &InputError{"freeze-for", fmt.Sprintf("must be from %v to %v, not %v", minFreeze, maxFreeze, f.FreezeFor)}
	case f.Freeze != 0 && f.FreezeFor > f.Freeze/2: // others must come to their turn in between
		return &InputError{"freeze-for", fmt.Sprintf("must be at most half of --freeze-every, %v, not %v", f.Freeze/2, f.FreezeFor)}
	}
	return f.checkServer(text)
}

// checkServer finds the first fault that needs another server.
func (f *Faults) checkServer(text string) error {
	_, own := ownServer(text)
	address, err := database.Parse(text)
	switch {
	case own || err != nil: // which openSite says
		return nil
	case f.Restart != 0:
		return &InputError{"restart-every", "restarts only a server that the run has started itself: it needs --database " +
			OwnPostgres + " or " + OwnMariaDB}
	case f.Cut != 0 && !address.Kind.Served():
		return &InputError{"cut-every", "has nothing to cut: SQLite is part of the process, and has no connections to a server"}
	case f.Cut != 0 && address.Kind == database.MariaDB:
		return &InputError{"cut-every", "cuts on MariaDB only a server that the run has started itself, for others' sessions look alike there:" +
			" it needs --database " + OwnMariaDB}
	}
	return nil
}
