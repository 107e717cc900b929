package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/database"
	"github.com/schemactor/schemactor/schema"
)

// stage is where the story happens.
type stage struct {
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

// parseDatabase reads --database. Its errors hold no password.
func parseDatabase(text string) (database.Address, error) {
	address, err := database.Parse(text)
	if err != nil {
		return address, fmt.Errorf("%w: --database %w", errUsage, err)
	}
	return address, nil
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

func openStage(ctx context.Context, text string) (*stage, error) {
	address, err := parseDatabase(text)
	if err != nil {
		return nil, err
	}
	db := &stage{label: address.String()}
	tag := randomTag()
	switch {
	case address.Kind.Namespaced():
		db.namespace = "schemactor_demo_" + tag
	case address.Text == "":
		if db.temporary, err = os.MkdirTemp("", "schemactor-demo-"); err != nil {
			return nil, err
		}
		address.Text = filepath.Join(db.temporary, "demo.db")
		db.label = "a temporary SQLite file"
	default:
		db.prefix = "demo_" + tag + "_"
		db.file = fileToBe(address)
	}
	if err := db.connect(ctx, address); err != nil {
		// Nothing was made but perhaps an empty file.
		_, closeErr := db.close(context.WithoutCancel(ctx), false)
		return nil, errors.Join(err, closeErr)
	}
	return db, nil
}

// connect opens the database twice and looks whether it was in use before.
func (db *stage) connect(ctx context.Context, address database.Address) (err error) {
	if db.Dialect, err = database.Open(ctx, address, database.Options{}); err != nil {
		return err
	}
	if db.other, err = database.Open(ctx, address, database.Options{}); err != nil {
		return err
	}
	survey, err := db.Survey(ctx, []schema.Ref{db.ref("notes")})
	if err != nil {
		return fmt.Errorf("read %s: %w", db.label, db.Classify(err))
	}
	db.hadLedger = survey.HasLedger
	return nil
}

// fileToBe is the SQLite file that comes to be by being opened, if that is what it is.
func fileToBe(address database.Address) string {
	if address.Kind.Served() {
		return ""
	}
	if _, err := os.Stat(address.Text); !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return address.Text
}

// table are the options that place a model under a name of the story's own.
func (db *stage) table(name string) []schema.TableOption {
	db.made = append(db.made, db.ref(name))
	options := []schema.TableOption{schema.Named(db.prefix + name)}
	if db.namespace != "" {
		options = append(options, schema.InNamespace(db.namespace))
	}
	return options
}

// ref is the table that such a model gets.
func (db *stage) ref(name string) schema.Ref {
	return schema.Ref{Namespace: db.namespace, Name: db.prefix + name}
}

// count runs a query for one number on the other connection.
func (db *stage) count(ctx context.Context, sql string, args ...any) (int64, error) {
	var n int64
	if _, err := dialect.QueryRow(ctx, db.other.Reader(), sql, args, &n); err != nil {
		return 0, db.other.Classify(err)
	}
	return n, nil
}

// rows counts what is in a table; a missing one has none, which breaks a promise and not the story.
func (db *stage) rows(ctx context.Context, ref schema.Ref) (int64, error) {
	return db.rowsWhere(ctx, ref, "1 = 1")
}

// rowsWhere counts the rows that meet a condition; where table or column are missing there are none.
func (db *stage) rowsWhere(ctx context.Context, ref schema.Ref, condition string) (int64, error) {
	n, err := db.count(ctx, "SELECT count(*) FROM "+db.QuoteTable(ref)+" WHERE "+condition)
	if errors.Is(err, schema.ErrMissing) {
		return 0, nil
	}
	return n, err
}

// migrations counts, in the database's own history, how often a table was made or changed.
func (db *stage) migrations(ctx context.Context, ref schema.Ref) (int64, error) {
	return db.count(ctx, "SELECT count(*) FROM "+db.QuoteTable(schema.Ref{Name: dialect.RevisionsTable})+
		" WHERE "+db.ofTable()+" AND state = 'applied'", ref.Namespace, ref.Name)
}

// ofTable is the condition on the ledger's rows of one table: namespace first, name second.
func (db *stage) ofTable() string {
	return db.Quote("namespace") + " = " + db.NamespaceExpr(db.Placeholder(1)) +
		" AND " + db.Quote("table_name") + " = " + db.Placeholder(2)
}

func randomTag() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return hex.EncodeToString(b[:])
}
