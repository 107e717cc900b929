package service

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/dashboard"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Config tunes a Service. The zero value works.
type Config struct {
	// Logger gets one line for each request, without bodies and parameters, and what happens to the tables. nil logs nothing.
	Logger *zap.Logger
	// Namespace is where the tables are, on a database that has such things. Empty is the connection's own.
	Namespace string
	// Mode is the coordinator's; empty is coordinator.ModeMigrate.
	Mode coordinator.Mode
	// RequestTimeout bounds one request of the API, its body included. 0 is 10 s.
	RequestTimeout time.Duration
	// Grace is how long requests are still taken after Serve was told to end, with /readyz at 503: a load balancer needs a
	// moment to notice. 0 is none.
	Grace time.Duration
	// Drain is how long requests that were begun may take after that. 0 is 15 s.
	Drain time.Duration
}

// Service is three tables and the pages about them. It is safe for concurrent use.
type Service struct {
	config      Config
	logger      *zap.Logger
	coordinator *coordinator.Coordinator
	customers   *resource[Customer]
	orders      *resource[Order]
	items       *resource[OrderItem]
	mux         *http.ServeMux
	handler     http.Handler
	draining    atomic.Bool
	dashboard   *dashboard.Handler
	metrics     *metrics
}

// New registers the tables on an open database and touches nothing in it. The database stays the caller's, and is closed
// after the Service.
func New(d dialect.Dialect, cfg Config) (*Service, error) {
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = 10 * time.Second
	}
	if cfg.Drain == 0 {
		cfg.Drain = 15 * time.Second
	}
	m, err := newMetrics()
	if err != nil {
		return nil, err
	}
	c, err := coordinator.New(d, &coordinator.Config{
		Logger: cfg.Logger.Named("schema"), Mode: cfg.Mode, Application: "demo serve", Observer: m.telemetry,
	})
	if err != nil {
		return nil, err
	}
	m.telemetry.Attach(c)
	s := &Service{config: cfg, logger: cfg.Logger, coordinator: c, mux: http.NewServeMux(), metrics: m}
	err = s.register()
	if err == nil {
		s.dashboard, err = dashboard.New(c, &dashboard.Config{Title: "demo serve"})
	}
	if err != nil {
		return nil, errors.Join(err, c.Close(context.Background()))
	}
	s.routes()
	return s, nil
}

// register makes the nodes; every fault is reported at once.
func (s *Service) register() error {
	customers, faults := resourceOf[Customer](s, "/v1/customers", []string{"email"}, []string{"email", "name"})
	orders, err := resourceOf[Order](s, "/v1/orders", []string{"customer_id", "reference", "status"}, []string{"reference", "status"})
	faults = errors.Join(faults, err)
	items, err := resourceOf[OrderItem](s, "/v1/order-items", []string{"order_id"}, []string{"article", "quantity", "price_cents"})
	faults = errors.Join(faults, err)
	s.customers, s.orders, s.items = customers, orders, items
	return faults
}

func resourceOf[T record](s *Service, path string, filters, changes []string) (*resource[T], error) {
	var options []schema.TableOption
	if s.config.Namespace != "" {
		options = append(options, schema.InNamespace(s.config.Namespace))
	}
	node, err := coordinator.Register[T, uuid.UUID](s.coordinator, options...)
	return &resource[T]{node: node, path: path, filters: filters, changes: changes}, err
}

// routes puts everything at its place.
func (s *Service) routes() {
	s.orders.read = s.getOrder
	s.customers.mount(s)
	s.orders.mount(s)
	s.items.mount(s)
	s.handle("POST /v1/customers", s.createCustomer)
	s.handle("POST /v1/orders", s.placeOrder)
	s.handle("POST /v1/order-items", s.addItem)

	s.mux.Handle("/schema/", s.dashboard)
	s.mux.Handle("GET /metrics", s.metrics.handler())
	s.mux.Handle("/readyz", s.ready())
	s.mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		// A probe that restarts the program must not look at the database: restarting does not bring it back.
		_ = reply(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_ = reply(w, http.StatusOK, map[string]string{
			"customers": "/v1/customers", "orders": "/v1/orders", "order-items": "/v1/order-items",
			"schema": "/schema/", "metrics": "/metrics", "ready": "/readyz", "alive": "/livez",
		})
	})
	s.handler = s.surround(s.mux)
}

// Handler is the whole service over HTTP.
func (s *Service) Handler() http.Handler { return s.handler }

// Close ends live pages and then the coordinator, within ctx. Serve does so by itself.
func (s *Service) Close(ctx context.Context) error {
	return errors.Join(s.dashboard.Close(ctx), s.metrics.telemetry.Close(), s.coordinator.Close(ctx))
}
