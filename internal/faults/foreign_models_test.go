package faults_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/schema"
)

// The table as the programs under load have it, and as two newer programs do.
type (
	foreignRow struct {
		ID     int64   `db:"id"     schema:"pk"`
		Label  string  `db:"label"  schema:"size=20"`
		Amount int32   `db:"amount"`
		Note   *string `db:"note"`
	}
	foreignMore struct {
		foreignRow
		Extra *string `db:"extra"`
	}
	foreignWide struct {
		ID     int64   `db:"id"     schema:"pk"`
		Label  string  `db:"label"  schema:"size=200"`
		Amount int64   `db:"amount"`
		Note   *string `db:"note"`
	}
)

const foreignTable = "foreigners"

// foreignOrder is a change by another process: by plain SQL, or by a program of the library with its model.
type foreignOrder struct {
	SQL     []string
	Program string // "same", "more" or "wide"
	Migrate bool   // by Plan and Migrate, with everything allowed, rather than by Ensure
}

// foreignAnswer says what came of it.
type foreignAnswer struct{ Fault string }

func foreignRoles() map[string]fleet.Role {
	return map[string]fleet.Role{"foreign": tidy(foreignRole)}
}

// foreignRole is the other process. Its task is the database's address.
func foreignRole(ctx context.Context, w *fleet.Worker) error {
	var address string
	if err := w.Task(&address); err != nil {
		return err
	}
	d, err := openAt(ctx, address)
	if err != nil {
		return err
	}
	err = fleet.Obey(w, func(order foreignOrder) (foreignAnswer, error) {
		if err := foreignChange(ctx, d, order); err != nil {
			return foreignAnswer{Fault: err.Error()}, nil
		}
		return foreignAnswer{}, nil
	})
	return errors.Join(err, d.Close())
}

func foreignChange(ctx context.Context, d dialect.Dialect, order foreignOrder) (err error) {
	for i, sql := range order.SQL {
		_, err := d.Writer().Exec(ctx, sql)
		if err != nil && i > 0 && strings.HasPrefix(order.SQL[0], "DROP TABLE") {
			// Between the two statements a program may have made the table again.
			if lives, looking := d.Inspect(ctx, d.Reader(), schema.Ref{Name: "foreigners"}); looking == nil && lives[0] != nil {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	if order.Program == "" {
		return nil
	}
	c, err := coordinator.New(d, nil)
	if err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		err = errors.Join(err, c.Close(end))
	}()
	if err := foreignRegister(c, order.Program); err != nil {
		return err
	}
	if !order.Migrate {
		return c.EnsureAll(ctx)
	}
	plans, err := c.Plan(ctx)
	if err != nil {
		return err
	}
	return c.Migrate(ctx, plans, schema.Policy{Allow: []schema.Allowance{{Hazard: schema.AnyHazard, Reason: "tested"}}})
}

func foreignRegister(c *coordinator.Coordinator, program string) (err error) {
	switch program {
	case "same":
		_, err = coordinator.Register[foreignRow, int64](c, schema.Named(foreignTable))
	case "more":
		_, err = coordinator.Register[foreignMore, int64](c, schema.Named(foreignTable))
	case "wide":
		_, err = coordinator.Register[foreignWide, int64](c, schema.Named(foreignTable))
	default:
		err = fmt.Errorf("no program %q", program)
	}
	return err
}

// foreignModel is the model of a program, by its name.
func foreignModel(program string) (*schema.Table, error) {
	switch program {
	case "more":
		return schema.TableOf[foreignMore](schema.Named(foreignTable))
	case "wide":
		return schema.TableOf[foreignWide](schema.Named(foreignTable))
	}
	return schema.TableOf[foreignRow](schema.Named(foreignTable))
}

// foreignRebuild are the statements by which people change a column of a SQLite table: a new table, a copy, a swap.
func foreignRebuild(born, copied string, swaps ...string) []string {
	made := strings.NewReplacer(append(swaps, "`"+foreignTable+"`", "`foreigners_new`")...).Replace(born)
	return []string{strings.Join([]string{
		"BEGIN IMMEDIATE", made, "INSERT INTO foreigners_new SELECT " + copied + " FROM foreigners", "DROP TABLE foreigners",
		"ALTER TABLE foreigners_new RENAME TO foreigners", "COMMIT",
	}, "; ")}
}
