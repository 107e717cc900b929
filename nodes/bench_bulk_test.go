package nodes_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
)

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

// BenchmarkBulkCreate stores people by a node and by hand, in turns.
func BenchmarkBulkCreate(b *testing.B) {
	contest := func(b *testing.B, d dialect.Dialect, hand bare) {
		node, next := asBare{open[person, uuid.UUID](b, d)}, 0
		_, err := node.count(b.Context(), 0)
		require.NoError(b, err)
		underEach(b, func(b *testing.B, ctx context.Context) {
			for _, rows := range []int{1_000, 10_000} {
				b.Run(strconv.Itoa(rows), func(b *testing.B) {
					var took [2][]float64
					for range b.N {
						for side, by := range []bare{node, hand} {
							people := slices.Collect(throng(next, rows))
							next += rows
							start := time.Now()
							err := by.createMany(ctx, people)
							took[side] = append(took[side], float64(time.Since(start).Nanoseconds())/float64(rows))
							require.NoError(b, err)
						}
					}
					report(b, took)
				})
			}
		})
	}
	onEach(b, contest)
	b.Run("mysql-load", func(b *testing.B) {
		d, hand := onMySQL(b, mysql.Config{LoadData: true})
		contest(b, d, hand)
	})
}
