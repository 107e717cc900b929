package main

import (
	"context"
	"errors"
	"os"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// close removes what the story made, and the connections. With keep nothing is removed, and where says where it is.
func (db *stage) close(ctx context.Context, keep bool) (where string, err error) {
	var faults []error
	if db.other != nil && !keep && db.temporary == "" {
		faults = append(faults, db.remove(ctx))
	}
	for _, d := range []dialect.Dialect{db.other, db.Dialect} {
		if d != nil {
			faults = append(faults, d.Close())
		}
	}
	if keep && len(db.made) > 0 {
		switch {
		case db.temporary != "":
			where = db.temporary
		case db.namespace != "":
			where = "namespace " + db.namespace
		default:
			where = "tables " + db.prefix + "*"
		}
		return where, errors.Join(faults...)
	}
	if db.temporary != "" {
		faults = append(faults, os.RemoveAll(db.temporary))
	}
	if db.file != "" {
		faults = append(faults, removeFile(db.file))
	}
	return "", errors.Join(faults...)
}

// remove drops the story's tables and forgets them in the ledger; the ledger itself goes if the story brought it and
// nobody else has used it since.
func (db *stage) remove(ctx context.Context) error {
	exec := func(sql string, args ...any) error {
		_, err := db.other.Writer().Exec(ctx, sql, args...)
		if err == nil {
			return nil
		}
		return db.other.Classify(err)
	}
	var faults []error
	if db.namespace != "" {
		faults = append(faults, exec("DROP SCHEMA IF EXISTS "+db.Quote(db.namespace)+" CASCADE"))
	} else {
		for _, ref := range db.made {
			faults = append(faults, exec("DROP TABLE IF EXISTS "+db.QuoteTable(ref)))
		}
	}
	survey, err := db.other.Survey(ctx, []schema.Ref{db.ref("notes")})
	if err != nil {
		return errors.Join(append(faults, db.other.Classify(err))...)
	}
	if !survey.HasLedger {
		return errors.Join(faults...)
	}
	ledger := []string{
		db.QuoteTable(schema.Ref{Name: dialect.RevisionsTable}), db.QuoteTable(schema.Ref{Name: dialect.LedgerTable}),
	}
	for _, table := range ledger {
		for _, ref := range db.made {
			faults = append(faults, exec("DELETE FROM "+table+" WHERE "+db.ofTable(), ref.Namespace, ref.Name))
		}
	}
	if left, err := db.count(ctx, "SELECT count(*) FROM "+ledger[1]); err == nil && left == 0 && !db.hadLedger {
		for _, table := range ledger {
			faults = append(faults, exec("DROP TABLE "+table))
		}
	}
	return errors.Join(faults...)
}

// removeFile takes a SQLite file away, and what SQLite keeps beside it.
func removeFile(path string) error {
	var faults []error
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); !errors.Is(err, os.ErrNotExist) {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}
