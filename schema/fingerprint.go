package schema

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// spec is a Table as JSON. Its field names are part of the ledger: a change of theirs changes every fingerprint.
type spec struct {
	Namespace   string           `json:"namespace,omitempty"`
	Name        string           `json:"name,omitempty"`
	Columns     []columnSpec     `json:"columns"`
	Key         []string         `json:"key"`
	Indexes     []indexSpec      `json:"indexes,omitempty"`
	ForeignKeys []foreignKeySpec `json:"foreignKeys,omitempty"`
	Checks      []string         `json:"checks,omitempty"`
	Comment     string           `json:"comment,omitempty"`
}

type columnSpec struct {
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	Size      int      `json:"size,omitempty"`
	Precision int      `json:"precision,omitempty"`
	Scale     int      `json:"scale,omitempty"`
	Nullable  bool     `json:"nullable,omitempty"`
	Auto      bool     `json:"auto,omitempty"`
	Default   string   `json:"default,omitempty"`
	Generated string   `json:"generated,omitempty"`
	Enum      []string `json:"enum,omitempty"`
	Comment   string   `json:"comment,omitempty"`
}

type indexSpec struct {
	Columns []string `json:"columns"`
	Unique  bool     `json:"unique,omitempty"`
}

type foreignKeySpec struct {
	Columns    []string `json:"columns"`
	Namespace  string   `json:"namespace,omitempty"` // empty for the table's own
	Table      string   `json:"table"`
	RefColumns []string `json:"refColumns"`
	OnDelete   string   `json:"onDelete"`
	OnUpdate   string   `json:"onUpdate"`
}

// MarshalJSON gives the model as the ledger keeps it: everything that shapes the table, in declared order, without Go
// names and without lifecycle roles, which shape statements and not the table.
func (t *Table) MarshalJSON() ([]byte, error) { return json.Marshal(t.spec()) }

func (t *Table) spec() spec {
	s := spec{Namespace: t.ref.Namespace, Name: t.ref.Name, Key: t.KeyNames(), Comment: t.comment}
	for _, c := range t.columns {
		s.Columns = append(s.Columns, columnSpec{
			Name: c.Name, Kind: c.Kind.String(), Size: c.Size, Precision: c.Precision, Scale: c.Scale,
			Nullable: c.Nullable, Auto: c.Auto, Default: c.Default, Generated: c.Generated, Enum: c.Enum, Comment: c.Comment,
		})
	}
	for _, ix := range t.indexes {
		s.Indexes = append(s.Indexes, indexSpec{Columns: ix.Columns, Unique: ix.Unique})
	}
	for _, fk := range t.foreignKeys {
		f := foreignKeySpec{
			Columns: fk.Columns, Namespace: fk.References.Namespace, Table: fk.References.Name, RefColumns: fk.RefColumns,
			OnDelete: fk.OnDelete.String(), OnUpdate: fk.OnUpdate.String(),
		}
		if f.Namespace == t.ref.Namespace {
			f.Namespace = ""
		}
		s.ForeignKeys = append(s.ForeignKeys, f)
	}
	for _, c := range t.checks {
		s.Checks = append(s.Checks, c.Expr)
	}
	return s
}

// fingerprint digests the shape alone: what the table is called, in which order things were declared and what they are
// called in Go does not count. The order of a key's and an index's columns does.
func fingerprint(t *Table) string {
	s := t.spec()
	s.Namespace, s.Name = "", ""
	slices.SortFunc(s.Columns, func(a, b columnSpec) int { return strings.Compare(a.Name, b.Name) })
	for i := range s.Columns {
		s.Columns[i].Enum = slices.Sorted(slices.Values(s.Columns[i].Enum))
	}
	sortByJSON(s.Indexes)
	sortByJSON(s.ForeignKeys)
	slices.Sort(s.Checks)
	sum := sha256.Sum256(mustJSON(s))
	return hex.EncodeToString(sum[:])
}

func sortByJSON[T any](list []T) {
	slices.SortFunc(list, func(a, b T) int { return bytes.Compare(mustJSON(a), mustJSON(b)) })
}

// mustJSON marshals structs of strings, numbers and truth values, which cannot fail.
func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("schema: spec as JSON: %v", err))
	}
	return data
}
