package faults_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/fleet"
)

// herdPool is how many connections each program of a herd has.
const herdPool = 2

func herdRoles() map[string]fleet.Role {
	return map[string]fleet.Role{"herd": tidy(herdRole)}
}

// tidy plays a role and then looks for goroutines that it has left behind.
func tidy(role fleet.Role) fleet.Role {
	return func(ctx context.Context, w *fleet.Worker) error {
		before := goleak.IgnoreCurrent()
		if err := role(ctx, w); err != nil {
			return err
		}
		return goleak.Find(before)
	}
}

// herdOrder is one of the two halves of a round: open everything, then write.
type herdOrder struct {
	Go         bool
	Address    string
	Prefix     string // of the tables' names
	Tables     int
	Version    int   // of the model
	Goroutines int   // for each table
	Writers    int   // how many of them write a row; the others only want the table ready
	First      int64 // key of the first row
}

// herdAnswer is what became of one half.
type herdAnswer struct {
	Stored int // rows
	Asked  int // tables that were ready for those who write nothing
	Faults tally
}

// tally counts errors by their text.
type tally map[string]int

func (t tally) add(err error) { t[err.Error()]++ }

func (t tally) join(other tally) {
	for text, n := range other {
		t[text] += n
	}
}

// herdProgram is one program of one round: a coordinator and a pool of its own.
type herdProgram struct {
	dialect     dialect.Dialect
	coordinator *coordinator.Coordinator
	doors       []herdDoor
}

// herdRole is a program that is started anew for each round.
func herdRole(ctx context.Context, w *fleet.Worker) error {
	var program *herdProgram
	return fleet.Obey(w, func(order herdOrder) (herdAnswer, error) {
		if !order.Go {
			var err error
			program, err = herdOpen(ctx, order)
			return herdAnswer{}, err
		}
		answer := program.run(ctx, order)
		return answer, program.close()
	})
}

func herdOpen(ctx context.Context, order herdOrder) (*herdProgram, error) {
	d, err := herdConnect(ctx, order.Address)
	if err != nil {
		return nil, err
	}
	c, err := coordinator.New(d, nil)
	if err != nil {
		return nil, err
	}
	p := &herdProgram{dialect: d, coordinator: c}
	for i := range order.Tables {
		door, err := herdVersions[order.Version].register(c, herdTable(order.Prefix, i))
		if err != nil {
			return nil, err
		}
		p.doors = append(p.doors, door)
	}
	return p, nil
}

// herdConnect opens a small pool.
func herdConnect(ctx context.Context, address string) (dialect.Dialect, error) {
	if strings.HasPrefix(address, "postgres") {
		return postgres.Open(ctx, address, &postgres.Config{MaxConns: herdPool})
	}
	if strings.HasPrefix(address, "mysql") {
		return mysql.Open(ctx, address, &mysql.Config{MaxConns: herdPool})
	}
	return sqlite.Open(ctx, address, &sqlite.Config{Readers: herdPool})
}

func herdTable(prefix string, i int) string { return fmt.Sprintf("%s%02d", prefix, i) }

// run has all goroutines come to their tables at the same moment.
func (p *herdProgram) run(ctx context.Context, order herdOrder) herdAnswer {
	var (
		answer = herdAnswer{Faults: tally{}}
		mu     sync.Mutex
		all    sync.WaitGroup
		begin  = make(chan struct{})
	)
	for t, door := range p.doors {
		for i := range order.Goroutines {
			all.Go(func() {
				<-begin
				var err error
				writes := i < order.Writers
				if writes {
					err = door.create(ctx, order.First+int64(i), order.Prefix)
				} else {
					err = p.coordinator.Ensure(ctx, herdTable(order.Prefix, t))
				}
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err != nil:
					answer.Faults.add(err)
				case writes:
					answer.Stored++
				default:
					answer.Asked++
				}
			})
		}
	}
	close(begin)
	all.Wait()
	return answer
}

func (p *herdProgram) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return errors.Join(p.coordinator.Close(ctx), p.dialect.Close())
}
