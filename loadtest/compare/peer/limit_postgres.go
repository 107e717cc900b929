package peer

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// limitPostgres is the bare driver, but for rows that are created at the same time: these are one statement, and so one
// transaction. A batch that fails is stored row by row.
type limitPostgres struct {
	barePostgres
	group  *group
	writer *pgxpool.Conn
	sent   [6]array // a batch as the statement takes it; used again by each
}

// unnested is the prepared statement's name.
const unnested = "limit_unnest"

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
	if _, err := writer.Conn().Prepare(ctx, unnested, insertUnnest); err != nil {
		writer.Release()
		pool.Close()
		return nil, err
	}
	l.group = newGroup(func(rows []*Person) ([]error, error) { return l.store(context.WithoutCancel(ctx), rows) })
	return l, nil
}

func (l *limitPostgres) store(ctx context.Context, rows []*Person) ([]error, error) {
	if len(rows) == 1 {
		return nil, l.alone(ctx, rows[0])
	}
	values := l.fill(rows)
	_, err := l.writer.Conn().PgConn().ExecPrepared(ctx, unnested, values, []int16{1}, nil).Close()
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

// fill gives a batch as six arrays.
func (l *limitPostgres) fill(rows []*Person) [][]byte {
	for i, element := range [...]uint32{
		pgtype.TextOID, pgtype.TextOID, pgtype.TextOID, pgtype.Int8OID, pgtype.Float8OID, pgtype.TimestamptzOID,
	} {
		l.sent[i].reset(element)
	}
	for _, p := range rows {
		p.stamp()
		l.sent[0].text(p.ID)
		l.sent[1].text(p.Email)
		l.sent[2].text(p.Name)
		l.sent[3].integer(p.Age)
		l.sent[4].float(p.Score)
		l.sent[5].instant(p.CreatedAt)
	}
	values := make([][]byte, len(l.sent))
	for i := range l.sent {
		values[i] = l.sent[i].done()
	}
	return values
}

// Create answers after the commit that holds the row.
func (l *limitPostgres) Create(_ context.Context, p *Person) error { return l.group.create(p) }

func (l *limitPostgres) Close() error {
	l.group.close()
	l.writer.Release()
	return l.barePostgres.Close()
}
