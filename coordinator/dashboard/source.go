package dashboard

import (
	"context"

	"github.com/schemactor/schemactor/schema"
)

// Source is what a dashboard shows: a *coordinator.Coordinator, whose documentation says what each method does. Status,
// LaneStatus and Listen must answer from memory; the others may ask the database. All must be safe for concurrent use.
type Source interface {
	Status() []schema.Status
	LaneStatus() schema.LaneStatus
	Listen(l *schema.Listener) (stop func())

	History(ctx context.Context, table string) ([]schema.Revision, error)
	Plan(ctx context.Context, tables ...string) ([]*schema.Plan, error)
	Drift(ctx context.Context, tables ...string) ([]schema.Drift, error)

	// Ensure and Migrate are called for an Action only.
	Ensure(ctx context.Context, tables ...string) error
	Migrate(ctx context.Context, plans []*schema.Plan, approve schema.Policy) error
}
