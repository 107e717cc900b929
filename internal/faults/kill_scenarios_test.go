package faults_test

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/schema"
)

// What a scenario finds before it.
const (
	baseEmpty  = "empty"  // nothing
	baseBare   = "bare"   // both tables without a row
	baseFilled = "filled" // both tables with goodsRows rows
)

// Rows of programs have higher keys than those that were there or that others write.
const programRows = 1_000_000

// scenario is one kind of change, as a program makes it by using its tables.
type scenario struct {
	name     string
	base     string
	additive bool // needs nobody's leave
	visited  bool // others may write while it is under way, by what both versions have
	unit     string
	becomes  string // what every row must be afterwards, beside what it was
	model    func() (*schema.Table, error)
	open     func(c *coordinator.Coordinator) (create func(ctx context.Context, id int64) error, err error)
}

// scenarioOf is the change of goods to the model T, whose rows are made by row.
func scenarioOf[T any](name string, row func(id int64) T) scenario {
	return scenario{
		name: name, base: baseFilled, visited: true, unit: "unit",
		model: func() (*schema.Table, error) { return schema.TableOf[T](goodsTable()) },
		open: func(c *coordinator.Coordinator) (func(ctx context.Context, id int64) error, error) {
			node, err := coordinator.Register[T, int64](c, goodsTable())
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context, id int64) error {
				made := row(id)
				return node.Create(ctx, &made)
			}, nil
		},
	}
}

func goodsLabel(id int64) string { return fmt.Sprintf("goods %d", id) }

// scenarios are all kinds. What a database does not do in steps it does in one transaction or by a rebuild.
func scenarios() []scenario {
	create := scenarioOf("create", func(id int64) goodsWide {
		return goodsWide{ID: id, Label: goodsLabel(id), Quantity: fmt.Sprint(id), Code: uuid.New(), Kind: "any"}
	})
	create.base, create.additive, create.visited = baseEmpty, true, false
	alter := scenarioOf("alter", func(id int64) goodsMore {
		return goodsMore{ID: id, Label: goodsLabel(id), Quantity: fmt.Sprint(id)}
	})
	alter.base, alter.additive, alter.becomes = baseBare, true, "place IS NULL AND price = 7"
	index := scenarioOf("index", func(id int64) goodsIndexed {
		return goodsIndexed{ID: id, Label: goodsLabel(id), Quantity: fmt.Sprint(id)}
	})
	index.additive, index.becomes = true, "price = 7"
	backfill := scenarioOf("backfill", func(id int64) goodsFilled {
		return goodsFilled{ID: id, Label: goodsLabel(id), Quantity: fmt.Sprint(id), Unit: "kg"}
	})
	backfill.becomes = "unit IS NOT NULL"
	rebuild := scenarioOf("rebuild", func(id int64) goodsTyped {
		return goodsTyped{ID: id, Label: goodsLabel(id), Quantity: id}
	})
	rebuild.becomes = "quantity > 0"
	rename := scenarioOf("rename", func(id int64) goodsRenamed {
		return goodsRenamed{ID: id, Label: goodsLabel(id), Quantity: fmt.Sprint(id)}
	})
	rename.unit = "measure"
	return []scenario{create, alter, index, backfill, rebuild, rename}
}

// program is one that has a scenario's tables.
type killProgram struct {
	coordinator *coordinator.Coordinator
	goods       func(ctx context.Context, id int64) error
	boxes       func(ctx context.Context, id int64) error
}

// program registers the tables, and touches no database.
func (s *scenario) program(d dialect.Dialect, cfg coordinator.Config) (*killProgram, error) {
	if !s.additive {
		cfg.Policy = schema.Policy{Allow: []schema.Allowance{{Hazard: schema.AnyHazard, Reason: "a test"}}, MaxRows: -1}
	}
	c, err := coordinator.New(d, &cfg)
	if err != nil {
		return nil, err
	}
	p := &killProgram{coordinator: c}
	if p.goods, err = s.open(c); err != nil {
		return nil, err
	}
	boxes, err := coordinator.Register[boxFirst, int64](c, boxesTable())
	p.boxes = func(ctx context.Context, id int64) error {
		return boxes.Create(ctx, &boxFirst{ID: id, GoodsID: id, Code: fmt.Sprintf("box %d", id)})
	}
	return p, err
}

// use makes each table ready by nothing but a row for it, one after the other, so that the points are passed in one order.
func (p *killProgram) use(ctx context.Context, id int64) error {
	if err := p.goods(ctx, id); err != nil {
		return err
	}
	return p.boxes(ctx, id)
}

// killWritten is what others have written, beside the rows that were there.
type killWritten struct{ inserted, touched int }

// rules hold each row to what it was made as, and the boxes to being there: a table that is built anew must not take them
// with it.
func (s *scenario) rules(database string, w killWritten) []checker.Rule {
	if s.base == baseEmpty {
		return nil
	}
	filled := 0
	if s.base == baseFilled {
		filled = goodsRows
	}
	rule := func(name, table string, want int, condition string) checker.Rule {
		return checker.Rule{
			Name: name, Table: table, Want: fmt.Sprint(want),
			SQL: "SELECT " + killText(database, "count(*)") + " FROM " + table + " WHERE " + condition,
		}
	}
	made := killMade(database)
	rules := []checker.Rule{
		rule("rows", "goods", filled+w.inserted, fmt.Sprintf("id < %d AND (%s)", programRows, made)),
		rule("others", "goods", 0, fmt.Sprintf("id >= %d AND NOT (%s)", programRows, made)),
		rule("touched", "goods", w.touched, "label LIKE 'touched%'"),
		rule("units", "goods", filled, fmt.Sprintf("id <= %d AND coalesce(%s, 'kg') = CASE id %% 3 WHEN 0 THEN 'kg' ELSE 'unit ' || id END",
			goodsRows, s.unit)),
		rule("parents", "goods", filled, fmt.Sprintf("id <= %d AND parent_id = (id - id %% 2) / 2 + 1", goodsRows)),
		rule("boxes", "boxes", filled, fmt.Sprintf("id <= %d AND goods_id = id AND code = 'box ' || id", goodsRows)),
	}
	if s.becomes != "" {
		rules = append(rules, rule("change", "goods", 0, "NOT ("+s.becomes+")"))
	}
	if database == "sqlite" && s.base == baseFilled {
		rules = append(rules, rule("trigger", "goods_log", w.touched, "true"), rule("view", "goods_seen", filled+w.inserted,
			fmt.Sprintf("id < %d", programRows)))
	}
	return rules
}

// killMade is what every row is, in each version of the table.
func killMade(database string) string {
	quantity := killText(database, "quantity")
	return "label = 'goods ' || id AND " + quantity + " = " + killText(database, "id") +
		" OR label = 'touched ' || id AND " + quantity + " = '777'"
}

// killText is a value as text.
func killText(database, value string) string {
	if database == "mysql" {
		return "CAST(" + value + " AS char)"
	}
	return "CAST(" + value + " AS text)"
}

// prepare makes what a scenario is to find.
func prepare(ctx context.Context, d dialect.Dialect, base string) error {
	if base == baseEmpty {
		return nil
	}
	first := scenarioOf("first", func(id int64) goodsFirst { return goodsFirst{ID: id} })
	p, err := first.program(d, coordinator.Config{})
	if err != nil {
		return err
	}
	if err := p.coordinator.EnsureAll(ctx); err != nil {
		return err
	}
	if err := p.coordinator.Close(ctx); err != nil || base == baseBare {
		return err
	}
	numbers := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", goodsRows)
	if d.Name() == "mysql" { // which counts no further than to a thousand
		numbers = fmt.Sprintf("WITH n(i) AS (SELECT seq FROM seq_1_to_%d) ", goodsRows)
	}
	statements := []string{
		"INSERT INTO goods (id, parent_id, label, quantity, unit) " + numbers +
			"SELECT i, (i - i % 2) / 2 + 1, 'goods ' || i, " + killText(d.Name(), "i") + ", CASE WHEN i % 3 <> 0 THEN 'unit ' || i END FROM n",
		"INSERT INTO boxes (id, goods_id, code) " + numbers + "SELECT i, i, 'box ' || i FROM n",
	}
	if d.Name() == "sqlite" { // what a rebuild could lose, or wake
		statements = append(statements,
			"CREATE TABLE goods_log (goods INTEGER, what TEXT) STRICT",
			"CREATE TRIGGER goods_changed AFTER UPDATE OF label ON goods BEGIN INSERT INTO goods_log VALUES (new.id, 'changed'); END",
			"CREATE TRIGGER goods_gone AFTER DELETE ON goods BEGIN INSERT INTO goods_log VALUES (old.id, 'gone'); END",
			"CREATE VIEW goods_seen AS SELECT id, label FROM goods WHERE label <> ''")
	}
	for _, sql := range statements {
		if _, err := d.Writer().Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
