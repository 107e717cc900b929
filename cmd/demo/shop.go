package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/database"
	"github.com/schemactor/schemactor/nodes/dynamic"
	"github.com/schemactor/schemactor/schema"
)

const (
	// shopFile is where the shop is kept unless --database says otherwise.
	shopFile = "schemactor-shop.db"
	// shopNamespace is where its tables are on PostgreSQL unless --namespace says otherwise.
	shopNamespace = "schemactor_shop"
	// shopVersions is the newest version of the shop's program.
	shopVersions = 3
)

// shopOptions are the flags of the commands on the shop.
type shopOptions struct {
	database  string
	namespace string
	to        int
	given     bool // whether --to was
	allow     []string
	reason    string
	rows      int
	json      bool
	exitCode  bool
	sql       bool
}

// shop is the small evolving shop in its database, which stays between commands.
type shop struct {
	dialect.Dialect
	label     string // for people, without credentials
	namespace string
	made      string // a file that came to be because it was opened, and that goes again if nothing is put in
}

// shopModel is one table of one version of the shop's program.
type shopModel struct {
	table    string
	model    func(...schema.TableOption) (*schema.Table, error)
	register func(*coordinator.Coordinator, ...schema.TableOption) error
}

func modelOf[T any](table string) shopModel {
	return shopModel{table, schema.TableOf[T], func(c *coordinator.Coordinator, options ...schema.TableOption) error {
		node, err := coordinator.Register[T, int64](c, options...)
		if err != nil {
			return err
		}
		return c.Expose(dynamic.New(node))
	}}
}

// shopModels are the six tables of a version, in the order of their foreign keys.
func shopModels(version int) []shopModel {
	switch version {
	case 1:
		return []shopModel{
			modelOf[CustomerV1]("customers"), modelOf[AddressV1]("addresses"), modelOf[ProductV1]("products"),
			modelOf[OrderV1]("orders"), modelOf[OrderLineV1]("order_lines"), modelOf[PaymentV1]("payments"),
		}
	case 2:
		return []shopModel{
			modelOf[CustomerV2]("customers"), modelOf[AddressV2]("addresses"), modelOf[ProductV2]("products"),
			modelOf[OrderV2]("orders"), modelOf[OrderLineV2]("order_lines"), modelOf[PaymentV2]("payments"),
		}
	}
	return []shopModel{
		modelOf[CustomerV3]("customers"), modelOf[AddressV2]("addresses"), modelOf[ProductV3]("products"),
		modelOf[OrderV3]("orders"), modelOf[OrderLineV2]("order_lines"), modelOf[PaymentV3]("payments"),
	}
}

// shopTables are the names of the six.
func shopTables() []string {
	var names []string
	for _, m := range shopModels(shopVersions) {
		names = append(names, m.table)
	}
	return names
}

// checkVersion refuses what is no version of the shop.
func checkVersion(version int) error {
	if version < 1 || version > shopVersions {
		return fmt.Errorf("%w: --to %d: the shop has the versions 1 to %d", errUsage, version, shopVersions)
	}
	return nil
}

// openVersion opens the shop for the version that --to says, or else for the one that the ledger knows, or the newest; opts.to
// then holds it.
func openVersion(ctx context.Context, opts *shopOptions) (*shop, error) {
	db, err := openShop(ctx, *opts)
	if err != nil || opts.given {
		return db, err
	}
	if opts.to, _, err = db.version(ctx); err != nil {
		return nil, joinClose(err, db.close())
	}
	if opts.to == 0 {
		opts.to = shopVersions
	}
	return db, nil
}

// openShop opens the database of the shop. It makes nothing in it.
func openShop(ctx context.Context, opts shopOptions) (*shop, error) {
	if opts.database == "" {
		opts.database = shopFile
	}
	address, err := parseDatabase(opts.database)
	if err != nil {
		return nil, err
	}
	s := &shop{label: address.String(), made: fileToBe(address)}
	if s.namespace, err = namespaceIn(address, opts.namespace, shopNamespace); err != nil {
		return nil, err
	}
	if s.namespace != "" {
		s.label += ", namespace " + s.namespace
	}
	s.Dialect, err = database.Open(ctx, address, database.Options{})
	return s, err
}

// namespaceIn is what --namespace says, or usual; empty where a database has no namespaces.
func namespaceIn(address database.Address, given, usual string) (string, error) {
	switch {
	case address.Kind.Namespaced() && given == "":
		return usual, nil
	case !address.Kind.Namespaced() && given != "":
		return "", fmt.Errorf("%w: --namespace is for PostgreSQL, %s has none", errUsage, address.Kind)
	}
	return given, nil
}

// close ends the connections, and takes a file away that nobody has put anything into.
func (s *shop) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	tables := int64(1)
	if s.made != "" {
		if _, err := dialect.QueryRow(ctx, s.Reader(), "SELECT count(*) FROM sqlite_schema", nil, &tables); err != nil {
			tables = 1
		}
	}
	err := s.Close()
	if tables == 0 {
		err = errors.Join(err, removeFile(s.made))
	}
	return err
}

// place are the options that put a model into the shop.
func (s *shop) place(table string) []schema.TableOption {
	options := []schema.TableOption{schema.Named(table)}
	if s.namespace != "" {
		options = append(options, schema.InNamespace(s.namespace))
	}
	return options
}

// ref is the table that such a model gets.
func (s *shop) ref(table string) schema.Ref { return schema.Ref{Namespace: s.namespace, Name: table} }

// start is the shop's program in one of its versions.
func (s *shop) start(version int, cfg coordinator.Config) (*coordinator.Coordinator, error) {
	cfg.Application, cfg.Version = "shop", fmt.Sprintf("v%d", version)
	c, err := coordinator.New(s.Dialect, &cfg)
	if err != nil {
		return nil, err
	}
	for _, m := range shopModels(version) {
		if err := m.register(c, s.place(m.table)...); err != nil {
			return nil, errors.Join(err, c.Close(context.Background()))
		}
	}
	return c, nil
}

// version tells which version the ledger last saw, and how many of the six tables are there. Of a shop between two
// versions it is the one that more tables have, or the newer one. 0 is a shop that the ledger does not know.
func (s *shop) version(ctx context.Context) (version, present int, err error) {
	var refs []schema.Ref
	for _, table := range shopTables() {
		refs = append(refs, s.ref(table))
	}
	survey, err := s.Survey(ctx, refs)
	if err != nil {
		return 0, 0, fmt.Errorf("read %s: %w", s.label, s.Classify(err))
	}
	for _, seen := range survey.Sightings {
		if seen.CatalogHash != "" {
			present++
		}
	}
	best := 0
	for v := shopVersions; v > 0; v-- {
		fits := 0
		for i, m := range shopModels(v) {
			model, err := m.model(s.place(m.table)...)
			if err != nil {
				return 0, 0, err
			}
			if entry := survey.Sightings[i].Entry; entry != nil && entry.Fingerprint == model.Fingerprint() {
				fits++
			}
		}
		if fits > best {
			version, best = v, fits
		}
	}
	return version, present, nil
}

// checkTable refuses what is no table of the shop.
func checkTable(table string) error {
	if !slices.Contains(shopTables(), table) {
		return fmt.Errorf("%w: unknown table %q: the shop has %s", errUsage, table, enumerate(shopTables()))
	}
	return nil
}
