package load

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/database"
	"github.com/schemactor/schemactor/loadtest/report"
	"github.com/schemactor/schemactor/schema"
)

// prefix is what the names begin with of everything that a run makes. A tag of hexadecimal digits follows.
const (
	prefix    = "loadtest_"
	tagDigits = 8
)

// site is where a run takes place: a namespace of its own, or names of its own in a database that has none.
type site struct {
	dialect.Dialect
	address database.Address // for workers; it may hold a password
	label   string           // for people, without one

	namespace string // of the tables, where the database has such a thing
	stem      string // of the tables' names
	hadLedger bool   // the database was in use before
	server    server // of the run's own, to remove at the end
	temporary string // the folder to remove at the end
	fresh     string // the SQLite file to remove at the end, because the run made it
}

// parentConnections are for looking: at what workers have done, and whether they have done well.
const parentConnections = 4

// openSite opens the database and looks whether it was in use before.
func openSite(ctx context.Context, text string) (*site, error) {
	s, err := siteOf(text)
	if err != nil {
		return nil, err
	}
	if _, own := ownServer(text); own {
		if err := s.serve(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("start %s: %w", s.address.Kind, err), s.removeFiles())
		}
	}
	if s.Dialect, err = connect(ctx, s.address, parentConnections); err == nil {
		var survey *dialect.Survey
		if survey, err = s.Survey(ctx, []schema.Ref{s.ref(0)}); err == nil {
			s.hadLedger = survey.HasLedger
			return s, nil
		}
		err = errors.Join(s.Classify(err), s.Dialect.Close())
	}
	return nil, errors.Join(fmt.Errorf("open %s: %w", s.label, err), s.removeFiles())
}

// keywords finds the form of connection strings that is no URL.
var keywords = regexp.MustCompile(`(^|\s)(host|hostaddr|port|dbname|user|password|passfile|service)\s*=`)

// siteOf takes an address apart. Its errors repeat no more of it than a scheme, for the rest may be a password.
func siteOf(text string) (*site, error) {
	tag := make([]byte, tagDigits/2)
	_, _ = rand.Read(tag) // never fails, by its documentation
	own := prefix + hex.EncodeToString(tag)
	if kind, asked := ownServer(text); asked {
		return newSite(database.Address{Kind: kind}, string(kind)+", a server of its own", own), nil
	}
	if text == "" {
		folder, err := os.MkdirTemp("", "schemactor-loadtest-")
		if err != nil {
			return nil, err
		}
		s := newSite(database.Address{Kind: database.SQLite, Text: filepath.Join(folder, "loadtest.db")}, "SQLite, a temporary file", own)
		s.temporary = folder
		return s, nil
	}
	address, err := database.Parse(text)
	switch {
	case err == nil && address.Kind.Served():
		return newSite(address, address.String(), own), nil
	case keywords.MatchString(text): // a file of that name would show a password to everybody
		return nil, &InputError{"database", "is in PostgreSQL's form of key=value: write it as postgres://…"}
	case strings.Contains(text, ":memory:"):
		return nil, &InputError{"database", "must be a file: a database in memory cannot be shared by processes"}
	case err != nil:
		return nil, &InputError{"database", err.Error()}
	}
	s := newSite(address, address.String(), own)
	if _, err := os.Stat(address.Text); errors.Is(err, fs.ErrNotExist) {
		s.fresh = address.Text
	}
	return s, nil
}

// newSite gives the run's tables their place.
func newSite(address database.Address, label, own string) *site {
	if address.Kind.Namespaced() {
		return &site{address: address, label: label, namespace: own, stem: prefix}
	}
	return &site{address: address, label: label, stem: own + "_"}
}

// connect opens a database with so many connections.
func connect(ctx context.Context, address database.Address, connections int) (dialect.Dialect, error) {
	return database.Open(ctx, address, database.Options{Connections: connections})
}

// ref is the n-th table.
func (s *site) ref(n int) schema.Ref { return refOf(s.namespace, s.stem, n) }

func refOf(namespace, stem string, n int) schema.Ref {
	return schema.Ref{Namespace: namespace, Name: fmt.Sprintf("%s%03d", stem, n)}
}

// refs are the first n tables.
func (s *site) refs(n int) []schema.Ref {
	refs := make([]schema.Ref, n)
	for i := range refs {
		refs[i] = s.ref(i)
	}
	return refs
}

// ours is the condition on the ledger's rows of this run's tables. Both texts are made of letters and digits alone.
func (s *site) ours() string {
	if s.namespace != "" {
		return "namespace = '" + s.namespace + "'"
	}
	return fmt.Sprintf("substr(table_name, 1, %d) = '%s'", len(s.stem), s.stem)
}

// progress counts in the ledger how many tables are there, and how many migrations have made them so. What has no ledger is counted
// in the catalogue, and its migrations are not known.
func (s *site) progress(ctx context.Context, mode Mode) (tables, migrations int64, err error) {
	if mode == ModeIfNotExists {
		sql := map[database.Kind]string{
			database.SQLite:     "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, %d) = '%s'",
			database.PostgreSQL: "SELECT count(*) FROM pg_tables WHERE substr(tablename, 1, %d) = '%s' AND schemaname = '" + s.namespace + "'",
			database.MariaDB: "SELECT count(*) FROM information_schema.tables WHERE substr(table_name, 1, %d) = '%s'" +
				" AND table_schema = database()",
		}[s.address.Kind]
		_, err = dialect.QueryRow(ctx, s.Reader(), fmt.Sprintf(sql, len(s.stem), s.stem), nil, &tables)
		return tables, 0, err
	}
	_, err = dialect.QueryRow(ctx, s.Reader(), "SELECT (SELECT count(*) FROM "+dialect.LedgerTable+" WHERE "+s.ours()+
		"), (SELECT count(*) FROM "+dialect.RevisionsTable+" WHERE state = 'applied' AND "+s.ours()+")", nil, &tables, &migrations)
	if known := s.Classify(err); err != nil && !errors.Is(known, schema.ErrMissing) {
		return 0, 0, known
	}
	return tables, migrations, nil
}

// describe says what database it is.
func (s *site) describe(ctx context.Context) report.Database {
	known := report.Database{Kind: string(s.address.Kind)}
	_, _ = dialect.QueryRow(ctx, s.Reader(), s.address.Kind.Version(), nil, &known.Version) // one that does not say has no version
	return known
}
