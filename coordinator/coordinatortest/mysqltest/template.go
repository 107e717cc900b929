package mysqltest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/internal/models"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
)

// Config tunes a Template. The zero value, and a nil pointer, work.
type Config struct {
	// URL is the server to use, with or without a database; its account may create and drop databases. Empty is
	// SCHEMACTOR_TEST_MYSQL, or else a server made from the installed binaries.
	URL string
	// Coordinator is that of each test. nil is the zero Config, but with NewsOff: nobody else changes a test's database.
	Coordinator *coordinator.Config
	// MySQL is how each test's database is opened. nil is the zero Config.
	MySQL *mysql.Config
	// Prepare is called for the template and for each copy, before the tables are made, with the empty database: for functions and
	// what else is no table of the models. nil does nothing.
	Prepare func(ctx context.Context, db *mysql.DB) error
}

// Template is a database with all tables made and no rows, of which every test gets a copy. It makes itself when the first test
// asks. It is safe for concurrent use.
type Template[T any] struct {
	models models.Models[T]
	config Config

	mu     sync.Mutex
	server *server // nil until it is made
	tables []table // of the template, but for what Prepare makes
	prints string
	err    error // of the one attempt to make it
}

// Database is one test's own. What it holds is closed, and the database dropped, when the test ends.
type Database[T any] struct {
	Nodes       T // what register gave for this test
	Coordinator *coordinator.Coordinator
	Dialect     *mysql.DB
	URL         string // for a second program of the test
}

// New gives a template of the models that register registers; T is whatever it returns, as a struct of nodes. It is called
// once to make the template and once for each test, always with another coordinator, and must register the same models each
// time. Nothing happens before the first Open. cfg may be nil, and is copied.
func New[T any](register func(c *coordinator.Coordinator) (T, error), cfg *Config) *Template[T] {
	t := &Template[T]{}
	if cfg != nil {
		t.config = *cfg
	}
	t.models = models.Models[T]{Register: register, Config: t.config.Coordinator}
	return t
}

// Open gives a test a database of its own, with all tables. Tests may call it in parallel, and one test more than once. What
// goes wrong ends the test.
func (t *Template[T]) Open(tb testing.TB) *Database[T] {
	tb.Helper()
	admin := t.config.URL
	if admin == "" {
		admin = mysqltest.Admin(tb)
	}
	server, prints, err := t.made(tb.Context(), admin)
	if err != nil {
		tb.Fatal("mysqltest: making the template: ", err)
	}
	name, err := server.create(tb.Context())
	if err != nil {
		tb.Fatal("mysqltest: ", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := models.Ending()
		defer cancel()
		if err := server.drop(ctx, name); err != nil {
			tb.Error("mysqltest: ", err)
		}
	})
	url := server.url(name)
	db, err := mysql.Open(tb.Context(), url, t.config.MySQL)
	if err != nil {
		tb.Fatal("mysqltest: ", err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error("mysqltest: ", err)
		}
	})
	if t.config.Prepare != nil {
		if err := t.config.Prepare(tb.Context(), db); err != nil {
			tb.Fatal("mysqltest: ", err)
		}
	}
	if err := server.copy(tb.Context(), name, t.tables); err != nil {
		tb.Fatal("mysqltest: ", err)
	}
	nodes, c := t.models.Start(tb, db, prints)
	return &Database[T]{Nodes: nodes, Coordinator: c, Dialect: db, URL: url}
}

// Close drops the template, once all tests have ended; Main does it. Without it the next run does.
func (t *Template[T]) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.server == nil {
		return nil
	}
	ctx, cancel := models.Ending()
	defer cancel()
	err := errors.Join(t.server.drop(ctx, t.server.template), t.server.close())
	t.server, t.err = nil, errors.New("the template is closed")
	return err
}

// made gives the server with the template on it, and makes that the first time.
func (t *Template[T]) made(ctx context.Context, admin string) (*server, string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.server == nil && t.err == nil {
		// It is for all tests, and must not end with the one that came first.
		t.server, t.err = t.build(context.WithoutCancel(ctx), admin)
	}
	return t.server, t.prints, t.err
}

func (t *Template[T]) build(ctx context.Context, admin string) (*server, error) {
	s, err := connect(ctx, admin)
	if err != nil {
		return nil, err
	}
	if s.template, err = s.create(ctx); err == nil {
		err = t.fill(ctx, s)
	}
	if err != nil {
		// What was made is dropped when the next run starts.
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// fill makes the tables, and reads how they are made.
func (t *Template[T]) fill(ctx context.Context, s *server) error {
	db, err := mysql.Open(ctx, s.url(s.template), t.config.MySQL)
	if err != nil {
		return err
	}
	if t.config.Prepare != nil {
		err = t.config.Prepare(ctx, db)
	}
	var before []table
	if err == nil {
		before, err = s.tables(ctx)
	}
	if err == nil {
		t.prints, err = t.models.Migrate(ctx, db)
	}
	if err == nil {
		t.tables, err = s.tables(ctx)
		t.tables = slices.DeleteFunc(t.tables, func(made table) bool { return slices.Contains(before, made) })
	}
	return errors.Join(err, db.Close())
}
