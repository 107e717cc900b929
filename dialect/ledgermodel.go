package dialect

import (
	"fmt"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// ledgerRow is the shape of LedgerTable. Its field order is that of LedgerColumns.
type ledgerRow struct {
	Namespace   string    `db:"namespace"    schema:"pk"`
	Name        string    `db:"table_name"   schema:"pk"`
	Generation  int64     `db:"generation"`
	Fingerprint string    `db:"fingerprint"`
	CatalogHash string    `db:"catalog_hash"`
	Spec        string    `db:"spec"`
	UpdatedAt   time.Time `db:"updated_at"`
	UpdatedBy   string    `db:"updated_by"`
	Seal        string    `db:"seal"`
}

// revisionRow is the shape of RevisionsTable.
type revisionRow struct {
	ID              int64     `db:"id"               schema:"pk,auto"`
	Namespace       string    `db:"namespace"        schema:"index=history"`
	Name            string    `db:"table_name"       schema:"index=history"`
	Generation      int64     `db:"generation"`
	FromFingerprint string    `db:"from_fingerprint"`
	ToFingerprint   string    `db:"to_fingerprint"`
	Statements      string    `db:"statements"` // a JSON array of texts
	Checksum        string    `db:"checksum"`
	State           string    `db:"state"`
	Reason          string    `db:"reason"`
	Failure         string    `db:"failure"`
	Catalog         string    `db:"catalog"` // schema.Live as JSON, or empty
	Duration        int64     `db:"duration_us"`
	Host            string    `db:"host"`
	PID             int64     `db:"pid"`
	Application     string    `db:"application"`
	Version         string    `db:"version"`
	AppliedAt       time.Time `db:"applied_at"`
}

// LedgerModels gives the shapes of the ledger's own tables, created through the same planner as everyone else's.
func LedgerModels() []*schema.Table {
	return []*schema.Table{
		model[ledgerRow](LedgerTable, "schemactor: what each table is now"),
		model[revisionRow](RevisionsTable, "schemactor: how each table came to be so"),
	}
}

// model makes a table of the library's own, which can only fail by a mistake in this file.
func model[T any](name, comment string) *schema.Table {
	t, err := schema.TableOf[T](schema.Named(name), schema.WithComment(comment), schema.Reserved())
	if err != nil {
		panic(fmt.Sprintf("ledger model %s: %v", name, err))
	}
	return t
}
