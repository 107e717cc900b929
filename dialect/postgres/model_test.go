package postgres_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/schema"
)

type owner struct {
	ID int64 `db:"id" schema:"pk,auto"`
}

// everything has each kind, and each thing that a column or a table can have.
type everything struct {
	Tenant  string          `db:"tenant"   schema:"pk,size=20"`
	ID      uuid.UUID       `db:"id"       schema:"pk"`
	Flag    bool            `db:"flag"     schema:"default=false,comment='it''s a \\ flag'"`
	Small   int16           `db:"small"    schema:"index=some,check=small BETWEEN -5 AND 5"`
	Middle  int32           `db:"middle"   schema:"index=some"`
	Large   int64           `db:"large"    schema:"default=40 + 2"`
	Narrow  float32         `db:"narrow"   schema:"default=0.5"`
	Wide    float64         `db:"wide"`
	Text    string          `db:"text"     schema:"index,default='it''s'"`
	Word    *string         `db:"word"     schema:"unique=pair,size=10"`
	State   string          `db:"state"    schema:"enum=new|b\\ack,default='new'"`
	Bytes   []byte          `db:"bytes"    schema:"size=8"`
	At      time.Time       `db:"at"       schema:"default=now,index"`
	Day     time.Time       `db:"day"      schema:"type=date,default=now"`
	Price   string          `db:"price"    schema:"type=decimal,precision=12,scale=2,default=1.50"`
	JSON    json.RawMessage `db:"json"     schema:"default='{\"a\": [1, 2]}'"`
	Twice   int64           `db:"twice"    schema:"generated=large * 2"`
	Loud    string          `db:"loud"     schema:"generated=upper(text)"`
	Owner   *int64          `db:"owner"    schema:"references=owners.id,ondelete=set null,onupdate=cascade,unique=pair"`
	Version int64           "db:\"vers\\\"ion ü\" schema:\"version\""
}

func everythingModel(t *testing.T, options ...schema.TableOption) *schema.Table {
	t.Helper()
	return tableOf[everything](t, append([]schema.TableOption{schema.Named("everything")}, options...)...)
}

// shape is what of a live table takes part in comparisons.
func shape(live *schema.Live) schema.Live {
	s := *live
	s.Ref, s.Hash, s.KeyName = schema.Ref{}, "", ""
	s.Indexes, s.ForeignKeys = slices.Clone(s.Indexes), slices.Clone(s.ForeignKeys)
	s.Checks = slices.Clone(s.Checks)
	for i := range s.Indexes {
		s.Indexes[i].Name, s.Indexes[i].Constraint = "", false
	}
	for i := range s.ForeignKeys {
		s.ForeignKeys[i].Name = ""
	}
	for i := range s.Checks {
		s.Checks[i].Name = ""
	}
	s.Columns = slices.Clone(s.Columns)
	for i := range s.Columns {
		s.Columns[i].Collation, s.Columns[i].Volatile = "", false
	}
	slices.SortFunc(s.Indexes, func(a, b schema.LiveIndex) int { return strings.Compare(a.Definition, b.Definition) })
	return s
}
