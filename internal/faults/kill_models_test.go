package faults_test

import (
	"time"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/schema"
)

// goodsRows is how many rows the table has before it changes, and so several batches.
const goodsRows = 1_500

type (
	// goodsFirst is the table "goods" as it is made; the others are what it becomes.
	goodsFirst struct {
		ID       int64   `db:"id"        schema:"pk"`
		ParentID *int64  `db:"parent_id"`
		Label    string  `db:"label"     schema:"size=20"`
		Quantity string  `db:"quantity"`
		Unit     *string `db:"unit"`
	}
	goodsMore struct {
		ID       int64   `db:"id"        schema:"pk"`
		ParentID *int64  `db:"parent_id" schema:"index"`
		Label    string  `db:"label"     schema:"size=20"`
		Quantity string  `db:"quantity"`
		Unit     *string `db:"unit"`
		Place    *string `db:"place"     schema:"index"`
		Price    int64   `db:"price"     schema:"default=7"`
	}
	goodsIndexed struct {
		ID       int64   `db:"id"        schema:"pk"`
		ParentID *int64  `db:"parent_id"`
		Label    string  `db:"label"     schema:"size=20,index"`
		Quantity string  `db:"quantity"`
		Unit     *string `db:"unit"`
		Price    int64   `db:"price"     schema:"default=7"`
	}
	goodsFilled struct {
		ID       int64  `db:"id"        schema:"pk"`
		ParentID *int64 `db:"parent_id"`
		Label    string `db:"label"     schema:"size=20"`
		Quantity string `db:"quantity"`
		Unit     string `db:"unit"      schema:"backfill='kg'"`
	}
	goodsTyped struct {
		ID       int64   `db:"id"        schema:"pk"`
		ParentID *int64  `db:"parent_id" schema:"references=goods.id,index"`
		Label    string  `db:"label"     schema:"size=20,unique"`
		Quantity int64   `db:"quantity"  schema:"check=quantity > 0"`
		Unit     *string `db:"unit"`
	}
	goodsRenamed struct {
		ID       int64   `db:"id"        schema:"pk"`
		ParentID *int64  `db:"parent_id"`
		Label    string  `db:"label"     schema:"size=20"`
		Quantity string  `db:"quantity"`
		Measure  *string `db:"measure"   schema:"was=unit"`
	}

	// goodsWide is one that nobody has made before. Box and goods point at each other: both are made in one transaction.
	goodsWide struct {
		ID       int64      `db:"id"        schema:"pk"`
		BoxID    *int64     `db:"box_id"    schema:"references=boxes.id,ondelete=set null,index"`
		Label    string     `db:"label"     schema:"size=20,unique"`
		Quantity string     `db:"quantity"  schema:"type=decimal,precision=10,scale=2"`
		Unit     *string    `db:"unit"      schema:"size=10"`
		Code     uuid.UUID  `db:"code"      schema:"unique"`
		Kind     string     `db:"kind"      schema:"index=kind_place"`
		Place    *string    `db:"place"     schema:"index=kind_place"`
		Price    int64      `db:"price"     schema:"default=7,check=price >= 0"`
		Tax      int16      `db:"tax"`
		Stock    int32      `db:"stock"     schema:"index"`
		Weight   float64    `db:"weight"`
		Volume   *float64   `db:"volume"`
		Fragile  bool       `db:"fragile"   schema:"default=false"`
		Picture  []byte     `db:"picture"`
		Notes    []string   `db:"notes"`
		MadeAt   *time.Time `db:"made_at"   schema:"index"`
		Created  time.Time  `db:"created"   schema:"created"`
		Updated  time.Time  `db:"updated"   schema:"updated"`
		Version  int64      `db:"version"   schema:"version"`
	}

	// boxFirst goes with its goods.
	boxFirst struct {
		ID      int64  `db:"id"       schema:"pk"`
		GoodsID int64  `db:"goods_id" schema:"references=goods.id,ondelete=cascade,index"`
		Code    string `db:"code"     schema:"unique,check=code <> ''"`
	}
)

func goodsTable() schema.TableOption { return schema.Named("goods") }

func boxesTable() schema.TableOption { return schema.Named("boxes") }
