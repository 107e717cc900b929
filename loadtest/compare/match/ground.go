package match

import (
	"context"
	"crypto/rand"
	"database/sql"
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
	folder string   // of SQLite's files
	admin  string   // URL of a database on the PostgreSQL server
	mysql  string   // and on MariaDB
	free   []string // PostgreSQL databases that are empty again: to make one takes a third of a second
}

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
	var err error
	switch database {
	case peer.SQLite:
		err = g.file(p)
	case peer.MySQL:
		err = g.mysqlDatabase(ctx, p)
	default:
		err = g.database(ctx, p)
	}
	if err != nil {
		return nil, err
	}
	if p.judge, err = newJudge(p.Site); err != nil {
		return nil, errors.Join(err, p.remove(ctx))
	}
	return p, nil
}

func newName() string { return "compare_" + strings.ToLower(rand.Text()[:12]) }

// file gives a plot a folder for its file.
func (g *ground) file(p *plot) error {
	folder := filepath.Join(g.folder, newName())
	p.Path = filepath.Join(folder, "compare.db")
	p.remove = func(context.Context) error { return os.RemoveAll(folder) }
	return os.Mkdir(folder, 0o700)
}

// database gives a plot a database of the server, one that is free or a new one.
func (g *ground) database(ctx context.Context, p *plot) error {
	address, err := url.Parse(g.admin)
	if err != nil {
		return errors.New("the URL of the server cannot be read")
	}
	var name string
	if last := len(g.free) - 1; last >= 0 {
		name, g.free = g.free[last], g.free[:last]
	} else {
		name = newName()
		err = g.order(ctx, "CREATE DATABASE "+name+" TEMPLATE template0")
	}
	address.Path = "/" + name
	p.URL = address.String()
	p.remove = func(ctx context.Context) error {
		if p.spent {
			return g.drop(ctx, name)
		}
		g.free = append(g.free, name)
		return execute(ctx, p.URL, "DROP EVENT TRIGGER IF EXISTS note", "DROP SCHEMA IF EXISTS watch CASCADE",
			"DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
	}
	return err
}

// mysqlDatabase gives a plot a new database of MariaDB.
func (g *ground) mysqlDatabase(ctx context.Context, p *plot) error {
	address, err := url.Parse(g.mysql)
	if err != nil {
		return errors.New("the URL of the server cannot be read")
	}
	name := newName()
	address.Path = "/" + name
	p.URL = address.String()
	p.remove = func(ctx context.Context) error { return g.orderMySQL(ctx, "DROP DATABASE "+name) }
	return g.orderMySQL(ctx, "CREATE DATABASE "+name)
}

func (g *ground) orderMySQL(ctx context.Context, text string) (err error) {
	source, err := peer.MySQLSource(g.mysql)
	if err != nil {
		return err
	}
	db, err := sql.Open("mysql", source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, text)
	return err
}

func (g *ground) drop(ctx context.Context, name string) error {
	return g.order(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

// leave drops the databases that are free.
func (g *ground) leave(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var failed error
	for _, name := range g.free {
		failed = errors.Join(failed, g.drop(ctx, name))
	}
	g.free = nil
	return failed
}

func (g *ground) order(ctx context.Context, text string) error { return execute(ctx, g.admin, text) }

func execute(ctx context.Context, target string, statements ...string) (err error) {
	conn, err := pgx.Connect(ctx, target)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for _, text := range statements {
		if _, err := conn.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// clear removes the database, whose contestant has left, even where the run has been interrupted.
func (p *plot) clear(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	return errors.Join(p.judge.close(), p.remove(ctx))
}
