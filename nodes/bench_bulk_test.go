package nodes_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
)

// bareBulk is what a program would write by hand for many people.
type bareBulk interface {
	createMany(ctx context.Context, people []person) error
}

// createMany gives all people the same time, some hundred by one prepared statement.
func (b bareSQL) createMany(ctx context.Context, people []person) error {
	const most = 500
	tx, err := b.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	stmt, err := tx.PrepareContext(ctx, "INSERT INTO people ("+bareColumns+") VALUES "+
		strings.Repeat("(?, ?, ?, ?, ?, ?), ", most-1)+"(?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	now, args := time.Now().UTC().Format("2006-01-02 15:04:05.000000"), make([]any, 0, 6*most)
	for part := range slices.Chunk(people, most) {
		args = args[:0]
		for i := range part {
			args = append(args, part[i].ID.String(), part[i].Email, part[i].Name, part[i].Age, now, now)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// createMany sends all people by COPY.
func (b barePgx) createMany(ctx context.Context, people []person) error {
	now := time.Now().UTC()
	_, err := b.pool.CopyFrom(ctx, pgx.Identifier{"people"}, strings.Split(bareColumns, ", "),
		pgx.CopyFromSlice(len(people), func(i int) ([]any, error) {
			p := &people[i]
			return []any{[16]byte(p.ID), p.Email, p.Name, p.Age, now, now}, nil
		}))
	return err
}

// BenchmarkBulkCreate stores 10,000 people by a node and by hand, in turns, and tells how much longer the node takes.
func BenchmarkBulkCreate(b *testing.B) {
	const rows = 10_000
	onEach(b, func(b *testing.B, d dialect.Dialect, hand bare) {
		node := open[person, uuid.UUID](b, d)
		_, err := node.Count(b.Context(), nodes.Query{})
		require.NoError(b, err)
		var byNode, byHand time.Duration
		rounds, next := 0, 0
		for b.Loop() {
			mine, theirs := slices.Collect(throng(next, rows)), slices.Collect(throng(next+rows, rows))
			rounds, next = rounds+1, next+2*rows
			start := time.Now()
			_, err := node.BulkCreate(b.Context(), mine)
			byNode += time.Since(start)
			require.NoError(b, err)
			start = time.Now()
			err = hand.(bareBulk).createMany(b.Context(), theirs)
			byHand += time.Since(start)
			require.NoError(b, err)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(byNode.Nanoseconds())/float64(rounds*rows), "ns/row")
		b.ReportMetric(float64(byHand.Nanoseconds())/float64(rounds*rows), "bare-ns/row")
		b.ReportMetric(float64(byNode)/float64(byHand), "ratio")
	})
}
