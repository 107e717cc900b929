package actors_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

// parcel holds bytes that stay its maker's.
type parcel struct {
	Code int64  `db:"code" schema:"pk"`
	Data []byte `db:"data"`
}

// Who leaves may use its buffer again at once; what is stored is what it held when the call was made.
func TestLaneKeepsNoBuffer(t *testing.T) {
	const callers, size = 40, 1 << 10
	onAllLanes(t, actors.LaneConfig{}, func(t *testing.T, s *laneSite) {
		node := through[parcel, int64](t, s)
		calls := make([]func() error, callers)
		leave := make([]context.CancelFunc, callers)
		for i := range calls {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			leave[i] = cancel
			calls[i] = func() error {
				p := parcel{Code: int64(i), Data: bytes.Repeat([]byte{'a'}, size)}
				err := node.Create(ctx, &p)
				for at := range p.Data {
					p.Data[at] = 'b'
				}
				return err
			}
		}
		release, errs := s.piled(t, calls)
		release()
		for i, cancel := range leave { // some before they are taken, some while they are stored
			if i%5 != 0 {
				cancel()
			}
		}
		for i, err := range errs() {
			if i%5 == 0 {
				require.NoError(t, err)
			}
		}
		require.GreaterOrEqual(t, number(t, s.other, "SELECT count(*) FROM parcels"), callers/5)
		rows, err := s.other.Reader().Query(t.Context(), "SELECT data FROM parcels")
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var data []byte
			require.NoError(t, rows.Scan(&data))
			require.Equal(t, bytes.Repeat([]byte{'a'}, size), data)
		}
		require.NoError(t, rows.Err())
	})
}

// A trigger that runs once for each statement runs once for each row, as without a lane.
func TestLaneStatementTrigger(t *testing.T) {
	const callers = 40
	s := newLaneSite(t, postgrestest.Open(t), 1, actors.LaneConfig{})
	node := through[pupil, string](t, s)
	require.NoError(t, node.Create(t.Context(), &pupil{Key: "first", Email: "first"}))
	run(t, s.other, "CREATE TABLE calls (at timestamptz)", "CREATE FUNCTION called() RETURNS trigger LANGUAGE plpgsql AS $$ "+
		"BEGIN INSERT INTO calls VALUES (now()); RETURN NULL; END $$",
		"CREATE TRIGGER called AFTER INSERT ON pupils FOR EACH STATEMENT EXECUTE FUNCTION called()")
	commits := s.commits(t, "pupils", func() {
		for _, err := range s.pile(t, each(callers, func(i int) error {
			return node.Create(t.Context(), &pupil{Key: fmt.Sprint(i), Email: fmt.Sprint(i)})
		})) {
			require.NoError(t, err)
		}
	})
	require.Less(t, commits, callers)
	require.Equal(t, callers, number(t, s.other, "SELECT count(*) FROM calls"))
}
