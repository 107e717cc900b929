package match

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// judge looks into a contestant's database through a connection of its own, and prepares it between runs.
type judge struct {
	base
	db *sql.DB
}

func newJudge(kind base, site peer.Site) (*judge, error) {
	driver, source, err := kind.source(site)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &judge{base: kind, db: db}, nil
}

func (j *judge) close() error { return j.db.Close() }

func (j *judge) run(ctx context.Context, statements ...string) error {
	for _, text := range statements {
		if _, err := j.db.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (j *judge) number(ctx context.Context, text string) (float64, error) {
	var n sql.NullFloat64
	err := j.db.QueryRowContext(ctx, text).Scan(&n)
	return n.Float64, err
}

// count gives a number that may be unknown elsewhere.
func (j *judge) count(ctx context.Context, text string) (*int64, error) {
	n, err := j.number(ctx, text)
	count := int64(n)
	return &count, err
}

// peopleColumns is the table of people with its columns, as an insert wants it.
const peopleColumns = "people (id, email, name, age, score, created_at, updated_at)"

// seed empties the table of people and stores n rows.
func (j *judge) seed(ctx context.Context, n int) error { return j.run(ctx, j.people(n)...) }

// seedKey is the key of a row that people has stored.
func seedKey(i int) string { return fmt.Sprintf("seed-%012d", i) }

// ErrMismatch is a database that does not hold what was acknowledged.
var ErrMismatch = errors.New("the database does not hold what was acknowledged")

// expect compares a number that the database gives with what was acknowledged. Where calls have failed, up to slack more
// may be there: a failed call's row may have been stored.
func (j *judge) expect(ctx context.Context, want float64, slack int64, text string) error {
	got, err := j.number(ctx, text)
	if err == nil && (got < want || got > want+float64(slack)) {
		err = fmt.Errorf("%w: %s gives %v, not %v", ErrMismatch, text, got, want)
	}
	return err
}

// complete checks that n tables of orders are there, in full.
func (j *judge) complete(ctx context.Context, n int) error {
	for text, want := range j.tables(n) {
		if err := j.expect(ctx, float64(want), 0, text); err != nil {
			return err
		}
	}
	return nil
}

// orders counts the rows of those tables that are there.
func (j *judge) orders(ctx context.Context, tables []string) (float64, error) {
	var sum float64
	for _, name := range tables {
		found, err := j.number(ctx, j.there(name))
		if err != nil {
			return 0, err
		}
		if found == 0 {
			continue
		}
		n, err := j.number(ctx, "SELECT count(*) FROM "+name)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}
