package load

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
	"regexp"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/postgresserver"
	"github.com/schemactor/schemactor/loadtest/report"
	"github.com/schemactor/schemactor/schema"
)

// prefix is what the names begin with of everything that a run makes. A tag of hexadecimal digits follows.
const (
	prefix    = "loadtest_"
	tagDigits = 8
)

// site is where a run takes place: a namespace of its own, or names of its own in a SQLite file.
type site struct {
	dialect.Dialect
	address string // for workers; it may hold a password
	label   string // for people, without one

	namespace string                 // of the tables, where the database has such a thing
	stem      string                 // of the tables' names
	hadLedger bool                   // the database was in use before
	server    *postgresserver.Server // of the run's own, to remove at the end
	temporary string                 // the folder to remove at the end
	fresh     string                 // the SQLite file to remove at the end, because the run made it
}

// parentConnections are for looking: at what workers have done, and whether they have done well.
const parentConnections = 4

// openSite opens the database and looks whether it was in use before.
func openSite(ctx context.Context, database string) (*site, error) {
	s, err := siteOf(database)
	if err != nil {
		return nil, err
	}
	if database == OwnServer {
		if err := s.serve(); err != nil {
			return nil, err
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

// durable are the settings of a server that loses nothing, as those that people use.
var durable = []string{"fsync=on", "synchronous_commit=on", "full_page_writes=on", "autovacuum=on"}

// serve starts a server of the run's own.
func (s *site) serve() (err error) {
	if s.server, err = postgresserver.New(durable...); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	s.address = s.server.URL("postgres")
	return nil
}

// keywords finds the form of connection strings that is no URL.
var keywords = regexp.MustCompile(`(^|\s)(host|hostaddr|port|dbname|user|password|passfile|service)\s*=`)

// siteOf takes an address apart. Its errors repeat no more of it than a scheme, for the rest may be a password.
func siteOf(database string) (*site, error) {
	tag := make([]byte, tagDigits/2)
	_, _ = rand.Read(tag) // never fails, by its documentation
	own := prefix + hex.EncodeToString(tag)
	scheme, rest, found := strings.Cut(database, ":")
	switch {
	case IsPostgres(database):
		label := strings.TrimSpace("PostgreSQL " + publicPart(database))
		return &site{address: database, label: label, namespace: own, stem: prefix}, nil
	case database == OwnServer:
		return &site{label: "PostgreSQL, a server of its own", namespace: own, stem: prefix}, nil
	case database == "":
		folder, err := os.MkdirTemp("", "schemactor-loadtest-")
		if err != nil {
			return nil, err
		}
		path := filepath.Join(folder, "loadtest.db")
		return &site{address: path, label: "SQLite, a temporary file", temporary: folder, stem: own + "_"}, nil
	case keywords.MatchString(database): // a file of that name would show a password to everybody
		return nil, &InputError{"database", "is in PostgreSQL's form of key=value: write it as postgres://…"}
	case strings.Contains(database, ":memory:"):
		return nil, &InputError{"database", "must be a file: a database in memory cannot be shared by processes"}
	case !found || len(scheme) < 2 || strings.ContainsAny(scheme, `/\.`): // a path; one letter is a drive of Windows
	case strings.EqualFold(scheme, "sqlite"):
		database = strings.TrimPrefix(rest, "//")
	case strings.HasPrefix(rest, "//"):
		return nil, &InputError{"database", fmt.Sprintf("has the unknown scheme %q: want postgres://… or the path of a SQLite file", scheme)}
	default:
		return nil, &InputError{"database", "is neither postgres://… nor the path of a SQLite file"}
	}
	if database == "" {
		return nil, &InputError{"database", "needs a path behind sqlite:"}
	}
	s := &site{address: database, label: "SQLite " + database, stem: own + "_"}
	if _, err := os.Stat(database); errors.Is(err, fs.ErrNotExist) {
		s.fresh = database
	}
	return s, nil
}

// workersAddress is the address for workers, whose sessions have the run's name where a server has such a thing.
func (s *site) workersAddress() string {
	if s.namespace == "" {
		return s.address
	}
	u, err := url.Parse(s.address)
	if err != nil {
		return s.address // it was opened, and so has been read in another way
	}
	query := u.Query()
	query.Set("application_name", s.namespace)
	u.RawQuery = query.Encode()
	return u.String()
}

// IsPostgres reports whether a Config.Database is the URL of a PostgreSQL server.
func IsPostgres(database string) bool {
	scheme, _, found := strings.Cut(database, "://")
	return found && (strings.EqualFold(scheme, "postgres") || strings.EqualFold(scheme, "postgresql"))
}

// publicPart is a URL's host and path.
func publicPart(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host + u.EscapedPath()
}

// connect opens a database with so many connections.
func connect(ctx context.Context, address string, connections int) (dialect.Dialect, error) {
	if IsPostgres(address) {
		return opened(postgres.Open(ctx, address, &postgres.Config{MaxConns: int32(connections)}))
	}
	return opened(sqlite.Open(ctx, address, &sqlite.Config{Readers: connections}))
}

// opened keeps a failed Open from becoming an interface that is not nil.
func opened[D dialect.Dialect](d D, err error) (dialect.Dialect, error) {
	if err != nil {
		return nil, err
	}
	return d, nil
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
		sql := fmt.Sprintf("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, %d) = '%s'", len(s.stem), s.stem)
		if s.namespace != "" {
			sql = "SELECT count(*) FROM pg_tables WHERE schemaname = '" + s.namespace + "'"
		}
		_, err = dialect.QueryRow(ctx, s.Reader(), sql, nil, &tables)
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
	known := report.Database{Kind: "SQLite"}
	sql := "SELECT sqlite_version()"
	if s.namespace != "" {
		known.Kind, sql = "PostgreSQL", "SHOW server_version"
	}
	_, _ = dialect.QueryRow(ctx, s.Reader(), sql, nil, &known.Version) // a database that does not say has no version
	return known
}
