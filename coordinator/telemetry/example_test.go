package telemetry_test

import (
	"context"
	"fmt"
	"log"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/telemetry"
	"github.com/schemactor/schemactor/dialect/sqlite"
)

// One Telemetry for a coordinator: its Observer, and attached to it. Here Prometheus reads it.
func Example() {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, ":memory:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	tel, err := telemetry.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer tel.Close()
	c, err := coordinator.New(db, &coordinator.Config{Observer: tel})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close(ctx)
	tel.Attach(c)
	registry := prometheus.NewRegistry() // or prometheus.DefaultRegisterer
	registry.MustRegister(tel)

	people, err := coordinator.Register[person, uuid.UUID](c)
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		if err := people.Create(ctx, somebody()); err != nil {
			log.Fatal(err)
		}
	}

	families, err := registry.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range families {
		switch f.GetName() {
		case "db_client_operation_duration_seconds":
			fmt.Println("calls:", f.Metric[0].Histogram.GetSampleCount())
		case "schemactor_migrations_total":
			fmt.Println("migrations:", f.Metric[0].Counter.GetValue())
		}
	}
	// Output:
	// calls: 3
	// migrations: 1
}
