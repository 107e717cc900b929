package postgres

import (
	"context"
	"encoding/json"
	"errors"
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

// Notify implements dialect.Notifier by NOTIFY on the channel "schemactor", in one statement.
func (d *DB) Notify(ctx context.Context, q dialect.Querier, entries ...schema.Entry) error {
	refs, generations, hashes := make([]schema.Ref, len(entries)), make([]int64, len(entries)), make([]string, len(entries))
	for i := range entries {
		refs[i], generations[i], hashes[i] = entries[i].Ref, entries[i].Generation, entries[i].CatalogHash
	}
	namespaces, names := split(refs)
	_, err := q.Exec(ctx, "SELECT pg_notify($1::text, json_build_object('namespace', "+d.NamespaceExpr("e.ns")+
		", 'name', e.name, 'generation', e.generation, 'catalog', e.hash)::text)"+
		" FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) AS e(ns, name, generation, hash)",
		channel, namespaces, names, generations, hashes)
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
	if err := d.listen(ctx, conn); err != nil {
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
		case errors.Is(err, context.DeadlineExceeded) && !conn.IsClosed(): // nothing was heard
			if err := d.probe(ctx, conn); err != nil {
				return &schema.Error{Op: "listen", Kind: schema.ErrUnavailable, Detail: "the server does not answer any more", Cause: err}
			}
		default:
			return named("listen", err)
		}
	}
}

// listen asks for news, and makes sure that they will come: behind a pooler that lends a server's session for one
// transaction, they would go to whoever has it then.
func (d *DB) listen(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, d.probeTimeout)
	defer cancel()
	var pid uint32
	_, err := dialect.QueryRow(ctx, querier{conn}, "SELECT pg_backend_pid()::bigint", []any{pgx.QueryExecModeSimpleProtocol}, &pid)
	if err != nil {
		return named("listen", err)
	}
	if pid != conn.PgConn().PID() {
		return &schema.Error{Op: "listen", Kind: dialect.ErrNoNews, Detail: "a connection pooler stands before the server"}
	}
	// A session that listens is idle on purpose. The setting is not known to every version.
	if _, err := conn.Exec(ctx, "LISTEN "+channel+"; SELECT set_config(name, '0', false) FROM pg_catalog.pg_settings"+
		" WHERE name = 'idle_session_timeout'", pgx.QueryExecModeSimpleProtocol); err != nil {
		return named("listen", err)
	}
	return nil
}

func (d *DB) probe(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, d.probeTimeout)
	defer cancel()
	return conn.Ping(ctx)
}
