package match

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"strings"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// ground gives each contestant databases of its own.
type ground struct{ bases map[peer.Database]base }

// newGround has SQLite's files in a folder, and databases on the servers that take part.
func newGround(folder string, cfg Config) *ground {
	return &ground{bases: map[peer.Database]base{
		peer.SQLite: sqliteBase{folder: folder}, peer.Postgres: &postgresBase{admin: cfg.Postgres}, peer.MySQL: mysqlBase{admin: cfg.MySQL},
	}}
}

// base is a kind of database: all in which plots and what is seen in them differ from one kind to another.
type base interface {
	// lay gives a plot an empty database.
	lay(ctx context.Context, p *plot) error
	// source names a site for a driver of database/sql.
	source(site peer.Site) (driver, source string, err error)
	// people empty the table of people, store n rows in it, and have the database settle.
	people(n int) []string
	// tables count what n tables of orders consist of: the queries, with what they have to give.
	tables(n int) map[string]int
	// there counts the tables with a name.
	there(table string) string
	// watch counts, where the server can tell, every CREATE TABLE of a table of orders that it is sent for a plot, also one
	// that finds the table there.
	watch(ctx context.Context, j *judge) (watched, error)
	// leave removes what was kept for other plots.
	leave(ctx context.Context) error
}

// watched ends a watch and gives its count; nil is unknown.
type watched func(ctx context.Context) (*int64, error)

// plot is a database for one contestant, with a judge who looks into it.
type plot struct {
	peer.Site
	judge  *judge
	remove func(ctx context.Context) error
	spent  bool // its catalogue has seen too much to be used again
}

// plot makes an empty database.
func (g *ground) plot(ctx context.Context, database peer.Database, synchronous string) (*plot, error) {
	p := &plot{Site: peer.Site{Database: database, Synchronous: synchronous}}
	kind := g.bases[database]
	err := kind.lay(ctx, p)
	if err != nil {
		return nil, err
	}
	if p.judge, err = newJudge(kind, p.Site); err != nil {
		return nil, errors.Join(err, p.remove(ctx))
	}
	return p, nil
}

func newName() string { return "compare_" + strings.ToLower(rand.Text()[:12]) }

// beside is the URL of another database of the same server.
func beside(admin, name string) (string, error) {
	address, err := url.Parse(admin)
	if err != nil {
		return "", errors.New("the URL of the server cannot be read")
	}
	address.Path = "/" + name
	return address.String(), nil
}

// leave removes what was kept, even where the run has been interrupted.
func (g *ground) leave(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var failed error
	for _, kind := range g.bases {
		failed = errors.Join(failed, kind.leave(ctx))
	}
	return failed
}

// clear removes the database, whose contestant has left, even where the run has been interrupted.
func (p *plot) clear(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	return errors.Join(p.judge.close(), p.remove(ctx))
}
