package sqlitetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/internal/models"
	"github.com/schemactor/schemactor/dialect/sqlite"
)

const fileName = "test.db"

// Config tunes a Template. The zero value, and a nil pointer, work.
type Config struct {
	// Coordinator is that of each test. nil is the zero Config, but with NewsOff: nobody else changes a test's database.
	Coordinator *coordinator.Config
	// SQLite is how each test's file is opened. nil is the zero Config, but with Synchronous OFF: a test's file need not
	// outlive a power cut.
	SQLite *sqlite.Config
	// Prepare is called once, before the tables are made, with the template's database. nil does nothing.
	Prepare func(ctx context.Context, db *sqlite.DB) error
}

// Template is a database with all tables made and no rows. It makes itself when the first test asks for a copy, and holds the
// file in memory. It is safe for concurrent use and needs no closing.
type Template[T any] struct {
	models  models.Models[T]
	sqlite  sqlite.Config
	prepare func(ctx context.Context, db *sqlite.DB) error

	mu     sync.Mutex
	image  []byte // nil until it is made
	prints string
	err    error // of the one attempt to make it
}

// Database is one test's own. What it holds is closed, and its file removed, when the test ends.
type Database[T any] struct {
	Nodes       T // what register gave for this test
	Coordinator *coordinator.Coordinator
	Dialect     *sqlite.DB
	Path        string // of the file, for a second program of the test
}

// New gives a template of the models that register registers; T is whatever it returns, as a struct of nodes. It is called
// once to make the template and once for each test, always with another coordinator, and must register the same models each
// time. Nothing happens before the first Open. cfg may be nil, and is copied.
func New[T any](register func(c *coordinator.Coordinator) (T, error), cfg *Config) *Template[T] {
	if cfg == nil {
		cfg = &Config{}
	}
	t := &Template[T]{models: models.Models[T]{Register: register, Config: cfg.Coordinator}, prepare: cfg.Prepare}
	t.sqlite = sqlite.Config{Synchronous: "OFF"}
	if cfg.SQLite != nil {
		t.sqlite = *cfg.SQLite
	}
	return t
}

// Open gives a test a database of its own: a new file with all tables. Tests may call it in parallel, and one test more than
// once. What goes wrong ends the test.
func (t *Template[T]) Open(tb testing.TB) *Database[T] {
	tb.Helper()
	image, prints, err := t.made(tb.Context())
	if err != nil {
		tb.Fatal("sqlitetest: making the template: ", err)
	}
	dir, err := newFolder()
	if err != nil {
		tb.Fatal("sqlitetest: ", err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error("sqlitetest: ", err)
		}
	})
	path := filepath.Join(dir, fileName)
	if err := os.WriteFile(path, image, 0o600); err != nil {
		tb.Fatal("sqlitetest: ", err)
	}
	db, err := sqlite.Open(tb.Context(), path, &t.sqlite)
	if err != nil {
		tb.Fatal("sqlitetest: ", err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error("sqlitetest: ", err)
		}
	})
	nodes, c := t.models.Start(tb, db, prints)
	return &Database[T]{Nodes: nodes, Coordinator: c, Dialect: db, Path: path}
}

// made gives the template's file, and makes it the first time.
func (t *Template[T]) made(ctx context.Context) (image []byte, prints string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.image == nil && t.err == nil {
		// It is for all tests, and must not end with the one that came first.
		t.image, t.prints, t.err = t.build(context.WithoutCancel(ctx))
	}
	return t.image, t.prints, t.err
}

func (t *Template[T]) build(ctx context.Context) (image []byte, prints string, err error) {
	removeLeftovers()
	dir, err := newFolder()
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, fileName)
	db, err := sqlite.Open(ctx, path, &t.sqlite)
	if err != nil {
		return nil, "", err
	}
	if t.prepare != nil {
		err = t.prepare(ctx, db)
	}
	if err == nil {
		prints, err = t.models.Migrate(ctx, db)
	}
	// The last connection to close brings the write-ahead log into the file.
	if err := errors.Join(err, db.Close()); err != nil {
		return nil, "", err
	}
	image, err = os.ReadFile(path)
	return image, prints, err
}
