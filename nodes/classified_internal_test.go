package nodes

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/schema"
)

// A driver gives up a connection when a context ends, and what it says next may speak of the connection alone.
func TestFailuresOfAnEndedContextMatchIt(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	by := &postgres.DB{}
	unknown := &schema.Error{Kind: schema.ErrOutcomeUnknown, Cause: net.ErrClosed}
	for _, err := range []error{net.ErrClosed, unknown} {
		e := classified(ended, by, err, "create", "people")
		require.ErrorIs(t, e, schema.ErrUnavailable)
		require.ErrorIs(t, e, context.Canceled)
		require.ErrorIs(t, e, net.ErrClosed)
		require.NotErrorIs(t, classified(t.Context(), by, err, "create", "people"), context.Canceled)
	}
	require.Equal(t, "create people: "+schema.ErrOutcomeUnknown.Error(), classified(ended, by, unknown, "create", "people").Error())
	taken := &schema.Error{Kind: schema.ErrDuplicate}
	require.NotErrorIs(t, classified(ended, by, taken, "create", "people"), context.Canceled, "it failed for another reason")
}
