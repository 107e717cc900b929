package service

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
)

// itemsMost is how many items an order may be placed with.
const itemsMost = 100

// orderInput is an order to be placed, with its items.
type orderInput struct {
	ID         *uuid.UUID  `json:"id"`
	CustomerID uuid.UUID   `json:"customer_id"`
	Reference  string      `json:"reference"`
	Items      []itemInput `json:"items"`
}

type itemInput struct {
	OrderID    uuid.UUID `json:"order_id"` // of an item that is added later
	Article    string    `json:"article"`
	Quantity   int32     `json:"quantity"`
	PriceCents int64     `json:"price_cents"`
}

func (in itemInput) of(order uuid.UUID) OrderItem {
	return OrderItem{
		ID: uuid.Must(uuid.NewV7()), OrderID: order, Article: in.Article, Quantity: in.Quantity, PriceCents: in.PriceCents,
	}
}

// placed is an order with its items.
type placed struct {
	Order
	TotalCents int64       `json:"total_cents"`
	Items      []OrderItem `json:"items"`
}

func newPlaced(order Order, items []OrderItem) placed {
	p := placed{Order: order, Items: append([]OrderItem{}, items...)}
	for _, item := range items {
		p.TotalCents += int64(item.Quantity) * item.PriceCents
	}
	return p
}

// placeOrder stores an order and its items, all or nothing.
func (s *Service) placeOrder(w http.ResponseWriter, r *http.Request) error {
	var in orderInput
	if err := decode(r, &in); err != nil {
		return err
	}
	if len(in.Items) == 0 || len(in.Items) > itemsMost {
		return refuse(http.StatusUnprocessableEntity, "check", "an order has 1 to 100 items")
	}
	order := Order{ID: choose(in.ID), CustomerID: in.CustomerID, Reference: in.Reference}
	items := make([]OrderItem, len(in.Items))
	for i, item := range in.Items {
		items[i] = item.of(order.ID)
	}
	var done placed
	err := s.coordinator.InTx(r.Context(), func(ctx context.Context, tx dialect.Tx) error {
		// It may run again from its start, so that it works on copies.
		order, items := order, append([]OrderItem(nil), items...)
		// The foreign key would take a customer who is marked deleted.
		there, err := s.customers.node.In(tx).Exists(ctx, nodes.Query{Where: nodes.Eq("id", order.CustomerID)})
		if err != nil {
			return err
		}
		if !there {
			return refuse(http.StatusUnprocessableEntity, "foreign-key", "there is no such customer")
		}
		if err := s.orders.node.In(tx).Create(ctx, &order); err != nil {
			return err
		}
		if _, err := s.items.node.In(tx).BulkCreate(ctx, items); err != nil {
			return err
		}
		done = newPlaced(order, items)
		return nil
	})
	if err != nil {
		return err
	}
	return s.orders.created(w, &done.Order, done)
}

// getOrder reads an order with its items.
func (s *Service) getOrder(w http.ResponseWriter, r *http.Request) error {
	id, err := key(r)
	if err != nil {
		return err
	}
	order, err := s.orders.node.Get(r.Context(), id)
	if err != nil {
		return err
	}
	items, err := s.items.node.List(r.Context(), nodes.Query{Where: nodes.Eq("order_id", id)})
	if err != nil {
		return err
	}
	tag(w, order.Version)
	return reply(w, http.StatusOK, newPlaced(*order, items))
}

// addItem adds an item to an order that is there.
func (s *Service) addItem(w http.ResponseWriter, r *http.Request) error {
	var in itemInput
	if err := decode(r, &in); err != nil {
		return err
	}
	return s.items.create(w, r, in.of(in.OrderID))
}
