package coordinator_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/schema"
)

// These make the test binary a program that stops for ever inside its transaction, to be killed there.
const (
	victimAddress = "SCHEMACTOR_TEST_VICTIM"
	victimPhase   = "SCHEMACTOR_TEST_VICTIM_PHASE"
)

// victim makes the table users as far as its first statement of a phase, says so, and never goes on.
func victim(address string, phase schema.Phase) error {
	ctx := context.Background()
	var d dialect.Dialect
	var err error
	if strings.HasPrefix(address, "postgres") {
		d, err = postgres.Open(ctx, address, nil)
	} else {
		d, err = sqlite.Open(ctx, address, nil)
	}
	if err != nil {
		return err
	}
	c, err := coordinator.New(d, &coordinator.Config{Listener: &schema.Listener{Applied: func(e schema.Event) {
		if e.Phase == phase {
			fmt.Println("inside")
			select {}
		}
	}}})
	if err != nil {
		return err
	}
	users, err := coordinator.Register[User, uuid.UUID](c)
	if err != nil {
		return err
	}
	return users.Create(ctx, newUser())
}

// A program killed inside the transaction leaves nothing behind: no table, no revision, no lock.
func TestKilledInsideTheTransaction(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for _, phase := range []schema.Phase{schema.PhaseLedger, schema.PhaseApply} {
		t.Run(string(phase), func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, db database) {
				killed := osexec.CommandContext(t.Context(), self)
				killed.Env = append(os.Environ(), victimAddress+"="+db.address, victimPhase+"="+string(phase))
				killed.Stderr = os.Stderr
				out, err := killed.StdoutPipe()
				require.NoError(t, err)
				require.NoError(t, killed.Start())
				said, err := bufio.NewReader(out).ReadString('\n')
				require.NoError(t, err)
				require.Equal(t, "inside\n", said)
				require.NoError(t, killed.Process.Kill())
				require.Error(t, killed.Wait(), "it was killed")

				d := db.open(t)
				lives, err := d.Inspect(t.Context(), d.Reader(), schema.Ref{Name: "users"})
				require.NoError(t, err)
				require.Nil(t, lives[0], "a table that was half made")

				users := register[User, uuid.UUID](t, start(t, d, nil))
				require.NoError(t, users.Create(t.Context(), newUser()), "the next program just works")
				require.Equal(t, 1, applied(t, d, "users"))
				require.Equal(t, 1, count(t, d, "SELECT count(*) FROM users"))
			})
		})
	}
}
