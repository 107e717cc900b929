package coordinator

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// Register takes in the table of the struct type T, whose key has type K, and gives its node. It touches no database
// and may be called at any time before Close, from any goroutine. One model may serve many tables: register it once
// for each name (schema.Named, schema.InNamespace).
//
// Faults of the struct come all at once in one joined error (schema.ErrInvalid). A table that is registered already,
// by this or another model, is schema.ErrRegistered; two names that the database would store as one count as one.
func Register[T any, K comparable](c *Coordinator, opts ...schema.TableOption) (*nodes.Node[T, K], error) {
	table, err := c.models.TableOf(reflect.TypeFor[T](), opts...)
	if err != nil {
		return nil, refused("", err)
	}
	// Nothing may be left behind in the system by a registration that fails, so the key's type is looked at before.
	if _, err := schema.KeyAppender[K](table); err != nil {
		return nil, refused(table.String(), err)
	}
	if err := c.open("register"); err != nil {
		return nil, err
	}
	gate, err := c.system.Add(table)
	if err != nil {
		return nil, err
	}
	node, err := nodes.New[T, K](c.dialect, table, gate)
	if err != nil {
		return nil, refused(table.String(), err)
	}
	if c.observer != nil {
		node = node.Observed(c.observed(table.Ref()))
	}
	if c.lane == nil {
		return node, nil
	}
	return node.Through(c.lane), nil
}

// refused says that a model cannot be registered, and why: schema.ErrInvalid, whoever found it out.
func refused(table string, err error) error {
	if errors.Is(err, schema.ErrInvalid) {
		return fmt.Errorf("%s: %w", strings.TrimSpace("register "+table), err)
	}
	return &schema.Error{Op: "register", Table: table, Kind: schema.ErrInvalid, Detail: err.Error(), Cause: err}
}
