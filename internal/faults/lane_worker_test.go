package faults_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/nodes"
)

// ticket is numbered by the database, which would not notice one that is stored twice.
type ticket struct {
	ID    int64  `db:"id"    schema:"pk,auto"`
	Code  string `db:"code"  schema:"index"`
	Grade string `db:"grade" schema:"default='plain'"`
}

// pass has a key of the program's own, and a count of how often it was changed.
type pass struct {
	Code    string `db:"code"    schema:"pk,size=60"`
	Note    string `db:"note"`
	Version int64  `db:"version" schema:"version"`
}

// crowdTask is a program with many writers, each of which writes rows until it is killed.
type crowdTask struct {
	Address, Run string
	Writers      int
}

// crowdSays is a row that was acknowledged: a ticket with its number, or a pass with its version.
type crowdSays struct {
	Code   string `json:"c"`
	Number int64  `json:"n"`
	Pass   bool   `json:"p,omitempty"`
}

func laneRoles() map[string]fleet.Role { return map[string]fleet.Role{"crowd": crowd} }

func crowd(ctx context.Context, w *fleet.Worker) error {
	var task crowdTask
	if err := w.Task(&task); err != nil {
		return err
	}
	d, err := openAt(ctx, task.Address)
	if err != nil {
		return err
	}
	c, err := coordinator.New(d, nil)
	if err != nil {
		return err
	}
	tickets, err := coordinator.Register[ticket, int64](c)
	if err != nil {
		return err
	}
	passes, err := coordinator.Register[pass, string](c)
	if err != nil {
		return err
	}
	if err := c.EnsureAll(ctx); err != nil {
		return err
	}
	failed := make(chan error, task.Writers)
	var all sync.WaitGroup
	for i := range task.Writers {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				code := fmt.Sprint(task.Run, "-", i, "-", n)
				if err := crowdWrite(ctx, w, tickets, passes, code, n%2 == 0); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failed)
	return <-failed
}

// crowdWrite stores a row, and tells so once it is told.
func crowdWrite(
	ctx context.Context, w *fleet.Worker, tickets *nodes.Node[ticket, int64], passes *nodes.Node[pass, string], code string, numbered bool,
) error {
	if numbered {
		row := ticket{Code: code}
		if err := tickets.Create(ctx, &row); err != nil {
			return err
		}
		return w.Say(crowdSays{Code: code, Number: row.ID})
	}
	row := pass{Code: code, Note: "new"}
	if err := passes.Create(ctx, &row); err != nil {
		return err
	}
	if err := w.Say(crowdSays{Code: code, Number: row.Version, Pass: true}); err != nil {
		return err
	}
	changed, err := passes.Patch(ctx, code, nodes.Set{"note": "changed"})
	if err != nil {
		return err
	}
	return w.Say(crowdSays{Code: code, Number: changed.Version, Pass: true})
}
