package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/schemactor/schemactor/dialect"
)

var _ dialect.Sequencer = transaction{}

// ExecAll implements dialect.Sequencer: all statements are sent before the first answer is read, which is one round trip.
func (t transaction) ExecAll(ctx context.Context, commands []dialect.Command) (done int, err error) {
	if len(commands) == 0 {
		return 0, nil
	}
	for _, c := range commands {
		if len(c.Args) > 0 {
			done, err = t.execBound(ctx, commands)
			return done, t.judged(err)
		}
	}
	done, err = t.execPlain(ctx, commands)
	return done, t.judged(err)
}

func (t transaction) judged(err error) error {
	if err == nil {
		return nil
	}
	return t.failed(err)
}

// execPlain sends statements that are run once and bind nothing: preparing them would drive out those that are used again.
// Each is a message of its own and not a part of one text, so that also a text that cannot be read fails by itself.
func (t transaction) execPlain(ctx context.Context, commands []dialect.Command) (done int, err error) {
	batch := &pgconn.Batch{}
	for _, c := range commands {
		batch.ExecParams(c.SQL, nil, nil, nil, nil)
	}
	answers := t.tx.Conn().PgConn().ExecBatch(ctx, batch)
	for answers.NextResult() {
		if _, err := answers.ResultReader().Close(); err != nil {
			break // Close tells
		}
		done++
	}
	return done, answers.Close()
}

// execBound sends statements that bind values, which pgx prepares as the pool is configured.
func (t transaction) execBound(ctx context.Context, commands []dialect.Command) (done int, err error) {
	batch := &pgx.Batch{}
	for _, c := range commands {
		batch.Queue(c.SQL, c.Args...)
	}
	answers := t.tx.SendBatch(ctx, batch)
	for range commands {
		if _, err = answers.Exec(); err != nil {
			break
		}
		done++
	}
	if closed := answers.Close(); err == nil {
		err = closed
	}
	return done, err
}
