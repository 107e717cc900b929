package load

import (
	"fmt"
	"time"
)

// InputError is a setting that makes no sense. Flag is the setting as the command line spells it.
type InputError struct{ Flag, Text string }

// Error names the flag.
func (e *InputError) Error() string { return "--" + e.Flag + " " + e.Text }

// Config says how much load is put on what.
type Config struct {
	// Database is a postgres:// URL or the path of a SQLite file; empty is a file in a temporary folder.
	Database string
	// Writers is how many goroutines write, spread over Processes; Tables is how many tables they write to.
	Writers, Tables, Processes int
	// Duration is how long they write, counted from the moment when all processes may begin.
	Duration time.Duration
	// KillEvery is the pause between two kills of a process, the first of which happens while the tables are being made.
	// 0 is no kills.
	KillEvery time.Duration
	// Seed decides which operations are done on what; the same seed gives each writer the same choices.
	Seed uint64
	// Keep leaves the tables in the database.
	Keep bool
	// Begun is called once, when all processes have connected and may begin, with the database's name for people. It may be nil.
	Begun func(database string)
	// Interval is how often Live is called while the load runs; 0 is a second. Live may be nil, and must not block for long.
	Interval time.Duration
	Live     func(Sample)
}

const (
	maxWriters   = 100_000
	maxTables    = 1_000
	maxProcesses = 200
	minKillEvery = 20 * time.Millisecond
)

// check finds the first setting that makes no sense.
func (c *Config) check() error {
	for _, n := range []struct {
		flag       string
		value, max int
	}{{"writers", c.Writers, maxWriters}, {"tables", c.Tables, maxTables}, {"processes", c.Processes, maxProcesses}} {
		if n.value < 1 || n.value > n.max {
			return &InputError{n.flag, fmt.Sprintf("must be from 1 to %d, not %d", n.max, n.value)}
		}
	}
	switch {
	case c.Processes > c.Writers:
		return &InputError{"processes", fmt.Sprintf("must not be more than the %d writers, not %d", c.Writers, c.Processes)}
	case c.Duration <= 0:
		return &InputError{"duration", fmt.Sprintf("must be longer than nothing, not %v", c.Duration)}
	case c.KillEvery != 0 && c.KillEvery < minKillEvery:
		return &InputError{"kill-every", fmt.Sprintf("must be 0 for never, or at least %v, not %v", minKillEvery, c.KillEvery)}
	}
	return nil
}
