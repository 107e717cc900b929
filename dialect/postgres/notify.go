package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// channel is where programs tell each other of changes.
	channel = "schemactor"
	// listenSilence is after how long without news the connection is asked whether it still lives.
	listenSilence = 30 * time.Second
	// probeTimeout bounds that question, and the steps of beginning to listen.
	probeTimeout = 10 * time.Second
)

var _ dialect.Notifier = (*DB)(nil)

// payload is the text of a notification. It stays far below the server's limit of 8,000 bytes.
type payload struct {
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	Generation int64  `json:"generation"`
	Catalog    string `json:"catalog"`
}

// Notify implements dialect.Notifier by NOTIFY on the channel "schemactor".
func (d *DB) Notify(ctx context.Context, q dialect.Querier, entry schema.Entry) error {
	_, err := q.Exec(ctx, "SELECT pg_notify($1::text, json_build_object('namespace', "+d.NamespaceExpr("$2::text")+
		", 'name', $3::text, 'generation', $4::bigint, 'catalog', $5::text)::text)",
		channel, d.FitName(entry.Ref.Namespace), d.FitName(entry.Ref.Name), entry.Generation, entry.CatalogHash)
	if err != nil {
		return named("notify", err)
	}
	return nil
}

// Listen implements dialect.Notifier by LISTEN. The connection is made as the pool makes its own. Every 30 seconds
// without news it is asked whether it still lives, for a peer that is gone says nothing.
func (d *DB) Listen(ctx context.Context, heard func(news *dialect.News)) error {
	conn, err := d.dial(ctx)
	if err != nil {
		return named("listen", err)
	}
	defer hangUp(ctx, conn)
	if err := listen(ctx, conn); err != nil {
		return err
	}
	heard(nil)
	for {
		silence, cancel := context.WithTimeout(ctx, d.listenSilence)
		told, err := conn.WaitForNotification(silence)
		cancel()
		switch {
		case err == nil:
			var p payload
			if told.Channel == channel && json.Unmarshal([]byte(told.Payload), &p) == nil && p.Name != "" {
				heard(&dialect.News{
					Ref: schema.Ref{Namespace: p.Namespace, Name: p.Name}, Generation: p.Generation, CatalogHash: p.Catalog,
				})
			}
		case ctx.Err() != nil:
			return named("listen", context.Cause(ctx))
		case errors.Is(err, context.DeadlineExceeded) && !conn.IsClosed():
			if err := ping(ctx, conn); err != nil {
				return named("listen", err)
			}
		default:
			return named("listen", err)
		}
	}
}

// listen asks for news, and makes sure that they will come: behind a pooler that lends a server's session for one
// transaction, they would go to whoever has it then.
func listen(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var pid uint32
	_, err := dialect.QueryRow(ctx, querier{conn}, "SELECT pg_backend_pid()::bigint", []any{pgx.QueryExecModeSimpleProtocol}, &pid)
	if err != nil {
		return named("listen", err)
	}
	if pid != conn.PgConn().PID() {
		return fmt.Errorf("%w: a connection pooler stands before the server", dialect.ErrNoNews)
	}
	if _, err := conn.Exec(ctx, "LISTEN "+channel, pgx.QueryExecModeSimpleProtocol); err != nil {
		return named("listen", err)
	}
	return nil
}

func ping(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return conn.Ping(ctx)
}
