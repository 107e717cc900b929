package coordinator_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/schema"
)

// newerMembers brings the table to its second version.
func newerMembers(ctx context.Context, c *coordinator.Coordinator) error {
	if _, err := coordinator.Register[MemberMore, uuid.UUID](c, schema.Named("members")); err != nil {
		return err
	}
	return c.EnsureAll(ctx)
}

// memberRows are enough for a migration that goes step by step.
const memberRows = 4_000

// filledMembers makes the first version.
func filledMembers(t testing.TB) database {
	db := postgresDatabase(t)
	d := db.open(t)
	require.NoError(t, migrated[Member](t, db, schema.Policy{}).EnsureAll(t.Context()))
	exec(t, d, fmt.Sprintf("INSERT INTO members SELECT gen_random_uuid(), 'filled ' || i FROM generate_series(1, %d) i", memberRows))
	exec(t, d, "ANALYZE members")
	return db
}

// migrated is a program with one version of Member.
func migrated[T any](t testing.TB, db database, policy schema.Policy) *coordinator.Coordinator {
	c := start(t, db.open(t), &coordinator.Config{Policy: policy})
	register[T, uuid.UUID](t, c, schema.Named("members"))
	return c
}

// A newer program has died halfway. The older one, which the ledger still has for the present one, starts again and
// serves, undoes nothing of what it finds, whatever it were allowed to, and the next newer program goes on.
func TestOlderProgramAfterHalfAMigration(t *testing.T) {
	events := undisturbed(t, partMembers, filledMembers(t).address)
	require.Greater(t, events, 2)
	for n := 1; n <= events; n++ {
		t.Run(fmt.Sprintf("after event %d", n), func(t *testing.T) {
			t.Parallel()
			db := filledMembers(t)
			d := db.open(t)
			killedAt(t, partMembers, db.address, n)
			require.Equal(t, schema.RevisionApplying, last(t, d, "members").State)
			half := footprint(t, d)

			older := start(t, db.open(t), &coordinator.Config{Policy: anything()})
			node := register[Member, uuid.UUID](t, older, schema.Named("members"))
			require.NoError(t, node.Create(t.Context(), olderMember(uuid.New())))
			require.True(t, statusOf(t, older, "members").Behind)
			require.Equal(t, half, footprint(t, d), "nothing was undone, and nothing written")

			require.NoError(t, migrated[MemberMore](t, db, anything()).EnsureAll(t.Context()))
			requireNewerMembers(t, d)
			requireNothingLeft(t, d, "members")
			whole := footprint(t, d)
			require.NoError(t, migrated[Member](t, db, anything()).EnsureAll(t.Context()))
			require.Equal(t, whole, footprint(t, d))
			require.Equal(t, memberRows+1, rows(t, d, "members"))
		})
	}
}
