package peer

import (
	"context"
	"database/sql"
	"errors"
)

// limitMySQL is the bare driver, but for rows that are created at the same time: these are one transaction of a connection of their
// own, and as few statements as their number has digits of 32. A batch that fails is stored row by row.
type limitMySQL struct {
	*bareMySQL
	group    *group
	writer   *sql.Conn
	prepared map[int]*sql.Stmt // by the number of rows
}

func openLimitMySQL(ctx context.Context, site Site) (_ People, err error) {
	p, err := openPools(site)
	if err != nil {
		return nil, err
	}
	for _, text := range PeopleTable(MySQL) {
		if _, err := p.writer.ExecContext(ctx, text); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	l := &limitMySQL{bareMySQL: &bareMySQL{pools: p}, prepared: map[int]*sql.Stmt{}}
	if err = l.prepare(ctx); err == nil {
		l.writer, err = p.writer.Conn(ctx)
	}
	if err == nil {
		_, err = l.writer.ExecContext(ctx, "SET SESSION autocommit = 0")
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	l.group = newGroup(func(rows []*Person) ([]error, error) { return l.store(context.WithoutCancel(ctx), rows) })
	return l, nil
}

func (l *limitMySQL) store(ctx context.Context, rows []*Person) ([]error, error) {
	if len(rows) == 1 {
		return nil, l.bareMySQL.Create(ctx, rows[0])
	}
	if l.together(ctx, rows) == nil {
		return nil, nil
	}
	if _, err := l.writer.ExecContext(ctx, "ROLLBACK"); err != nil {
		return nil, err
	}
	errs := make([]error, len(rows))
	for i, p := range rows {
		errs[i] = l.bareMySQL.Create(ctx, p)
	}
	return errs, nil
}

func (l *limitMySQL) together(ctx context.Context, rows []*Person) error {
	const step = 32
	for len(rows) > 0 {
		n := len(rows)
		if n > step {
			n -= n % step
		}
		insert := l.prepared[n]
		if insert == nil {
			var err error
			if insert, err = l.writer.PrepareContext(ctx, insertMySQL(n)); err != nil {
				return err
			}
			l.prepared[n] = insert
		}
		args := make([]any, 0, 7*n)
		for _, p := range rows[:n] {
			p.stamp()
			args = append(args, p.values()...)
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	_, err := l.writer.ExecContext(ctx, "COMMIT")
	return err
}

// Create answers after the commit that holds the row.
func (l *limitMySQL) Create(_ context.Context, p *Person) error { return l.group.create(p) }

func (l *limitMySQL) Close() error {
	l.group.close()
	return errors.Join(l.writer.Close(), l.bareMySQL.Close())
}
