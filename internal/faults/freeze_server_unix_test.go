//go:build unix

package faults_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/faults"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

// The server itself stands still in the middle of the cold path, with its connections open: callers leave at their deadlines.
// When it goes on, all is made ready, once.
func TestFrozenServer(t *testing.T) {
	server := mysqltest.NewServer(t)
	for name, comes := range stallMoments {
		t.Run(name, func(t *testing.T) {
			address := server.Open(t)
			d := open(t, address)
			process := mysqlProcess(t, d)
			t.Cleanup(func() { _ = process.Signal(syscall.SIGCONT) })
			var once sync.Once
			reached := make(chan struct{})
			c := start(t, open(t, address), &coordinator.Config{Listener: faults.Points(func(point string) {
				if comes(point) {
					once.Do(func() { _ = process.Signal(syscall.SIGSTOP); close(reached) })
				}
			})})
			node := register[parcel, int64](t, c, schema.Named(parcels))
			patient := make(chan error, 1)
			go func() { patient <- node.Create(t.Context(), &parcel{ID: 1}) }()
			happens(t, "the moment", reached)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			require.ErrorIs(t, node.Create(ctx, &parcel{ID: 2}), context.DeadlineExceeded)
			require.NoError(t, process.Signal(syscall.SIGCONT))
			require.NoError(t, <-patient, "who has time is served in the end")
			require.NoError(t, node.Create(t.Context(), &parcel{ID: 3}))
			afterwards(t, d, 2)
		})
	}
}

// mysqlProcess is the server, which has written down its number.
func mysqlProcess(t *testing.T, d dialect.Dialect) *os.Process {
	var file string
	_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT @@pid_file", nil, &file)
	require.NoError(t, err)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	number, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	process, err := os.FindProcess(number)
	require.NoError(t, err)
	return process
}
