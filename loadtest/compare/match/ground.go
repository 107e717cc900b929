package match

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// ground gives each contestant databases of its own.
type ground struct {
	folder string // of SQLite's files
	admin  string // URL of a database on the PostgreSQL server
}

// plot is a database for one contestant, with a judge who looks into it.
type plot struct {
	peer.Site
	judge  *judge
	remove func(ctx context.Context) error
}

// plot makes an empty database.
func (g *ground) plot(ctx context.Context, database peer.Database, synchronous string) (*plot, error) {
	name := "compare_" + strings.ToLower(rand.Text()[:12])
	p := &plot{Site: peer.Site{Database: database, Synchronous: synchronous}}
	if database == peer.SQLite {
		folder := filepath.Join(g.folder, name)
		p.Path = filepath.Join(folder, "compare.db")
		p.remove = func(context.Context) error { return os.RemoveAll(folder) }
		if err := os.Mkdir(folder, 0o700); err != nil {
			return nil, err
		}
	} else {
		address, err := url.Parse(g.admin)
		if err != nil {
			return nil, errors.New("the URL of the server cannot be read")
		}
		address.Path = "/" + name
		p.URL = address.String()
		p.remove = func(ctx context.Context) error { return g.order(ctx, "DROP DATABASE "+name+" WITH (FORCE)") }
		if err := g.order(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
			return nil, err
		}
	}
	var err error
	if p.judge, err = newJudge(p.Site); err != nil {
		return nil, errors.Join(err, p.remove(ctx))
	}
	return p, nil
}

func (g *ground) order(ctx context.Context, text string) (err error) {
	conn, err := pgx.Connect(ctx, g.admin)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, text)
	return err
}

// clear removes the database, whose contestant has left, even where the run has been interrupted.
func (p *plot) clear(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	return errors.Join(p.judge.close(), p.remove(ctx))
}
