// Package models is what the templates of all databases have in common: a program's registration, carried out once to make
// the tables and once for each test.
package models

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
)

// endTimeout bounds what is done when a test has ended, and its context with it.
const endTimeout = 30 * time.Second

// Models is how a program registers its models. It is immutable.
type Models[T any] struct {
	Register func(c *coordinator.Coordinator) (T, error)
	Config   *coordinator.Config
}

// Migrate makes all tables in an empty database, and tells which models they are of.
func (m Models[T]) Migrate(ctx context.Context, d dialect.Dialect) (prints string, err error) {
	// Nobody hears of it and nothing of it is the program's own, so that a test sees its own events alone.
	c, err := coordinator.New(d, &coordinator.Config{News: coordinator.NewsOff, Application: "coordinatortest"})
	if err != nil {
		return "", err
	}
	_, err = m.Register(c)
	if err == nil {
		err = c.EnsureAll(ctx)
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	return Prints(c), errors.Join(err, c.Close(closing))
}

// Start registers the models for one test, on a copy of a database that Migrate has made with the models of these prints.
// The coordinator is closed when the test ends, d is not.
func (m Models[T]) Start(tb testing.TB, d dialect.Dialect, prints string) (T, *coordinator.Coordinator) {
	tb.Helper()
	cfg := m.Config
	if cfg == nil {
		cfg = &coordinator.Config{News: coordinator.NewsOff}
	}
	c, err := coordinator.New(d, cfg)
	if err != nil {
		tb.Fatal("coordinatortest: ", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := Ending()
		defer cancel()
		if err := c.Close(ctx); err != nil {
			tb.Error("coordinatortest: ", err)
		}
	})
	made, err := m.Register(c)
	if err != nil {
		tb.Fatal("coordinatortest: ", err)
	}
	if now := Prints(c); now != prints {
		tb.Fatalf("coordinatortest: the function that registers gives other models than it gave for the template\nthen:\n%snow:\n%s",
			prints, now)
	}
	return made, c
}

// Prints tells tables and fingerprints, a line for each.
func Prints(c *coordinator.Coordinator) string {
	var b strings.Builder
	for _, s := range c.Status() {
		fmt.Fprintf(&b, "%s %s\n", s.Table, s.Fingerprint)
	}
	return b.String()
}

// Ending is a context for what is done when a test has ended.
func Ending() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), endTimeout)
}
