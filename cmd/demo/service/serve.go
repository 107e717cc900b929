package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/schemactor/schemactor/coordinator"
)

const (
	// closeTimeout is how long the coordinator may take to end once no request is left.
	closeTimeout = 5 * time.Second

	// The first pause after a failed attempt to make the tables ready, the longest one, and that between two looks whether
	// they still are.
	retryFirst, retryMost, lookEvery = 250 * time.Millisecond, 5 * time.Second, time.Second
)

// ErrCutOff is the end of a Serve in which some request took longer than Config.Drain.
var ErrCutOff = errors.New("requests were cut off")

// Serve takes requests from l, which it closes, until ctx ends, and then ends in order: /readyz says no, requests are taken
// for Config.Grace and no longer, those that were begun are answered within Config.Drain, the coordinator is closed. It is
// nil after such an end, and ErrCutOff where somebody got no answer. It is called once. Tables are made ready meanwhile: a
// database that is down keeps nobody from starting.
func (s *Service) Serve(ctx context.Context, l net.Listener) error {
	// Requests outlive ctx, for as long as they are drained.
	lasting := context.WithoutCancel(ctx)
	keeping, stopKeeping := context.WithCancel(lasting)
	var keeper sync.WaitGroup
	keeper.Go(func() { s.keepReady(keeping) })
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return lasting },
		ErrorLog:    zap.NewStdLog(s.logger.Named("http")),
	}
	failed := make(chan error, 1)
	keeper.Go(func() { failed <- server.Serve(l) })
	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
		_ = server.Close()
	case <-ctx.Done():
		err = s.drain(lasting, server)
	}
	stopKeeping()
	closing, cancel := context.WithTimeout(lasting, closeTimeout)
	defer cancel()
	err = errors.Join(err, s.Close(closing))
	keeper.Wait()
	return err
}

// drain says no to probes, then to new connections, and waits for those that are served.
func (s *Service) drain(ctx context.Context, server *http.Server) error {
	s.draining.Store(true)
	s.logger.Info("ending", zap.Duration("grace", s.config.Grace), zap.Duration("drain", s.config.Drain))
	if s.config.Grace > 0 {
		time.Sleep(s.config.Grace) // there is nothing to wait for: nobody tells when a load balancer has noticed
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Drain)
	defer cancel()
	// Live pages never end by themselves.
	err := s.dashboard.Close(ctx)
	if server.Shutdown(ctx) != nil {
		err = errors.Join(err, fmt.Errorf("after %v: %w", s.config.Drain, ErrCutOff), server.Close())
	}
	return err
}

// keepReady makes the tables ready, and again where they are no longer: nobody calls a service that says it is not ready, so
// that it has to find out by itself when it can be.
func (s *Service) keepReady(ctx context.Context) {
	pause := retryFirst
	for {
		wait := lookEvery
		if s.coordinator.Ready(ctx) != nil {
			began := time.Now()
			switch err := s.coordinator.EnsureAll(ctx); {
			case err == nil:
				s.logger.Info("every table is ready", zap.Duration("duration", time.Since(began)))
				pause = retryFirst
			default: // the coordinator has logged why
				wait, pause = pause, min(2*pause, retryMost)
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// ready is the readiness probe: the tables, the database, and whether this service is about to end.
func (s *Service) ready() http.Handler {
	inner := s.coordinator.ReadyHandler(&coordinator.ReadyConfig{Check: s.coordinator.Ping})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.draining.Load() {
			inner.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Retry-After", "1")
		_ = reply(w, http.StatusServiceUnavailable, map[string]string{"status": "stopping"})
	})
}
