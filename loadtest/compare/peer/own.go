package peer

import (
	"context"
	"errors"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// house is what a program that uses schemactor holds, with every setting as it comes.
type house struct {
	*coordinator.Coordinator
	closeAll func() error
}

func openHouse(ctx context.Context, site Site) (*house, error) {
	d, closeDialect, err := openDialect(ctx, site)
	if err != nil {
		return nil, err
	}
	c, err := coordinator.New(d, nil)
	if err != nil {
		return nil, errors.Join(err, closeDialect())
	}
	return &house{Coordinator: c, closeAll: func() error {
		return errors.Join(c.Close(context.WithoutCancel(ctx)), closeDialect())
	}}, nil
}

func openDialect(ctx context.Context, site Site) (d dialect.Dialect, closing func() error, err error) {
	if site.Database == SQLite {
		db, err := sqlite.Open(ctx, site.Path, &sqlite.Config{Readers: Readers(), Synchronous: site.Synchronous})
		if err != nil {
			return nil, nil, err
		}
		return db, db.Close, nil
	}
	if site.Database == MySQL {
		db, err := mysql.Open(ctx, site.URL, &mysql.Config{MaxConns: Conns})
		if err != nil {
			return nil, nil, err
		}
		return db, db.Close, nil
	}
	pool, err := openPool(ctx, site)
	if err != nil {
		return nil, nil, err
	}
	db, err := postgres.New(pool, nil)
	return db, func() error { pool.Close(); return nil }, err
}

// Close waits for what the coordinator does.
func (h *house) Close() error { return h.closeAll() }

// ownPeople is schemactor.
type ownPeople struct {
	*house
	node *nodes.Node[Person, string]
}

func openOwn(ctx context.Context, site Site) (People, error) {
	h, err := openHouse(ctx, site)
	if err != nil {
		return nil, err
	}
	node, err := coordinator.Register[Person, string](h.Coordinator)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if err := h.EnsureAll(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return ownPeople{house: h, node: node}, nil
}

func (o ownPeople) Create(ctx context.Context, p *Person) error { return o.node.Create(ctx, p) }

func (o ownPeople) Get(ctx context.Context, id string) (string, error) {
	p, err := o.node.Get(ctx, id)
	if err != nil {
		return "", err
	}
	return p.Email, nil
}

func (o ownPeople) List(ctx context.Context, limit int) (int, error) {
	out, err := o.node.List(ctx, nodes.Query{Limit: limit}) // by key, unless told otherwise
	return len(out), err
}

func (o ownPeople) Update(ctx context.Context, p *Person) error { return o.node.Update(ctx, p) }
func (o ownPeople) Delete(ctx context.Context, id string) error { return o.node.Delete(ctx, id) }

func (o ownPeople) BulkCreate(ctx context.Context, rows []Person) error {
	_, err := o.node.BulkCreate(ctx, rows)
	return err
}

// ownOrders has one schema actor for each table.
type ownOrders struct {
	*house
	tables map[string]*nodes.Node[Order, string]
}

func openOwnOrders(ctx context.Context, site Site, tables []string) (Orders, error) {
	h, err := openHouse(ctx, site)
	if err != nil {
		return nil, err
	}
	o := ownOrders{house: h, tables: make(map[string]*nodes.Node[Order, string], len(tables))}
	for _, name := range tables {
		if o.tables[name], err = coordinator.Register[Order, string](h.Coordinator, schema.Named(name)); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	return o, nil
}

func (o ownOrders) Ensure(ctx context.Context) error { return o.EnsureAll(ctx) }

func (o ownOrders) Add(ctx context.Context, table string, row *Order) error {
	return o.tables[table].Create(ctx, row)
}
