package peer

import (
	"context"
	"errors"

	entdialect "entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	entschema "entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"

	"github.com/schemactor/schemactor/loadtest/compare/entpeople"
	"github.com/schemactor/schemactor/loadtest/compare/entpeople/person"
	_ "github.com/schemactor/schemactor/loadtest/compare/entpeople/runtime" // the defaults of the times
)

// entBatch is how many rows people have ent store in one statement.
const entBatch = 1000

// entPeople is ent's generated code.
type entPeople struct {
	pools
	write, read *entpeople.Client
}

func entName(d Database) string {
	switch d {
	case Postgres:
		return entdialect.Postgres
	case MySQL:
		return entdialect.MySQL
	}
	return entdialect.SQLite
}

func openEnt(_ context.Context, site Site) (People, error) {
	p, err := openPools(site)
	if err != nil {
		return nil, err
	}
	name := entName(site.Database)
	return entPeople{
		pools: p,
		write: entpeople.NewClient(entpeople.Driver(entsql.OpenDB(name, p.writer))),
		read:  entpeople.NewClient(entpeople.Driver(entsql.OpenDB(name, p.reader))),
	}, nil
}

func (e entPeople) Create(ctx context.Context, p *Person) error { return filled(e.write, p).Exec(ctx) }

func filled(c *entpeople.Client, p *Person) *entpeople.PersonCreate {
	return c.Person.Create().SetID(p.ID).SetEmail(p.Email).SetName(p.Name).SetNillableAge(p.Age).SetScore(p.Score)
}

func (e entPeople) Get(ctx context.Context, id string) (string, error) {
	p, err := e.read.Person.Get(ctx, id)
	if err != nil {
		return "", err
	}
	return p.Email, nil
}

func (e entPeople) List(ctx context.Context, limit int) (int, error) {
	out, err := e.read.Person.Query().Order(person.ByID()).Limit(limit).All(ctx)
	return len(out), err
}

func (e entPeople) Update(ctx context.Context, p *Person) error {
	return e.write.Person.UpdateOneID(p.ID).SetEmail(p.Email).SetName(p.Name).SetNillableAge(p.Age).SetScore(p.Score).Exec(ctx)
}

func (e entPeople) Delete(ctx context.Context, id string) error {
	return e.write.Person.DeleteOneID(id).Exec(ctx)
}

func (e entPeople) BulkCreate(ctx context.Context, rows []Person) error {
	tx, err := e.write.Tx(ctx)
	if err != nil {
		return err
	}
	for len(rows) > 0 {
		batch := rows[:min(entBatch, len(rows))]
		rows = rows[len(batch):]
		creates := make([]*entpeople.PersonCreate, len(batch))
		for i := range batch {
			creates[i] = filled(tx.Client(), &batch[i])
		}
		if err := tx.Person.CreateBulk(creates...).Exec(ctx); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// entOrders has ent's migration look after tables that are described in Go.
type entOrders struct {
	pools
	database Database
	driver   *entsql.Driver
	tables   map[string]*entschema.Table
	order    []string
}

func openEntOrders(_ context.Context, site Site, tables []string) (Orders, error) {
	p, err := openPools(site)
	if err != nil {
		return nil, err
	}
	e := entOrders{
		pools: p, database: site.Database, driver: entsql.OpenDB(entName(site.Database), p.writer), tables: map[string]*entschema.Table{}, order: tables,
	}
	for _, name := range tables {
		e.tables[name] = entOrderTable(name)
	}
	return e, nil
}

func entOrderTable(name string) *entschema.Table {
	t := entschema.NewTable(name)
	for _, c := range []struct {
		name string
		kind field.Type
	}{
		{"id", field.TypeString},
		{"customer_id", field.TypeString},
		{"number", field.TypeInt64},
		{"status", field.TypeString},
		{"currency", field.TypeString},
		{"total", field.TypeFloat64},
		{"tax", field.TypeFloat64},
		{"items", field.TypeInt64},
		{"note", field.TypeString},
		{"placed_at", field.TypeTime},
		{"created_at", field.TypeTime},
		{"updated_at", field.TypeTime},
	} {
		t.AddColumn(&entschema.Column{Name: c.name, Type: c.kind, Nullable: c.name == "note"})
	}
	t.PrimaryKey = t.Columns[:1]
	return t.AddIndex(name+"_customer", false, []string{"customer_id"}).AddIndex(name+"_status", false, []string{"status", "placed_at"})
}

func (e entOrders) Ensure(ctx context.Context) error { return e.ensure(ctx, e.order...) }

func (e entOrders) ensure(ctx context.Context, names ...string) error {
	migrate, err := entschema.NewMigrate(e.driver)
	if err != nil {
		return err
	}
	tables := make([]*entschema.Table, len(names))
	for i, name := range names {
		tables[i] = entOrderTable(name) // a migration writes to what it is given
	}
	return migrate.Create(ctx, tables...)
}

func (e entOrders) Add(ctx context.Context, table string, o *Order) error {
	if err := e.ensure(ctx, table); err != nil {
		return err
	}
	return e.exec(ctx, insertOrder(e.database, table), o.values()...)
}
