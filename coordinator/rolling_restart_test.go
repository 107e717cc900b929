package coordinator_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// seedVariable replays a test of random order.
const seedVariable = "SCHEMACTOR_TEST_SEED"

// seeded gives random numbers that can be had again.
func seeded(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	if given := os.Getenv(seedVariable); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("to replay: %s=%d", seedVariable, seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// Member is the first version of the table "members".
type Member struct {
	ID   uuid.UUID `db:"id"   schema:"pk"`
	Name string    `db:"name" schema:"size=60"`
}

// MemberMore is the second version: a longer text, an index, a nullable and a defaulted column.
type MemberMore struct {
	ID    uuid.UUID `db:"id"    schema:"pk"`
	Name  string    `db:"name"  schema:"size=120,index"`
	Note  *string   `db:"note"`
	Level int64     `db:"level" schema:"default=3"`
}

func olderMember(id uuid.UUID) *Member     { return &Member{ID: id, Name: "older " + id.String()} }
func newerMember(id uuid.UUID) *MemberMore { return &MemberMore{ID: id, Name: "newer " + id.String()} }

// serveMembers answers each line that it is given with the identity of a row that it has stored, and read again.
func serveMembers[T any](ctx context.Context, d dialect.Dialect, fresh func(uuid.UUID) *T) error {
	// On SQLite a longer text is another check.
	c, err := coordinator.New(d, &coordinator.Config{Policy: allow(schema.HazardChangeCheck, "members", "")})
	if err != nil {
		return err
	}
	members, err := coordinator.Register[T, uuid.UUID](c, schema.Named("members"))
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		id := uuid.New()
		if err := members.Create(ctx, fresh(id)); err != nil {
			return err
		}
		if _, err := members.Get(ctx, id); err != nil {
			return err
		}
		if listed, err := members.List(ctx, nodes.Query{Limit: 5}); err != nil || len(listed) == 0 {
			return errors.Join(err, fmt.Errorf("%d rows listed", len(listed)))
		}
		fmt.Println(id)
	}
	return c.Close(ctx)
}

// rollout is the programs of two versions that share a database.
type rollout struct {
	t       *testing.T
	address string
	slots   []*slot

	mu           sync.Mutex
	acknowledged []string
}

// slot is a place at which one program after the other runs, of one version.
type slot struct {
	sync.Mutex
	part    string
	running *program
}

// restart ends the program of a slot, where one runs, and starts the next one, which must serve.
func (f *rollout) restart(s *slot) error {
	s.Lock()
	defer s.Unlock()
	if s.running != nil {
		if err := s.running.end(); err != nil {
			return fmt.Errorf("%s ended with: %w", s.part, err)
		}
	}
	var err error
	if s.running, err = launch(f.t, s.part, f.address); err != nil {
		return err
	}
	return f.serve(s)
}

// serve has the program of a slot store a row.
func (f *rollout) serve(s *slot) error {
	id, err := s.running.ask("serve")
	if err != nil {
		return fmt.Errorf("%s: %w", s.part, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.acknowledged = append(f.acknowledged, id)
	return nil
}

// Programs of two versions, four each, are started again and again in any order while the others go on: the newer shape
// stays, the history does not grow, and all of them serve all the time.
func TestRollingRestarts(t *testing.T) {
	const each, lanes = 4, 4
	restarts := 50
	if testing.Short() {
		restarts = 12
	}
	eachDatabase(t, func(t *testing.T, db database) {
		random := seeded(t)
		d := db.open(t)
		f := &rollout{t: t, address: db.address}
		for range each {
			f.slots = append(f.slots, &slot{part: partOlder}, &slot{part: partNewer})
		}
		// The first pair makes the table, and changes it.
		require.NoError(t, f.restart(f.slots[0]))
		require.NoError(t, f.serve(f.slots[0]))
		require.Equal(t, 1, applied(t, d, "members"))
		require.NoError(t, f.restart(f.slots[1]))
		require.Equal(t, 2, applied(t, d, "members"))
		newer := requireNewerMembers(t, d)
		before := footprint(t, d)

		// Each turn restarts one and asks another that goes on.
		type turn struct{ restart, serve int }
		turns := make(chan turn, len(f.slots)+restarts)
		for i := range f.slots[2:] {
			turns <- turn{i + 2, i % 2}
		}
		for range restarts {
			turns <- turn{random.IntN(len(f.slots)), random.IntN(2)}
		}
		close(turns)
		require.NoError(t, errors.Join(together(lanes, func(int) error {
			for next := range turns {
				if err := f.restart(f.slots[next.restart]); err != nil {
					return err
				}
				other := f.slots[next.serve]
				other.Lock()
				err := f.serve(other)
				other.Unlock()
				if err != nil {
					return err
				}
			}
			return nil
		})...))
		for _, s := range f.slots {
			require.NoError(t, s.running.end(), s.part)
		}

		require.Equal(t, newer, requireNewerMembers(t, d))
		require.Equal(t, before, footprint(t, d), "nobody changed table, ledger or history after the first pair")
		text := "CAST(id AS text)"
		if d.Name() == "mysql" { // which keeps sixteen bytes
			text = "lower(insert(insert(insert(insert(hex(id), 21, 0, '-'), 17, 0, '-'), 13, 0, '-'), 9, 0, '-'))"
		}
		stored := texts(t, d, "SELECT "+text+" FROM members")
		slices.Sort(stored)
		slices.Sort(f.acknowledged)
		require.Equal(t, f.acknowledged, stored)
		t.Logf("%d rows by %d starts", len(stored), len(f.slots)+restarts)
	})
}

// requireNewerMembers holds the catalogue to the second version, and gives what it says.
func requireNewerMembers(t testing.TB, d dialect.Dialect) []string {
	query := `SELECT name || ' ' || type || ' ' || coalesce(dflt_value, '') FROM pragma_table_info('members')
		UNION ALL SELECT 'index ' || name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'members'
		UNION ALL SELECT sql FROM sqlite_schema WHERE name = 'members'`
	longer := " <= 120"
	if d.Name() == "postgres" {
		query = `SELECT column_name || ' ' || data_type || ' ' || coalesce(column_default, '') || ' '
			|| coalesce(character_maximum_length::text, '') FROM information_schema.columns WHERE table_name = 'members'
			UNION ALL SELECT 'index ' || indexname FROM pg_indexes WHERE tablename = 'members'`
		longer = "name character varying  120"
	}
	if d.Name() == "mysql" {
		query = `SELECT concat_ws(' ', column_name, column_type, column_default) || ' ' FROM information_schema.columns
			WHERE table_schema = database() AND table_name = 'members'
			UNION ALL SELECT 'index ' || index_name FROM information_schema.statistics WHERE table_schema = database() AND table_name = 'members'`
		longer = "name varchar(120)"
	}
	all := texts(t, d, query)
	shape := strings.Join(all, "\n")
	for _, part := range []string{longer, "\nnote ", "\nlevel ", "index members__name_ix"} {
		require.Contains(t, shape, part)
	}
	return all
}
