package dialecttest

import (
	"context"

	"github.com/stretchr/testify/require"
)

// tester is what a test and one case of a property test have in common.
type tester interface {
	require.TestingT
	Helper()
	Context() context.Context
}
