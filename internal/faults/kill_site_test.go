package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// site makes copies of prepared databases, to have programs killed at.
type site struct {
	name          string
	folder        string // of SQLite's files
	admin         string // a database from which others are made
	empty, filled string // the prepared ones, by address
	copies        atomic.Int64
}

// eachSite prepares both databases.
func eachSite(t *testing.T, test func(t *testing.T, s *site)) {
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			s := &site{name: name}
			if name == "sqlite" {
				s.folder = t.TempDir()
				s.empty, s.filled = filepath.Join(s.folder, "empty.db"), filepath.Join(s.folder, "filled.db")
			} else {
				s.empty, s.filled = postgrestest.Open(t), postgrestest.Open(t)
				s.admin = databaseURL(s.filled, "postgres")
			}
			for _, address := range []string{s.empty, s.filled} {
				d, err := openAt(t.Context(), address)
				require.NoError(t, err)
				if address == s.filled {
					require.NoError(t, fill(t.Context(), d))
				}
				require.NoError(t, d.Close())
			}
			test(t, s)
		})
	}
}

// databaseURL is the URL of another database on the same server.
func databaseURL(address, database string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.Path = "/" + database
	return u.String()
}

// copy gives the address of a new copy, and what removes it.
func (s *site) copy(ctx context.Context, sc *scenario) (address string, remove func() error, err error) {
	from := s.filled
	if sc.fresh {
		from = s.empty
	}
	n := s.copies.Add(1)
	if s.name == "sqlite" {
		address = filepath.Join(s.folder, fmt.Sprintf("copy%d.db", n))
		remove = func() error {
			return errors.Join(os.Remove(address), ignoreMissing(os.Remove(address+"-wal")), ignoreMissing(os.Remove(address+"-shm")))
		}
		return address, remove, copyFile(from, address)
	}
	template, err := url.Parse(from)
	if err != nil {
		return "", nil, err
	}
	name := fmt.Sprintf("%s_%d", strings.TrimPrefix(template.Path, "/"), n)
	remove = func() error { return s.run(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)") }
	return databaseURL(from, name), remove, s.run(ctx, "CREATE DATABASE "+name+" TEMPLATE "+strings.TrimPrefix(template.Path, "/"))
}

func (s *site) run(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
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

// recover is what the next program does: it uses its tables, by no other means than any program's. It gives how long that
// took, and whether everything is as if nobody had been killed. Others who are still at work end before that is judged.
func (s *site) recover(ctx context.Context, sc *scenario, address string, others ...*fleet.Process) (took time.Duration, err error) {
	began := time.Now()
	d, err := openAt(ctx, address)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	c, err := coordinator.New(d, &coordinator.Config{Policy: anything()})
	if err != nil {
		return 0, err
	}
	if err := sc.use(ctx, c); err != nil {
		return 0, err
	}
	took = time.Since(began)
	for _, status := range c.Status() {
		if status.State != schema.StateReady || status.Behind {
			return took, fmt.Errorf("%s is %s, behind %v", status.Table, status.State, status.Behind)
		}
	}
	if err := c.Close(ctx); err != nil {
		return took, err
	}
	for _, other := range others {
		var said victimSays
		for said.Points == nil {
			if err := other.Hear(&said); err != nil {
				return took, err
			}
		}
		if err := other.End(); err != nil {
			return took, err
		}
	}
	return took, s.judge(ctx, sc, d)
}

// judge has the database checked. A change is one applied revision; where the program died after the last step of several,
// nothing was left to be done, and the table was taken as it is.
func (s *site) judge(ctx context.Context, sc *scenario, d dialect.Dialect) error {
	model, err := sc.model()
	if err != nil {
		return err
	}
	boxes, err := schema.TableOf[boxFirst](schema.Named("boxes"))
	if err != nil {
		return err
	}
	changes := 2
	if sc.fresh {
		changes = 1
	}
	history, err := dialect.LedgerOf(d).History(ctx, d.Reader(), model.Ref())
	if err != nil {
		return err
	}
	if len(history) > 0 && history[len(history)-1].State == schema.RevisionAdopted {
		changes--
	}
	verdict, err := checker.Check(ctx, d, []checker.Table{
		{Model: model, Applied: changes}, {Model: boxes, Applied: 1},
	}, sc.rules...)
	if err != nil {
		return err
	}
	return verdict.Err()
}
