package faults_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/faults"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/schema"
)

// never is a point that no program comes to.
const never = -1

// victimTask is one run of a scenario up to a point.
type victimTask struct {
	Address, Scenario string
	Stop              int // the point at which it stops for ever, from 0; never for none
}

// victimSays is what a victim tells: that it has begun, where it has stopped, or, at its end, all points that it passed.
type victimSays struct {
	Begun, Stopped bool
	Points         []string
}

func killRoles() map[string]fleet.Role { return map[string]fleet.Role{"victim": victim} }

// victim runs a scenario and stops for ever at its point, in the middle of whatever it is doing.
func victim(ctx context.Context, w *fleet.Worker) error {
	var task victimTask
	if err := w.Task(&task); err != nil {
		return err
	}
	path := &points{stop: task.Stop, stopped: func() { _ = w.Say(victimSays{Stopped: true}) }}
	d, err := path.open(ctx, task.Address)
	if err != nil {
		return err
	}
	c, err := coordinator.New(d, &coordinator.Config{
		News: coordinator.NewsOff, Policy: anything(), Listener: faults.Points(path.hit),
	})
	if err != nil {
		return err
	}
	if err := w.Say(victimSays{Begun: true}); err != nil {
		return err
	}
	for _, s := range scenarios() {
		if s.name != task.Scenario {
			continue
		}
		if err := s.use(ctx, c); err != nil {
			return err
		}
	}
	if err := c.Close(ctx); err != nil {
		return err
	}
	if err := d.Close(); err != nil {
		return err
	}
	return w.Say(victimSays{Points: path.names})
}

// anything allows all changes, on tables of any size.
func anything() schema.Policy {
	return schema.Policy{Allow: []schema.Allowance{{Hazard: schema.AnyHazard, Reason: "a test"}}, MaxRows: -1}
}

// points are the moments that a victim passes: those that the library tells of, and on PostgreSQL the answer to each
// statement as well, which also shows what steps are made of.
type points struct {
	stop    int
	stopped func()

	mu    sync.Mutex
	names []string
}

func (p *points) hit(name string) {
	p.mu.Lock()
	defer p.mu.Unlock() // never, once it has stopped
	p.names = append(p.names, name)
	if len(p.names)-1 == p.stop {
		p.stopped()
		select {}
	}
}

func (p *points) open(ctx context.Context, address string) (dialect.Dialect, error) {
	if !strings.HasPrefix(address, "postgres") {
		return openAt(ctx, address)
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	config.MaxConns = 4
	config.ConnConfig.Tracer = (*wire)(p)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	d, err := postgres.New(pool, nil)
	if err != nil {
		return nil, err
	}
	return pooledDialect{d, pool}, nil
}

// pooledDialect closes its pool.
type pooledDialect struct {
	*postgres.DB
	pool *pgxpool.Pool
}

func (d pooledDialect) Close() error {
	d.pool.Close()
	return nil
}

// wire has a point after each statement that was answered: the moment before the next one is sent is the same to a server.
type wire points

type wireKey struct{}

func (w *wire) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, wireKey{}, faults.Head(data.SQL))
}

func (w *wire) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	(*points)(w).hit(fmt.Sprintf("answer to %v", ctx.Value(wireKey{})))
}
