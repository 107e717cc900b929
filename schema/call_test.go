package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

// Every method has a name of its own, and what is no method has none.
func TestMethodNames(t *testing.T) {
	seen := map[string]bool{}
	for m := range schema.Methods {
		require.NotEmpty(t, m.String())
		require.NotEqual(t, schema.Methods.String(), m.String())
		require.False(t, seen[m.String()], m.String())
		seen[m.String()] = true
	}
	require.Equal(t, "unknown", schema.Methods.String())
	require.True(t, schema.MethodList.Reads())
	require.False(t, schema.MethodCreate.Reads())
}
