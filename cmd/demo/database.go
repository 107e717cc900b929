package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/schema"
)

// database is where the story happens.
type database struct {
	dialect.Dialect                 // the program's connections
	other           dialect.Dialect // somebody else's: counts what is really there, and drops a table
	label           string          // for people, without credentials

	namespace string       // of all tables of the story, where the database has namespaces
	prefix    string       // of all their names, where it has not
	made      []schema.Ref // tables that the story may have made
	hadLedger bool         // the database was in use before
	temporary string       // the folder to remove at the end
	file      string       // the SQLite file to remove at the end, because the story made it
}

// target is a parsed --database.
type target struct {
	postgres bool
	address  string // URL or path; empty is a temporary SQLite file
}

// parseTarget tells databases apart. Its errors repeat nothing but a well-formed scheme: the rest may be a password.
func parseTarget(database string) (target, error) {
	scheme, rest, found := strings.Cut(database, ":")
	// One letter is a Windows drive, and a scheme has no separators.
	if !found || len(scheme) < 2 || strings.ContainsAny(scheme, `/\.`) {
		return target{address: database}, nil
	}
	switch strings.ToLower(scheme) {
	case "postgres", "postgresql":
		return target{postgres: true, address: database}, nil
	case "sqlite":
		path := strings.TrimPrefix(rest, "//")
		if path == "" {
			return target{}, fmt.Errorf("%w: sqlite: needs the path of a file behind it", errUsage)
		}
		return target{address: path}, nil
	}
	if !strings.HasPrefix(rest, "//") {
		return target{}, fmt.Errorf("%w: --database is neither postgres://… nor the path of a file", errUsage)
	}
	return target{}, fmt.Errorf("%w: unknown database scheme %q: use postgres://… or the path of a SQLite file", errUsage, scheme)
}

// readAddress reads a database's address from a file, as secrets are mounted. Its error does not show what is in there.
func readAddress(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%w: --database-file: %w", errUsage, err)
	}
	if address := strings.TrimSpace(string(text)); address != "" {
		return address, nil
	}
	return "", fmt.Errorf("%w: --database-file: %s is empty", errUsage, path)
}

func openDatabase(ctx context.Context, address string) (*database, error) {
	target, err := parseTarget(address)
	if err != nil {
		return nil, err
	}
	db := &database{}
	tag := randomTag()
	switch {
	case target.postgres:
		db.label = "PostgreSQL " + publicAddress(target.address)
		db.namespace = "schemactor_demo_" + tag
	case target.address == "":
		if db.temporary, err = os.MkdirTemp("", "schemactor-demo-"); err != nil {
			return nil, err
		}
		target.address = filepath.Join(db.temporary, "demo.db")
		db.label = "a temporary SQLite file"
	default:
		db.label = "SQLite " + target.address
		db.prefix = "demo_" + tag + "_"
		if _, err := os.Stat(target.address); errors.Is(err, fs.ErrNotExist) {
			db.file = target.address
		}
	}
	if err := db.connect(ctx, target); err != nil {
		// Nothing was made but perhaps an empty file.
		_, closeErr := db.close(context.WithoutCancel(ctx), false)
		return nil, errors.Join(err, closeErr)
	}
	return db, nil
}

// connect opens the database twice and looks whether it was in use before.
func (db *database) connect(ctx context.Context, target target) (err error) {
	open := func() (dialect.Dialect, error) {
		if target.postgres {
			return opened(postgres.Open(ctx, target.address, nil))
		}
		return opened(sqlite.Open(ctx, target.address, nil))
	}
	if db.Dialect, err = open(); err != nil {
		return err
	}
	if db.other, err = open(); err != nil {
		return err
	}
	survey, err := db.Survey(ctx, []schema.Ref{db.ref("notes")})
	if err != nil {
		return fmt.Errorf("read %s: %w", db.label, db.Classify(err))
	}
	db.hadLedger = survey.HasLedger
	return nil
}

// opened keeps a failed Open from becoming an interface that is not nil.
func opened[D dialect.Dialect](d D, err error) (dialect.Dialect, error) {
	if err != nil {
		return nil, err
	}
	return d, nil
}

// table are the options that place a model under a name of the story's own.
func (db *database) table(name string) []schema.TableOption {
	db.made = append(db.made, db.ref(name))
	options := []schema.TableOption{schema.Named(db.prefix + name)}
	if db.namespace != "" {
		options = append(options, schema.InNamespace(db.namespace))
	}
	return options
}

// ref is the table that such a model gets.
func (db *database) ref(name string) schema.Ref {
	return schema.Ref{Namespace: db.namespace, Name: db.prefix + name}
}

// count runs a query for one number on the other connection.
func (db *database) count(ctx context.Context, sql string, args ...any) (int64, error) {
	var n int64
	if _, err := dialect.QueryRow(ctx, db.other.Reader(), sql, args, &n); err != nil {
		return 0, db.other.Classify(err)
	}
	return n, nil
}

// rows counts what is in a table; a missing one has none, which breaks a promise and not the story.
func (db *database) rows(ctx context.Context, ref schema.Ref) (int64, error) {
	return db.rowsWhere(ctx, ref, "1 = 1")
}

// rowsWhere counts the rows that meet a condition; where table or column are missing there are none.
func (db *database) rowsWhere(ctx context.Context, ref schema.Ref, condition string) (int64, error) {
	n, err := db.count(ctx, "SELECT count(*) FROM "+db.QuoteTable(ref)+" WHERE "+condition)
	if errors.Is(err, schema.ErrMissing) {
		return 0, nil
	}
	return n, err
}

// migrations counts, in the database's own history, how often a table was made or changed.
func (db *database) migrations(ctx context.Context, ref schema.Ref) (int64, error) {
	return db.count(ctx, "SELECT count(*) FROM "+db.QuoteTable(schema.Ref{Name: dialect.RevisionsTable})+
		" WHERE "+db.ofTable()+" AND state = 'applied'", ref.Namespace, ref.Name)
}

// ofTable is the condition on the ledger's rows of one table: namespace first, name second.
func (db *database) ofTable() string {
	return db.Quote("namespace") + " = " + db.NamespaceExpr(db.Placeholder(1)) +
		" AND " + db.Quote("table_name") + " = " + db.Placeholder(2)
}

// publicAddress is a URL's host and path.
func publicAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host + u.EscapedPath()
}

func randomTag() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return hex.EncodeToString(b[:])
}
