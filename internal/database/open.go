package database

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
)

// Options shape how a database is opened. The zero value is the dialects' defaults.
type Options struct {
	// Connections is the most connections that are opened, of a SQLite file those that read; 0 is the dialect's default.
	Connections int
	// Lazy has Open reach for no server, so that a program starts also while its database is down.
	Lazy bool
}

// Open opens the database that an address leads to. The caller must Close it; the errors are the dialect's, and hold no password.
func Open(ctx context.Context, a Address, o Options) (dialect.Dialect, error) {
	switch a.Kind {
	case PostgreSQL:
		return opened(postgres.Open(ctx, a.Text, &postgres.Config{MaxConns: int32(o.Connections), Lazy: o.Lazy}))
	case MariaDB:
		return opened(mysql.Open(ctx, a.Text, &mysql.Config{MaxConns: o.Connections, Lazy: o.Lazy}))
	}
	return opened(sqlite.Open(ctx, a.Text, &sqlite.Config{Readers: o.Connections}))
}

// opened keeps a failed Open from becoming an interface that is not nil.
func opened[D dialect.Dialect](d D, err error) (dialect.Dialect, error) {
	if err != nil {
		return nil, err
	}
	return d, nil
}
