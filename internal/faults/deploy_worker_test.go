package faults_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/fleet"
)

// deployPatience bounds all that one replica does.
const deployPatience = 2 * time.Minute

func deployRoles() map[string]fleet.Role {
	return map[string]fleet.Role{"deploy": tidy(deployRole)}
}

// deployTask is some replicas of a program, old or new, in one process.
type deployTask struct {
	Address         string
	Replicas, First int // how many, and the number of the first
	Tables, Changed int // the first ones of the tables have changed
	Version         int // of the model of those
	News            coordinator.News
}

// deployOrder begins the work, or ends it.
type deployOrder struct{ End bool }

// deployAnswer is what the callers were told: by new replicas when all of them have done their work, by old ones, which
// serve until they are told to end, at the end.
type deployAnswer struct {
	Calls  int
	Faults tally
	Took   time.Duration // of the slowest replica, to have all tables ready
}

// deployment is a worker at work.
type deployment struct {
	task deployTask
	all  sync.WaitGroup

	mu       sync.Mutex
	answer   deployAnswer
	replicas []*deployReplica
}

// deployReplica is one replica.
type deployReplica struct {
	number      int
	dialect     dialect.Dialect
	coordinator *coordinator.Coordinator
	doors       []herdDoor
}

// deployRole plays replicas. They stay until the end, as those of a deployment do, and not only until they have started.
func deployRole(ctx context.Context, w *fleet.Worker) error {
	d := &deployment{answer: deployAnswer{Faults: tally{}}}
	if err := w.Task(&d.task); err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	return fleet.Obey(w, func(order deployOrder) (deployAnswer, error) {
		if !order.End {
			for i := range d.task.Replicas {
				d.all.Go(func() { d.note(d.replica(serving, d.task.First+i)) })
			}
			if d.old() {
				return d.answer, nil
			}
			d.all.Wait()
			return d.answer, nil
		}
		stop()
		d.all.Wait()
		return d.answer, d.close()
	})
}

func (d *deployment) old() bool { return d.task.Version == 0 }

func (d *deployment) note(err error) {
	if err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.answer.Faults.add(err)
	}
}

// replica starts one replica, makes its tables ready and works on them; an old one until the end.
func (d *deployment) replica(ctx context.Context, number int) error {
	began := time.Now()
	bounded, cancel := context.WithTimeout(ctx, deployPatience)
	defer cancel()
	r, err := d.open(bounded, number)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.replicas = append(d.replicas, r)
	d.mu.Unlock()
	if d.old() {
		return d.serve(ctx, r)
	}
	if err := r.coordinator.EnsureAll(bounded); err != nil {
		return err
	}
	d.mu.Lock()
	d.answer.Took = max(d.answer.Took, time.Since(began))
	d.mu.Unlock()
	for i := range 2 * d.task.Changed {
		if err := d.work(bounded, r, i%len(r.doors), int64(number), true); err != nil {
			return err
		}
	}
	return nil
}

func (d *deployment) open(ctx context.Context, number int) (*deployReplica, error) {
	made, err := openAt(ctx, d.task.Address)
	if err != nil {
		return nil, err
	}
	c, err := coordinator.New(made, &coordinator.Config{News: d.task.News})
	if err != nil {
		return nil, errors.Join(err, made.Close())
	}
	r := &deployReplica{number: number, dialect: made, coordinator: c}
	for i := range d.task.Tables {
		version := 0
		if i < d.task.Changed {
			version = d.task.Version
		}
		door, err := herdVersions[version].register(c, herdTable("deploy_", i))
		if err != nil {
			return nil, err
		}
		r.doors = append(r.doors, door)
	}
	return r, nil
}

// serve works on one table after the other until the context ends.
func (d *deployment) serve(ctx context.Context, r *deployReplica) error {
	for i := r.number; ; i++ {
		if err := d.work(context.WithoutCancel(ctx), r, i%len(r.doors), -int64(r.number)-1, false); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// work creates, reads and changes a row, and removes it unless it is to stay.
func (d *deployment) work(ctx context.Context, r *deployReplica, table int, id int64, stay bool) error {
	door := r.doors[table]
	if err := door.create(ctx, id, "new"); err != nil {
		return err
	}
	if err := door.change(ctx, id, "changed"); err != nil {
		return err
	}
	text, err := door.read(ctx, id)
	if err == nil && text != "changed" {
		err = fmt.Errorf("a row of table %d reads %q", table, text)
	}
	if err == nil && !stay {
		err = door.remove(ctx, id)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer.Calls += 4
	return err
}

func (d *deployment) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var faults []error
	for _, r := range d.replicas {
		faults = append(faults, r.coordinator.Close(ctx), r.dialect.Close())
	}
	return errors.Join(faults...)
}
