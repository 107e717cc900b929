package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

// site gives databases to have programs killed at.
type site struct {
	name string

	bases  map[string]string // prepared SQLite files
	folder string
	copies atomic.Int64

	slots chan slot // databases of a server that are not in use
}

// slot is a database of a server that is made anew for each kill.
type slot interface {
	where() string // its address
	reset(ctx context.Context, base string) error
}

// eachSite makes the sites of all databases.
func eachSite(t *testing.T, test func(t *testing.T, s *site)) {
	t.Run("sqlite", func(t *testing.T) {
		s := &site{name: "sqlite", bases: map[string]string{}, folder: t.TempDir()}
		for _, base := range []string{baseBare, baseFilled} {
			s.bases[base] = filepath.Join(s.folder, base+".db")
			d, err := openAt(t.Context(), s.bases[base])
			require.NoError(t, err)
			require.NoError(t, prepare(t.Context(), d, base))
			require.NoError(t, d.Close())
		}
		test(t, s)
	})
	t.Run("postgres", func(t *testing.T) {
		s := &site{name: "postgres", slots: make(chan slot, killers)}
		for range killers {
			s.slots <- newPostgresSlot(t, postgrestest.Open(t))
		}
		test(t, s)
	})
	t.Run("mysql", func(t *testing.T) { test(t, mysqlSite(t, killers)) })
}

// mysqlSite gives so many databases of MariaDB, which have what they are to hold from one.
func mysqlSite(t *testing.T, databases int) *site {
	s := &site{name: "mysql", slots: make(chan slot, databases)}
	kept := newMySQLStore(t, mysqltest.Open(t))
	for range databases {
		s.slots <- newMySQLSlot(t, mysqltest.Open(t), kept)
	}
	return s
}

// take gives the address of a database that holds what a scenario is to find, and what gives it back. On SQLite an empty
// database is a file that is not there yet.
func (s *site) take(ctx context.Context, sc *scenario) (address string, back func() error, err error) {
	if s.name == "sqlite" {
		return s.takeFile(sc.base)
	}
	taken := <-s.slots
	back = func() error {
		s.slots <- taken
		return nil
	}
	if err := taken.reset(ctx, sc.base); err != nil {
		return "", nil, errors.Join(err, back())
	}
	return taken.where(), back, nil
}

func (s *site) takeFile(base string) (address string, back func() error, err error) {
	address = filepath.Join(s.folder, fmt.Sprintf("copy%d.db", s.copies.Add(1)))
	back = func() error {
		for _, tail := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(address + tail); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		return nil
	}
	if base == baseEmpty {
		return address, back, nil
	}
	return address, back, copyFile(s.bases[base], address)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
