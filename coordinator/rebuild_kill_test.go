package coordinator_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Box is the first version of the table "boxes", which others point to.
type Box struct {
	ID    int64   `db:"id"    schema:"pk,auto"`
	Label string  `db:"label"`
	Note  *string `db:"note"`
}

// BoxStrict is the second version. On SQLite the table is rebuilt for it.
type BoxStrict struct {
	ID    int64  `db:"id"    schema:"pk,auto"`
	Label string `db:"label" schema:"check=length(label) > 3"`
	Note  string `db:"note"  schema:"backfill='none'"`
}

// Parcel goes with its box.
type Parcel struct {
	ID    int64 `db:"id"     schema:"pk"`
	BoxID int64 `db:"box_id" schema:"references=boxes.id,ondelete=cascade"`
}

// anything allows all hazards, on tables of any size.
func anything() schema.Policy {
	policy := allow(schema.AnyHazard, "", "")
	policy.MaxRows = -1
	return policy
}

// halfway runs a migration up to the statement or batch whose number the environment gives, says so, and stops for ever.
// A migration that ends before says how many there were.
func halfway(ctx context.Context, d dialect.Dialect, migrate func(context.Context, *coordinator.Coordinator) error) error {
	stop, err := strconv.Atoi(os.Getenv(programStop))
	if err != nil {
		return err
	}
	events := 0
	event := func(e schema.Event) {
		if e.Phase != schema.PhaseApply {
			return
		}
		if events++; events == stop {
			fmt.Println("inside")
			select {}
		}
	}
	c, err := coordinator.New(d, &coordinator.Config{
		Policy: anything(), Listener: &schema.Listener{Applied: event, Progress: event},
	})
	if err != nil {
		return err
	}
	if err := migrate(ctx, c); err != nil {
		return err
	}
	fmt.Println(events)
	return c.Close(ctx)
}

// never is a statement that no migration comes to.
const never = 1_000_000

// launchHalfway starts a program that stops after its n-th statement.
func launchHalfway(t testing.TB, part, address string, n int) *program {
	p, err := launch(t, part, address, fmt.Sprintf("%s=%d", programStop, n))
	require.NoError(t, err)
	return p
}

// killedAt runs a program up to its n-th statement and kills it there.
func killedAt(t testing.TB, part, address string, n int) {
	p := launchHalfway(t, part, address, n)
	said, err := p.hear()
	require.NoError(t, err)
	require.Equal(t, "inside", said)
	p.kill(t)
}

// undisturbed runs a program to its end and gives the number of its statements.
func undisturbed(t testing.TB, part, address string) int {
	p := launchHalfway(t, part, address, never)
	said, err := p.hear()
	require.NoError(t, err)
	require.NoError(t, p.end())
	events, err := strconv.Atoi(said)
	require.NoError(t, err)
	return events
}

func rebuildBoxes(ctx context.Context, c *coordinator.Coordinator) error {
	if _, err := coordinator.Register[BoxStrict, int64](c, schema.Named("boxes")); err != nil {
		return err
	}
	if _, err := coordinator.Register[Parcel, int64](c, schema.Named("parcels")); err != nil {
		return err
	}
	return c.EnsureAll(ctx)
}

const (
	// boxRows is what a rebuild is interrupted at; each box has two parcels.
	boxRows = 100_000

	boxExtras = `
		CREATE VIEW noted AS SELECT id, label FROM boxes WHERE note IS NOT NULL AND note <> 'none';
		CREATE INDEX boxes_noted ON boxes (label) WHERE note IS NOT NULL;
		CREATE TABLE box_log (box INTEGER, what TEXT) STRICT;
		CREATE TRIGGER boxes_come AFTER INSERT ON boxes BEGIN INSERT INTO box_log VALUES (new.id, 'come'); END;
		CREATE TRIGGER boxes_change AFTER UPDATE OF label ON boxes BEGIN INSERT INTO box_log VALUES (new.id, 'change'); END;
		CREATE TRIGGER boxes_go AFTER DELETE ON boxes BEGIN INSERT INTO box_log VALUES (old.id, 'go'); END`

	// boxSum tells each row from what it was made as; only the notes that were NULL may have changed.
	boxSum = `SELECT (SELECT count(*) || ' boxes, sum ' || sum(id) || ', as made ' || count(*) FILTER (
			WHERE label = 'box ' || id AND (note IS 'note ' || id OR id % 3 = 0 AND coalesce(note, 'none') = 'none'))
		FROM boxes) || '; ' || (SELECT count(*) || ' parcels, sum ' || sum(id) || ', as made ' || count(*) FILTER (
			WHERE box_id = (id + 1) / 2) FROM parcels)
		|| '; logged ' || (SELECT count(*) FROM box_log) || '; noted ' || (SELECT count(*) FROM noted)
		|| '; counter ' || (SELECT seq FROM sqlite_sequence WHERE name = 'boxes')`
)

// filledBoxes makes the first version with all that a rebuild could lose, and gives the closed file.
func filledBoxes(t testing.TB) string {
	path := filepath.Join(t.TempDir(), "made.db")
	d, err := openAt(t.Context(), path)
	require.NoError(t, err)
	c, err := coordinator.New(d, nil)
	require.NoError(t, err)
	register[Box, int64](t, c, schema.Named("boxes"))
	register[Parcel, int64](t, c, schema.Named("parcels"))
	require.NoError(t, c.EnsureAll(t.Context()))
	// One more, whose number is not given out again.
	exec(t, d, fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= %d)
		INSERT INTO boxes (id, label, note) SELECT i, 'box ' || i, CASE WHEN i %% 3 <> 0 THEN 'note ' || i END FROM n`, boxRows))
	exec(t, d, fmt.Sprintf("DELETE FROM boxes WHERE id > %d", boxRows))
	exec(t, d, `INSERT INTO parcels (id, box_id) SELECT 2 * id - 1, id FROM boxes UNION ALL SELECT 2 * id, id FROM boxes`)
	exec(t, d, boxExtras)
	require.NoError(t, c.Close(t.Context()))
	require.NoError(t, d.Close())
	return path
}

// A program is killed after each statement of a rebuild: the old table is whole, with all that hangs on it, and the next
// program finishes the work.
func TestKilledInsideARebuild(t *testing.T) {
	made, err := os.ReadFile(filledBoxes(t))
	require.NoError(t, err)
	fresh := func(t *testing.T) database {
		db := sqliteDatabase(t)
		require.NoError(t, os.WriteFile(db.address, made, 0o600))
		return db
	}
	sum := fmt.Sprintf("%[1]d boxes, sum %d, as made %[1]d; %[3]d parcels, sum %d, as made %[3]d; logged 0; noted %[5]d; counter %d",
		boxRows, boxRows*(boxRows+1)/2, 2*boxRows, boxRows*(2*boxRows+1), boxRows-boxRows/3, boxRows+1)

	// How it goes where nobody is killed.
	whole := fresh(t)
	d := whole.open(t)
	before := footprint(t, d)
	requireWholeBoxes(t, d, sum)
	statements := undisturbed(t, partRebuild, whole.address)
	finishBoxes(t, d)
	requireWholeBoxes(t, d, sum)
	after := catalogOf(t, d)
	require.Contains(t, strings.Join(last(t, d, "boxes").Statements, "\n"), "INSERT INTO", "a rebuild copies")

	for n := 1; n <= statements; n++ {
		t.Run(fmt.Sprintf("after statement %d", n), func(t *testing.T) {
			db := fresh(t)
			killedAt(t, partRebuild, db.address, n)
			d := db.open(t)
			require.Equal(t, before, footprint(t, d), "nothing has happened")
			requireWholeBoxes(t, d, sum)
			finishBoxes(t, d)
			requireWholeBoxes(t, d, sum)
			require.Equal(t, after, catalogOf(t, d))
		})
	}
}

// finishBoxes migrates to the end, and tries what hangs on the table.
func finishBoxes(t testing.TB, d dialect.Dialect) {
	c, err := coordinator.New(d, &coordinator.Config{Policy: anything()})
	require.NoError(t, err)
	require.NoError(t, rebuildBoxes(t.Context(), c))
	settled(t, c, "boxes")
	require.NoError(t, c.Close(t.Context()))
	require.Equal(t, 2, applied(t, d, "boxes"), "made, and changed once")
	require.Equal(t, 1, applied(t, d, "parcels"))
	require.Equal(t, schema.RevisionApplied, last(t, d, "boxes").State)
	require.Zero(t, count(t, d, "SELECT count(*) FROM boxes WHERE note IS NULL"))
	require.Equal(t, boxRows/3, count(t, d, "SELECT count(*) FROM boxes WHERE note = 'none'"))

	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	for _, sql := range []string{
		"UPDATE boxes SET label = 'moved' WHERE id = 1", "DELETE FROM boxes WHERE id = 2",
		"INSERT INTO boxes (label, note) VALUES ('another', 'one')",
	} {
		_, err := tx.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	var log string
	_, err = dialect.QueryRow(t.Context(), tx, `SELECT group_concat(what || ' ' || box, ', ') || '; ' ||
		(SELECT count(*) FROM parcels) FROM box_log`, nil, &log)
	require.NoError(t, err)
	require.NoError(t, tx.Rollback(t.Context()))
	require.Equal(t, fmt.Sprintf("change 1, go 2, come %d; %d", boxRows+2, 2*boxRows-2), log)
}

// requireWholeBoxes holds the file to being sound, and each row to what it was made as.
func requireWholeBoxes(t testing.TB, d dialect.Dialect, sum string) {
	require.Equal(t, []string{sum}, texts(t, d, boxSum))
	require.Equal(t, []string{"ok"}, texts(t, d, "SELECT integrity_check FROM pragma_integrity_check"))
	require.Empty(t, texts(t, d, `SELECT "table" || ' ' || rowid FROM pragma_foreign_key_check`))
}
