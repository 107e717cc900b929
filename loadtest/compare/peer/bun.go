package peer

import (
	"context"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
)

// bunBatch is how many rows people have bun store in one statement.
const bunBatch = 1000

// bunPeople is bun over database/sql.
type bunPeople struct {
	pools
	write, read *bun.DB
}

func openBun(_ context.Context, site Site) (People, error) { return bunOver(site) }

func bunOver(site Site) (*bunPeople, error) {
	p, err := openPools(site)
	if err != nil {
		return nil, err
	}
	var dialect func() schema.Dialect
	switch site.Database {
	case Postgres:
		dialect = func() schema.Dialect { return pgdialect.New() }
	case MySQL:
		dialect = func() schema.Dialect { return mysqldialect.New() }
	default:
		dialect = func() schema.Dialect { return sqlitedialect.New() }
	}
	return &bunPeople{pools: p, write: bun.NewDB(p.writer, dialect()), read: bun.NewDB(p.reader, dialect())}, nil
}

func (b *bunPeople) Create(ctx context.Context, p *Person) error {
	p.stamp()
	_, err := b.write.NewInsert().Model(p).Exec(ctx)
	return err
}

func (b *bunPeople) Get(ctx context.Context, id string) (string, error) {
	var p Person
	err := b.read.NewSelect().Model(&p).Where("id = ?", id).Scan(ctx)
	return p.Email, err
}

func (b *bunPeople) List(ctx context.Context, limit int) (int, error) {
	var out []Person
	err := b.read.NewSelect().Model(&out).Order("id").Limit(int64(limit)).Scan(ctx)
	return len(out), err
}

func (b *bunPeople) Update(ctx context.Context, p *Person) error {
	p.UpdatedAt = time.Now().UTC()
	return one(b.write.NewUpdate().Model(p).Column("email", "name", "age", "score", "updated_at").WherePK().Exec(ctx))
}

func (b *bunPeople) Delete(ctx context.Context, id string) error {
	return one(b.write.NewDelete().Model((*Person)(nil)).Where("id = ?", id).Exec(ctx))
}

func (b *bunPeople) BulkCreate(ctx context.Context, rows []Person) error {
	return b.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		for len(rows) > 0 {
			batch := rows[:min(bunBatch, len(rows))]
			rows = rows[len(batch):]
			for i := range batch {
				batch[i].stamp()
			}
			if _, err := tx.NewInsert().Model(&batch).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// bunOrders makes each table with bun's CREATE TABLE IF NOT EXISTS.
type bunOrders struct {
	*bunPeople
	database Database
	tables   []string
}

func openBunOrders(_ context.Context, site Site, tables []string) (Orders, error) {
	b, err := bunOver(site)
	return bunOrders{bunPeople: b, database: site.Database, tables: tables}, err
}

func (b bunOrders) Ensure(ctx context.Context) error {
	for _, name := range b.tables {
		if err := b.ensure(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (b bunOrders) ensure(ctx context.Context, name string) error {
	model := (*Order)(nil)
	table := b.write.NewCreateTable().Model(model).ModelTableExpr("?", bun.Ident(name)).IfNotExists()
	if b.database == MySQL { // an index of its own statement has MariaDB change the table, and takes several times as long
		_, err := table.ColumnExpr("KEY ? (customer_id)", bun.Ident(name+"_customer")).
			ColumnExpr("KEY ? (status, placed_at)", bun.Ident(name+"_status")).Exec(ctx)
		return err
	}
	if _, err := table.Exec(ctx); err != nil {
		return err
	}
	for index, columns := range map[string][]string{"_customer": {"customer_id"}, "_status": {"status", "placed_at"}} {
		_, err := b.write.NewCreateIndex().Model(model).ModelTableExpr("?", bun.Ident(name)).Index(name + index).IfNotExists().
			Column(columns...).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

func (b bunOrders) Add(ctx context.Context, table string, o *Order) error {
	if err := b.ensure(ctx, table); err != nil {
		return err
	}
	_, err := b.write.NewInsert().Model(o).ModelTableExpr("?", bun.Ident(table)).Exec(ctx)
	return err
}
