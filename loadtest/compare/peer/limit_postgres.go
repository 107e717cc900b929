package peer

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// limitPostgres is the bare driver, but for rows that are created at the same time: these are one statement, and so one
// transaction. A batch that fails is stored row by row.
type limitPostgres struct {
	barePostgres
	group  *group
	writer *pgxpool.Conn
	sent   arrays
}

// arrays are a batch as the statement takes it: used again by each.
type arrays struct {
	ids, emails, names []string
	ages               []*int64
	scores             []float64
	created            []time.Time
}

const insertUnnest = "INSERT INTO people (" + columns + ") SELECT i, e, n, a, s, c, c FROM unnest($1::text[], $2::text[], " +
	"$3::text[], $4::bigint[], $5::float8[], $6::timestamptz[]) AS r (i, e, n, a, s, c)"

func openLimitPostgres(ctx context.Context, site Site) (People, error) {
	pool, err := openPool(ctx, site)
	if err != nil {
		return nil, err
	}
	for _, text := range PeopleTable(Postgres) {
		if _, err := pool.Exec(ctx, text); err != nil {
			pool.Close()
			return nil, err
		}
	}
	writer, err := pool.Acquire(ctx)
	if err != nil {
		pool.Close()
		return nil, err
	}
	l := &limitPostgres{barePostgres: barePostgres{pool}, writer: writer}
	l.group = newGroup(func(rows []*Person) ([]error, error) { return l.store(context.WithoutCancel(ctx), rows) })
	return l, nil
}

func (l *limitPostgres) store(ctx context.Context, rows []*Person) ([]error, error) {
	if len(rows) == 1 {
		return nil, l.alone(ctx, rows[0])
	}
	l.sent.fill(rows)
	s := &l.sent
	_, err := l.writer.Exec(ctx, insertUnnest, s.ids, s.emails, s.names, s.ages, s.scores, s.created)
	if err == nil {
		return nil, nil
	}
	errs := make([]error, len(rows))
	for i, p := range rows {
		errs[i] = l.alone(ctx, p)
	}
	return errs, nil
}

func (l *limitPostgres) alone(ctx context.Context, p *Person) error {
	p.stamp()
	_, err := l.writer.Exec(ctx, insertPostgres, p.ID, p.Email, p.Name, p.Age, p.Score, p.CreatedAt, p.UpdatedAt)
	return err
}

func (s *arrays) fill(rows []*Person) {
	s.ids, s.emails, s.names = s.ids[:0], s.emails[:0], s.names[:0]
	s.ages, s.scores, s.created = s.ages[:0], s.scores[:0], s.created[:0]
	for _, p := range rows {
		p.stamp()
		s.ids, s.emails, s.names = append(s.ids, p.ID), append(s.emails, p.Email), append(s.names, p.Name)
		s.ages, s.scores, s.created = append(s.ages, p.Age), append(s.scores, p.Score), append(s.created, p.CreatedAt)
	}
}

// Create answers after the commit that holds the row.
func (l *limitPostgres) Create(_ context.Context, p *Person) error { return l.group.create(p) }

func (l *limitPostgres) Close() error {
	l.group.close()
	l.writer.Release()
	return l.barePostgres.Close()
}
