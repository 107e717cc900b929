package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// close ends the connections, after it has removed what the run has made, unless that is to be kept.
func (s *site) close(ctx context.Context, keep bool) (where string, err error) {
	if keep && s.server == nil {
		switch {
		case s.namespace != "":
			where = "namespace " + s.namespace
		case s.temporary != "":
			where = s.address.Text
		default:
			where = "tables " + s.stem + "*"
		}
		return where, s.Dialect.Close()
	}
	var faults []error
	if s.temporary == "" && s.fresh == "" && s.server == nil {
		faults = append(faults, s.remove(ctx))
	}
	return "", errors.Join(append(faults, s.Dialect.Close(), s.removeFiles())...)
}

// removeFiles takes away the server or the files that the run has made, and what SQLite keeps beside them.
func (s *site) removeFiles() error {
	if s.server != nil {
		s.server.Remove()
		return nil
	}
	if s.temporary != "" {
		return os.RemoveAll(s.temporary)
	}
	if s.fresh == "" {
		return nil
	}
	var faults []error
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(s.fresh + suffix); !errors.Is(err, os.ErrNotExist) {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// remove drops the run's tables and has the ledger forget them. The ledger itself goes if the run brought it and nobody
// else has used it since.
func (s *site) remove(ctx context.Context) error {
	made, err := s.made(ctx)
	if err != nil {
		return err
	}
	made = slices.DeleteFunc(made, func(ref schema.Ref) bool {
		return ref.Namespace != s.namespace || s.namespace == "" && ref.Name[:len(s.stem)] != s.stem
	})
	return errors.Join(s.drop(ctx, made), s.dropLedger(ctx))
}

// ownNames are the names of what runs make, here or where they have namespaces.
var (
	ownTable     = regexp.MustCompile(fmt.Sprintf(`^%s[0-9a-f]{%d}_\d+$`, prefix, tagDigits))
	ownNamespace = regexp.MustCompile(fmt.Sprintf(`^%s[0-9a-f]{%d}$`, prefix, tagDigits))
)

// made gives the tables of this run and of others, as the ledger has them.
func (s *site) made(ctx context.Context) ([]schema.Ref, error) {
	rows, err := s.Reader().Query(ctx, "SELECT namespace, table_name FROM "+dialect.LedgerTable)
	if err != nil {
		known := s.Classify(err)
		if errors.Is(known, schema.ErrMissing) {
			return nil, nil
		}
		return nil, known
	}
	defer rows.Close()
	var made []schema.Ref
	for rows.Next() {
		var ref schema.Ref
		if err := rows.Scan(&ref.Namespace, &ref.Name); err != nil {
			return nil, s.Classify(err)
		}
		if s.namespace != "" && ownNamespace.MatchString(ref.Namespace) || s.namespace == "" && ownTable.MatchString(ref.Name) {
			made = append(made, ref)
		}
	}
	if err := errors.Join(rows.Close(), rows.Err()); err != nil {
		return nil, s.Classify(err)
	}
	return made, nil
}

// drop drops tables, with the namespaces that were made for them, and has the ledger forget them.
func (s *site) drop(ctx context.Context, made []schema.Ref) error {
	var faults []error
	var namespaces []string
	for _, ref := range made {
		faults = append(faults, s.exec(ctx, "DROP TABLE IF EXISTS "+s.QuoteTable(ref)))
		for _, table := range []string{dialect.RevisionsTable, dialect.LedgerTable} {
			faults = append(faults, s.exec(ctx, "DELETE FROM "+table+" WHERE namespace = "+s.NamespaceExpr(s.Placeholder(1))+
				" AND table_name = "+s.Placeholder(2), ref.Namespace, ref.Name))
		}
		if ref.Namespace != "" && !slices.Contains(namespaces, ref.Namespace) {
			namespaces = append(namespaces, ref.Namespace)
		}
	}
	for _, namespace := range namespaces {
		faults = append(faults, s.exec(ctx, "DROP SCHEMA IF EXISTS "+s.Quote(namespace)+" CASCADE"))
	}
	return errors.Join(faults...)
}

func (s *site) dropLedger(ctx context.Context) error {
	if s.hadLedger {
		return nil
	}
	var left int64
	_, err := dialect.QueryRow(ctx, s.Reader(), "SELECT (SELECT count(*) FROM "+dialect.LedgerTable+") + (SELECT count(*) FROM "+
		dialect.RevisionsTable+")", nil, &left)
	if err != nil || left > 0 {
		if known := s.Classify(err); err != nil && !errors.Is(known, schema.ErrMissing) {
			return known
		}
		return nil
	}
	return errors.Join(s.exec(ctx, "DROP TABLE "+dialect.RevisionsTable), s.exec(ctx, "DROP TABLE "+dialect.LedgerTable))
}

func (s *site) exec(ctx context.Context, sql string, args ...any) error {
	if _, err := s.Writer().Exec(ctx, sql, args...); err != nil {
		return s.Classify(err)
	}
	return nil
}

// Drop removes what earlier runs have left in a database, kept or interrupted, and gives the number of tables. A ledger
// that is empty then goes, too.
func Drop(ctx context.Context, database string) (tables int, err error) {
	if _, own := ownServer(database); own || database == "" {
		return 0, &InputError{"drop", "needs --database: temporary files and servers go by themselves"}
	}
	s, err := siteOf(database)
	if err != nil {
		return 0, err
	}
	if s.fresh != "" {
		return 0, &InputError{"database", "names a file that is not there"}
	}
	if s.Dialect, err = connect(ctx, s.address, parentConnections); err != nil {
		return 0, fmt.Errorf("open %s: %w", s.label, err)
	}
	made, err := s.made(ctx)
	if err == nil {
		err = errors.Join(s.drop(ctx, made), s.dropLedger(ctx))
	}
	return len(made), errors.Join(err, s.Dialect.Close())
}
