package faults_test

import (
	"context"
	"fmt"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/schema"
)

// goodsRows is how many rows the table has before it changes, and so several batches.
const goodsRows = 2_500

type (
	// goodsFirst is the table "goods" as it is made; the others are what it becomes.
	goodsFirst struct {
		ID       int64   `db:"id"       schema:"pk"`
		Label    string  `db:"label"    schema:"size=20"`
		Quantity string  `db:"quantity"`
		Unit     *string `db:"unit"`
	}
	goodsMore struct {
		ID       int64   `db:"id"       schema:"pk"`
		Label    string  `db:"label"    schema:"size=20"`
		Quantity string  `db:"quantity"`
		Unit     *string `db:"unit"`
		Place    *string `db:"place"`
		Price    int64   `db:"price"    schema:"default=7"`
	}
	goodsIndexed struct {
		ID       int64   `db:"id"       schema:"pk"`
		Label    string  `db:"label"    schema:"size=20,index"`
		Quantity string  `db:"quantity"`
		Unit     *string `db:"unit"`
	}
	goodsFilled struct {
		ID       int64  `db:"id"       schema:"pk"`
		Label    string `db:"label"    schema:"size=20"`
		Quantity string `db:"quantity"`
		Unit     string `db:"unit"     schema:"backfill='kg'"`
	}
	goodsTyped struct {
		ID       int64   `db:"id"       schema:"pk"`
		Label    string  `db:"label"    schema:"size=20,unique"`
		Quantity int64   `db:"quantity" schema:"check=quantity > 0"`
		Unit     *string `db:"unit"`
	}

	// boxFirst goes with its goods.
	boxFirst struct {
		ID      int64  `db:"id"       schema:"pk"`
		GoodsID int64  `db:"goods_id" schema:"references=goods.id,ondelete=cascade,index"`
		Code    string `db:"code"     schema:"unique,check=code <> ''"`
	}
)

func goodsTable() schema.TableOption { return schema.Named("goods") }

// scenario is one kind of change, as a program makes it by using its tables.
type scenario struct {
	name     string
	model    func() (*schema.Table, error)
	register func(c *coordinator.Coordinator) error
	fresh    bool // there is nothing before
	rules    []checker.Rule
}

// scenarioOf is the change of goods to the model T.
func scenarioOf[T any](name string, rules ...checker.Rule) scenario {
	return scenario{
		name: name, rules: append(rules, goodsRules...),
		model: func() (*schema.Table, error) { return schema.TableOf[T](goodsTable()) },
		register: func(c *coordinator.Coordinator) error {
			_, err := coordinator.Register[T, int64](c, goodsTable())
			return err
		},
	}
}

// scenarios are all kinds. What a database does not do in steps it does in one transaction or by a rebuild.
func scenarios() []scenario {
	create := scenarioOf[goodsFirst]("create")
	create.fresh, create.rules = true, nil
	return []scenario{
		create,
		scenarioOf[goodsMore]("alter", goodsRule("new columns", "place IS NULL AND price = 7")),
		scenarioOf[goodsIndexed]("index"),
		scenarioOf[goodsFilled]("backfill", goodsRule("filled", "unit = CASE id % 3 WHEN 0 THEN 'kg' ELSE 'unit ' || id END")),
		scenarioOf[goodsTyped]("rebuild", goodsRule("numbers", "quantity = id")),
	}
}

func goodsRule(name, condition string) checker.Rule {
	return checker.Rule{
		Name: name, Table: "goods", Want: fmt.Sprint(goodsRows),
		SQL: "SELECT CAST(count(*) AS text) FROM goods WHERE " + condition,
	}
}

// goodsRules hold each row to what it was made as, and the boxes to being there: a table that is built anew must not take
// them with it.
var goodsRules = []checker.Rule{
	goodsRule("rows", "label = 'goods ' || id AND CAST(quantity AS text) = CAST(id AS text)"),
	goodsRule("units", "id % 3 = 0 OR unit = 'unit ' || id"),
	{
		Name: "boxes", Table: "boxes", Want: fmt.Sprint(goodsRows),
		SQL: "SELECT CAST(count(*) AS text) FROM boxes WHERE goods_id = id AND code = 'box ' || id",
	},
}

// use makes both tables ready, one after the other, so that the points are passed in one order.
func (s *scenario) use(ctx context.Context, c *coordinator.Coordinator) error {
	if err := s.register(c); err != nil {
		return err
	}
	if _, err := coordinator.Register[boxFirst, int64](c, schema.Named("boxes")); err != nil {
		return err
	}
	if err := c.Ensure(ctx, "goods"); err != nil {
		return err
	}
	return c.Ensure(ctx, "boxes")
}

// fill makes the first version with all its rows.
func fill(ctx context.Context, d dialect.Dialect) error {
	c, err := coordinator.New(d, nil)
	if err != nil {
		return err
	}
	first := scenarioOf[goodsFirst]("first")
	if err := first.use(ctx, c); err != nil {
		return err
	}
	if err := c.Close(ctx); err != nil {
		return err
	}
	numbers := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", goodsRows)
	for _, sql := range []string{
		"INSERT INTO goods (id, label, quantity, unit) " + numbers +
			"SELECT i, 'goods ' || i, CAST(i AS text), CASE WHEN i % 3 <> 0 THEN 'unit ' || i END FROM n",
		"INSERT INTO boxes (id, goods_id, code) " + numbers + "SELECT i, i, 'box ' || i FROM n",
	} {
		if _, err := d.Writer().Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
