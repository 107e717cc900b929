package docs_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

type shelf struct {
	ID   int64  `schema:"pk,auto"`
	Name string `schema:"unique,size=40"`
}

type crate struct {
	ID      int64   `schema:"pk,auto"`
	ShelfID int64   `schema:"references=shelves.id,ondelete=cascade,index"`
	Label   string  `schema:"size=40"`
	Former  *string `schema:"size=40"`
}

// chest is the crate's next version: a name, a column and an index more, a column less, a check, and another type.
type chest struct {
	ID      int64  `schema:"pk,auto"`
	ShelfID int64  `schema:"references=shelves.id,ondelete=cascade,index"`
	Title   string `schema:"size=400,was=label,index"`
	Weight  int64  `schema:"default=1,check=weight > 0"`
}

// life is what a program does with its tables: it makes them, works with their rows, changes them, and looks at them again.
func life(ctx context.Context, address string) (err error) {
	db, err := mysql.Open(ctx, address, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return grown(ctx, db, nil)
}

// grown makes the tables, fills them, and changes them; what changes shapes goes by ddl, if there is one.
func grown(ctx context.Context, db, ddl dialect.Dialect) error {
	if err := first(ctx, db, ddl); err != nil {
		return err
	}
	return second(ctx, db, ddl)
}

func program(ctx context.Context, db, ddl dialect.Dialect, work func(c *coordinator.Coordinator, shelves *nodes.Node[shelf, int64]) error) error {
	all := schema.Policy{Allow: []schema.Allowance{{Hazard: schema.AnyHazard, Reason: "a test"}}}
	c, err := coordinator.New(db, &coordinator.Config{News: coordinator.NewsOff, Policy: all, DDL: ddl})
	if err != nil {
		return err
	}
	shelves, err := coordinator.Register[shelf, int64](c, schema.Named("shelves"))
	if err == nil {
		err = work(c, shelves)
	}
	return errors.Join(err, c.Close(context.WithoutCancel(ctx)))
}

func first(ctx context.Context, db, ddl dialect.Dialect) error {
	return program(ctx, db, ddl, func(c *coordinator.Coordinator, shelves *nodes.Node[shelf, int64]) error {
		crates, err := coordinator.Register[crate, int64](c, schema.Named("crates"))
		if err != nil {
			return err
		}
		top, box := shelf{Name: "top"}, crate{Label: "tea"}
		if err := shelves.Create(ctx, &top); err != nil {
			return err
		}
		box.ShelfID = top.ID
		if err := crates.Create(ctx, &box); err != nil {
			return err
		}
		if _, err := crates.Upsert(ctx, &box); err != nil {
			return err
		}
		_, err = crates.BulkCreate(ctx, []crate{{ShelfID: top.ID, Label: "rice"}, {ShelfID: top.ID, Label: "salt"}})
		return errors.Join(err, crates.Delete(ctx, box.ID))
	})
}

func second(ctx context.Context, db, ddl dialect.Dialect) error {
	return program(ctx, db, ddl, func(c *coordinator.Coordinator, _ *nodes.Node[shelf, int64]) error {
		chests, err := coordinator.Register[chest, int64](c, schema.Named("chests"), schema.Was("crates"))
		if err != nil {
			return err
		}
		if err := c.EnsureAll(ctx); err != nil {
			return err
		}
		if n, err := chests.Count(ctx, nodes.Query{}); err != nil || n != 2 {
			return fmt.Errorf("%d chests: %w", n, err)
		}
		drifts, err := c.Drift(ctx)
		for _, d := range drifts {
			if d.Any() {
				return fmt.Errorf("drift: %v", d)
			}
		}
		return err
	})
}

// TestRightsOnMariaDB has a program live with the rights that the page says, and with one of them missing.
func TestRightsOnMariaDB(t *testing.T) {
	found := regexp.MustCompile(`(?m)^GRANT (.+) ON shop\.\* TO`).FindStringSubmatch(read(t, "mysql.md"))
	require.NotNil(t, found, "mysql.md shows no GRANT")
	rights := strings.Split(found[1], ", ")
	live := func(rights []string) error {
		return life(t.Context(), mysqltest.Account(t, mysqltest.Open(t), strings.Join(rights, ", ")))
	}
	require.NoError(t, live(rights))
	for i, right := range rights {
		err := live(slices.Delete(slices.Clone(rights), i, i+1))
		assert.ErrorIs(t, err, schema.ErrPermission, "%s is not needed", right)
	}
}

// TestAPoolOfOnesOwn has a program live on one, which is open afterwards.
func TestAPoolOfOnesOwn(t *testing.T) {
	ctx, address := t.Context(), mysqltest.Open(t)
	connector, err := mysql.Connector(address)
	require.NoError(t, err)
	pool := sql.OpenDB(connector)
	d, err := mysql.New(ctx, pool, nil)
	require.NoError(t, err)
	require.NoError(t, first(ctx, d, nil))
	require.NoError(t, d.Close())
	require.NoError(t, pool.PingContext(ctx))
	require.NoError(t, pool.Close())
}

// TestASecondAccountForShapes has a program live with rows alone, beside one that changes tables for it.
func TestASecondAccountForShapes(t *testing.T) {
	found := regexp.MustCompile("DDL: owner}`, needs `([A-Z, ]+)`").FindStringSubmatch(read(t, "mysql.md"))
	require.NotNil(t, found, "mysql.md does not say which rights")
	address := mysqltest.Open(t)
	open := func(address string) *mysql.DB {
		db, err := mysql.Open(t.Context(), address, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
	app, owner := open(mysqltest.Account(t, address, found[1])), open(address)
	require.NoError(t, grown(t.Context(), app, owner))
	require.ErrorIs(t, grown(t.Context(), open(mysqltest.Account(t, mysqltest.Open(t), found[1])), nil), schema.ErrPermission)
}
