package checker

import (
	"context"
	"errors"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// ownPrefix is what the names of everything begin with that the library makes for itself.
	ownPrefix = "schemactor"

	// settling is how long that which must go away by itself may take: a server goes on with a statement whose program was
	// killed, and lets go of its locks after that.
	settling = 3 * time.Second
	lookEach = 50 * time.Millisecond
)

// leftover is one kind of thing that must not be there.
type leftover struct {
	name    string
	settles bool // it may go away by itself
	find    func(ctx context.Context, d dialect.Dialect) (found []string, err error)
}

// leftoversOf are the kinds that a database can have.
func leftoversOf(d dialect.Dialect, tables []Table) ([]leftover, error) {
	switch d.Name() {
	case "postgres":
		return postgresLeftovers(tables), nil
	case "sqlite":
		return sqliteLeftovers(), nil
	case "mysql":
		return mysqlLeftovers(tables), nil
	}
	return nil, schema.Invalid("check", "", "", "nothing is known of the database %q", d.Name())
}

// query is a leftover that a query names, one text for each thing.
func query(name, sql string, args ...any) leftover {
	return leftover{name: name, find: func(ctx context.Context, d dialect.Dialect) ([]string, error) {
		return texts(ctx, d, sql, args...)
	}}
}

func texts(ctx context.Context, d dialect.Dialect, sql string, args ...any) ([]string, error) {
	rows, err := d.Reader().Query(ctx, sql, args...)
	if err != nil {
		return nil, d.Classify(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, d.Classify(err)
		}
		out = append(out, text)
	}
	if err := errors.Join(rows.Close(), rows.Err()); err != nil {
		return nil, d.Classify(err)
	}
	return out, nil
}

// leftover looks for one kind of thing.
func (e *examination) leftover(ctx context.Context, l leftover) error {
	limit := time.NewTimer(settling)
	defer limit.Stop()
	look := time.NewTicker(lookEach)
	defer look.Stop()
	for {
		found, err := l.find(ctx, e.d)
		if err != nil {
			return err
		}
		if len(found) > 0 && l.settles {
			select {
			case <-look.C:
				continue
			case <-limit.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		e.verdict.add(l.name, "", nothing, list(found))
		return nil
	}
}
