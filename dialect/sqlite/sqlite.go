package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Config tunes Open. The zero value and nil work.
type Config struct {
	// Readers is how many connections read at the same time; 0 is the number of CPUs, at least 4.
	Readers int
	// BusyTimeout is how long a statement waits for another process's lock; 0 is 5 s.
	BusyTimeout time.Duration
	// Synchronous is OFF, NORMAL, FULL or EXTRA; empty is NORMAL, which in WAL mode loses no committed transaction when the
	// program dies and may lose the last ones when the machine does.
	Synchronous string
}

func (c *Config) withDefaults() (Config, error) {
	var out Config
	if c != nil {
		out = *c
	}
	if out.Readers < 0 || out.BusyTimeout < 0 {
		return out, schema.Invalid("open", "", "", "Readers and BusyTimeout cannot be negative")
	}
	if out.Readers == 0 {
		out.Readers = max(4, runtime.GOMAXPROCS(0))
	}
	if out.BusyTimeout == 0 {
		out.BusyTimeout = 5 * time.Second
	}
	switch strings.ToUpper(out.Synchronous) {
	case "":
		out.Synchronous = "NORMAL"
	case "OFF", "NORMAL", "FULL", "EXTRA":
		out.Synchronous = strings.ToUpper(out.Synchronous)
	default:
		return out, schema.Invalid("open", "", "Synchronous", "not one of OFF, NORMAL, FULL, EXTRA")
	}
	return out, nil
}

// DB is a SQLite database. It is safe for concurrent use.
type DB struct {
	Grammar
	writer, reader pool
	busy           time.Duration
	locking        chan struct{} // one token: the Locked call that runs
	opened         []*conns      // what Close ends: the last connection to go must be one that writes, to clear the log away
}

var _ dialect.Dialect = (*DB)(nil)

// New takes pools that the caller opened and keeps: they are never closed here. The writer should be limited to one
// connection; reader nil is the writer. cfg.Readers and cfg.Synchronous do not apply. It touches no database. What Open
// opens is faster, for it goes round database/sql.
func New(writer, reader *sql.DB, cfg *Config) (*DB, error) {
	if writer == nil {
		return nil, schema.Invalid("open", "", "writer", "is nil")
	}
	full, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	d := &DB{writer: newGiven(writer), busy: full.BusyTimeout, locking: make(chan struct{}, 1)}
	d.reader = d.writer
	if reader != nil {
		d.reader = newGiven(reader)
	}
	return d, nil
}

// Open opens a database file, which is created where it is missing in a directory that is there: a path, taken as it
// is, or sqlite://path, or file: with a URL's escapes. Write-ahead logging is on; one connection writes and cfg.Readers
// read. A file that cannot be opened, or not be written, is schema.ErrUnavailable or schema.ErrPermission and named.
//
// ":memory:" is a private database that lives as long as the DB, on one connection: there a transaction keeps everybody
// outside it waiting, readers too, and a result is read whole before its first row is given.
func Open(ctx context.Context, path string, cfg *Config) (*DB, error) {
	full, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	file, err := pathOf(path)
	if err != nil {
		return nil, err
	}
	writer := newConns(&connector{path: file, config: full, write: true}, 1)
	d := &DB{
		writer: writer, reader: writer, busy: full.BusyTimeout, locking: make(chan struct{}, 1), opened: []*conns{writer},
	}
	first, err := writer.get(ctx)
	if err != nil {
		return nil, d.opening(path, err)
	}
	if err := first.release(false); err != nil {
		return nil, d.opening(path, err)
	}
	if file != memory {
		reader := newConns(&connector{path: file, config: full}, full.Readers)
		d.reader, d.opened = reader, []*conns{reader, writer}
	}
	return d, nil
}

// opening says which file could not be opened.
func (d *DB) opening(path string, err error) error {
	e := *d.Classify(err)
	e.Op, e.Detail = "open", strings.TrimSuffix(fmt.Sprintf("%q: %s", path, e.Detail), ": ")
	if e.Kind == nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		e.Kind = schema.ErrUnavailable
	}
	return &e
}

// Close ends the connections that Open made; after New it does nothing. It waits for nobody: a statement or transaction
// that runs keeps its connection until its end. A second call does nothing.
func (d *DB) Close() error {
	var failed error
	for _, p := range d.opened {
		failed = errors.Join(failed, p.close())
	}
	return failed
}

// tablesAtOnce keeps other writers waiting for a fraction of a second: each CREATE takes the longer the more tables there
// are.
const tablesAtOnce = 500

// Capability tells what SQLite can do.
func (*DB) Capability() dialect.Capability {
	return dialect.Capability{MaxParameters: 32766, TablesAtOnce: tablesAtOnce}
}

// Reader gives the pool for statements that write nothing.
func (d *DB) Reader() dialect.Querier { return d.reader }

// Writer gives the pool for all other statements: one connection.
func (d *DB) Writer() dialect.Querier { return d.writer }
