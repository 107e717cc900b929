package faults_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A replica has seen a table in its boot read, and another one of the same version changes it before this one comes to it:
// this one is no older program on that account.
func TestReplicaIsNotBehindItsOwnVersion(t *testing.T) {
	eachDatabase(t, func(t *testing.T, address string) {
		old := start(t, open(t, address), nil)
		for i := range 2 {
			_, err := herdVersions[0].register(old, herdTable("deploy_", i))
			require.NoError(t, err)
		}
		require.NoError(t, old.EnsureAll(t.Context()))

		slow := start(t, open(t, address), nil)
		_, err := herdVersions[0].register(slow, herdTable("deploy_", 0))
		require.NoError(t, err)
		_, err = herdVersions[1].register(slow, herdTable("deploy_", 1))
		require.NoError(t, err)
		require.NoError(t, slow.Ensure(t.Context(), herdTable("deploy_", 0)), "the boot read sees both")

		quick := start(t, open(t, address), nil)
		_, err = herdVersions[1].register(quick, herdTable("deploy_", 1))
		require.NoError(t, err)
		require.NoError(t, quick.EnsureAll(t.Context()))

		require.NoError(t, slow.Ensure(t.Context(), herdTable("deploy_", 1)))
		for _, status := range slow.Status() {
			require.False(t, status.Behind, "%s", status.Table)
			if status.Table.Name == herdTable("deploy_", 1) {
				require.EqualValues(t, 2, status.Generation)
			}
		}
	})
}
