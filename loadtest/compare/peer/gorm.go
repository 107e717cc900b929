package peer

import (
	"context"
	"database/sql"
	"errors"

	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// gormBatch is how many rows people have GORM store in one statement.
const gormBatch = 1000

// gormPeople is GORM. Tuned, it keeps prepared statements and opens no transaction for a single statement.
type gormPeople struct {
	pools
	write, read *gorm.DB
}

func gormAs(tuned bool) func(ctx context.Context, site Site) (People, error) {
	return func(_ context.Context, site Site) (People, error) { return openGorm(site, tuned) }
}

func openGorm(site Site, tuned bool) (*gormPeople, error) {
	p, err := openPools(site)
	if err != nil {
		return nil, err
	}
	g := &gormPeople{pools: p}
	if g.write, err = gormOver(site, p.writer, tuned); err == nil {
		g.read, err = gormOver(site, p.reader, tuned)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return g, nil
}

func gormOver(site Site, db *sql.DB, tuned bool) (*gorm.DB, error) {
	config := &gorm.Config{Logger: logger.Discard, PrepareStmt: tuned, SkipDefaultTransaction: tuned}
	switch site.Database {
	case Postgres:
		return gorm.Open(postgres.New(postgres.Config{Conn: db}), config)
	case MySQL:
		return gorm.Open(mysql.New(mysql.Config{Conn: db}), config)
	}
	return gorm.Open(sqlite.New(sqlite.Config{Conn: db}), config)
}

func (g *gormPeople) Create(ctx context.Context, p *Person) error {
	return g.write.WithContext(ctx).Create(p).Error
}

func (g *gormPeople) Get(ctx context.Context, id string) (string, error) {
	var p Person
	err := g.read.WithContext(ctx).First(&p, "id = ?", id).Error
	return p.Email, err
}

func (g *gormPeople) List(ctx context.Context, limit int) (int, error) {
	var out []Person
	err := g.read.WithContext(ctx).Order("id").Limit(limit).Find(&out).Error
	return len(out), err
}

func (g *gormPeople) Update(ctx context.Context, p *Person) error {
	return g.write.WithContext(ctx).Select("email", "name", "age", "score", "updated_at").Updates(p).Error
}

func (g *gormPeople) Delete(ctx context.Context, id string) error {
	return g.write.WithContext(ctx).Delete(&Person{}, "id = ?", id).Error
}

func (g *gormPeople) BulkCreate(ctx context.Context, rows []Person) error {
	return g.write.WithContext(ctx).CreateInBatches(rows, gormBatch).Error
}

// gormOrders has GORM's AutoMigrate look after each table.
type gormOrders struct {
	*gormPeople
	tables []string
}

func openGormOrders(_ context.Context, site Site, tables []string) (Orders, error) {
	g, err := openGorm(site, false)
	return gormOrders{gormPeople: g, tables: tables}, err
}

func (g gormOrders) Ensure(ctx context.Context) error {
	for _, name := range g.tables {
		if err := g.write.WithContext(ctx).Table(name).AutoMigrate(&Order{}); err != nil {
			return err
		}
	}
	return nil
}

func (g gormOrders) Add(ctx context.Context, table string, o *Order) error {
	if err := g.write.WithContext(ctx).Table(table).AutoMigrate(&Order{}); err != nil {
		return err
	}
	return g.write.WithContext(ctx).Table(table).Create(o).Error
}
