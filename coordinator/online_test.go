package coordinator_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// onlineVariable asks for the long version: how many rows the table holds before.
	onlineVariable = "SCHEMACTOR_ONLINE_ROWS"
	onlineShort    = 50_000

	sensorRows = 1_000
)

// The rule that TestOnline measures by. A statement of a migration waits for a lock for at most onlineLockTimeout, and
// those who come meanwhile wait behind it; then it does what takes no time, or gives up. So
//
//   - no writer may be seen waiting for locks longer than that, and onlineWaitMargin for what the statement itself does
//     while it has the lock;
//   - no statement of a writer may take longer than the longest one without a migration did, and that wait, and
//     onlineMargin, for writers, server and migration share what may be two processors.
const (
	onlineLockTimeout = 300 * time.Millisecond
	onlineWaitMargin  = 200 * time.Millisecond
	onlineMargin      = 400 * time.Millisecond
)

// Sensor is what a Reading may point to.
type Sensor struct {
	ID int64 `db:"id" schema:"pk"`
}

// Reading is the first version of the table "readings".
type Reading struct {
	ID       int64   `db:"id"        schema:"pk,auto"`
	SensorID int64   `db:"sensor_id"`
	Label    string  `db:"label"     schema:"size=40"`
	Unit     *string `db:"unit"`
	Value    int64   `db:"value"`
}

// ReadingFilled does without NULL.
type ReadingFilled struct {
	ID       int64  `db:"id"        schema:"pk,auto"`
	SensorID int64  `db:"sensor_id"`
	Label    string `db:"label"     schema:"size=40"`
	Unit     string `db:"unit"      schema:"backfill='none'"`
	Value    int64  `db:"value"`
}

// ReadingLonger has a longer text.
type ReadingLonger struct {
	ID       int64  `db:"id"        schema:"pk,auto"`
	SensorID int64  `db:"sensor_id"`
	Label    string `db:"label"     schema:"size=80"`
	Unit     string `db:"unit"      schema:"backfill='none'"`
	Value    int64  `db:"value"`
}

// ReadingMore has a longer one still, and one more column.
type ReadingMore struct {
	ID       int64   `db:"id"        schema:"pk,auto"`
	SensorID int64   `db:"sensor_id"`
	Label    string  `db:"label"     schema:"size=120"`
	Unit     string  `db:"unit"      schema:"backfill='none'"`
	Value    int64   `db:"value"`
	Note     *string `db:"note"`
}

// version is a program with one version of the model.
type version func(t testing.TB, d dialect.Dialect, cfg *coordinator.Config) *coordinator.Coordinator

func readings[T any](opts ...schema.TableOption) version {
	return func(t testing.TB, d dialect.Dialect, cfg *coordinator.Config) *coordinator.Coordinator {
		c := start(t, d, cfg)
		register[Sensor, int64](t, c, schema.Named("sensors"))
		register[T, int64](t, c, append(opts, schema.Named("readings"))...)
		return c
	}
}

// A large table is changed while others write to it, and nobody waits for longer than the rule allows.
func TestOnline(t *testing.T) {
	size, hold, before := onlineShort, 2*time.Second, int64(2_000)
	if given := os.Getenv(onlineVariable); given != "" {
		var err error
		size, err = strconv.Atoi(given)
		require.NoError(t, err)
		hold, before = 10*time.Second, 10_000
	}
	indexed := schema.WithIndex("value")
	referring := schema.WithForeignKey(schema.ForeignKey{
		Columns: []string{"sensor_id"}, References: schema.Ref{Name: "sensors"}, RefColumns: []string{"id"},
	})
	db := postgresDatabase(t)
	d := db.open(t)
	fillReadings(t, d, size)

	l := startLoad(t, db.address, size)
	// Connections and statements are made first.
	waitFor(t, func() bool { return l.statements.Load() >= 10*onlineWriters })
	began, from := time.Now(), l.statements.Load()
	waitFor(t, func() bool { return l.statements.Load() >= from+before })
	spans := []*span{{name: "before", began: began, took: time.Since(began), rows: size}}
	for _, step := range []struct {
		name string
		version
	}{
		{"add an index", readings[Reading](indexed)},
		{"add a foreign key", readings[Reading](indexed, referring)},
		{"set NOT NULL", readings[ReadingFilled](indexed, referring)},
		{"widen a varchar", readings[ReadingLonger](indexed, referring)},
	} {
		spans = append(spans, online(t, d, step.name, step.version, nil))
	}
	beside := besideAReader(t, db, readings[ReadingMore](indexed, referring), hold)
	l.end(t)
	spans = append(spans, beside)

	for _, s := range spans {
		l.measure(s)
	}
	t.Log("what writers noticed" + spanTable(spans))
	require.Equal(t, size+int(l.inserted.Load()), rows(t, d, "readings"), "each row that was acknowledged")
	require.Equal(t, onlineSum(size)+int(l.updated.Load()), count(t, d, "SELECT sum(value)::bigint FROM readings"))
	requireChangedReadings(t, d)
	for _, s := range spans[1:] {
		require.LessOrEqual(t, s.waited, onlineLockTimeout+onlineWaitMargin, "%s: waits for locks", s.name)
		if size != onlineShort { // beside other tests a statement takes as long as they let it
			require.LessOrEqual(t, s.longest, spans[0].longest+onlineLockTimeout+onlineMargin, "%s: longest statement", s.name)
		}
	}
	// While the reader was there, the writers were not kept waiting one after the other.
	require.Greater(t, beside.statements, int(hold/onlinePace)*onlineWriters/10)
}

// online migrates to a version, and says when.
func online(t testing.TB, d dialect.Dialect, name string, to version, cfg *coordinator.Config) *span {
	c := to(t, d, cfg)
	plan := planFor(t, c, "readings")
	require.NotEmpty(t, plan.Statements)
	s := &span{name: name, began: time.Now(), rows: rows(t, d, "readings")}
	require.NoError(t, c.Migrate(t.Context(), []*schema.Plan{plan}, anything()), plan.String())
	s.took = time.Since(s.began)
	settled(t, c, "readings")
	return s
}

// besideAReader migrates while somebody who has read the table keeps a transaction open for some time: the change comes
// after that one, and everybody else goes on.
func besideAReader(t testing.TB, db database, to version, hold time.Duration) *span {
	conn, err := pgx.Connect(t.Context(), db.address)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT FROM readings LIMIT 1")
	require.NoError(t, err)
	type ending struct {
		at  time.Time
		err error
	}
	ended := make(chan ending, 1)
	timer := time.AfterFunc(hold, func() {
		at := time.Now()
		ended <- ending{at, tx.Rollback(context.Background())}
	})

	var tries atomic.Int64
	s := online(t, db.open(t), fmt.Sprintf("beside a reader of %v", hold), to, &coordinator.Config{
		Listener: &schema.Listener{LockWaiting: func(schema.Event) { tries.Add(1) }},
	})
	require.False(t, timer.Stop(), "the change did not wait for the reader")
	reader := <-ended
	require.NoError(t, reader.err)
	after := s.began.Add(s.took).Sub(reader.at)
	require.Positive(t, after, "the change comes after the reader")
	t.Logf("%d tries while the reader was there; done %v after it", tries.Load(), after.Round(time.Millisecond))
	require.Positive(t, tries.Load())
	return s
}

// fillReadings makes the first version, in which every tenth row has no unit.
func fillReadings(t testing.TB, d dialect.Dialect, size int) {
	require.NoError(t, readings[Reading]()(t, d, nil).EnsureAll(t.Context()))
	exec(t, d, fmt.Sprintf("INSERT INTO sensors SELECT generate_series(1, %d)", sensorRows))
	exec(t, d, fmt.Sprintf(`INSERT INTO readings (sensor_id, label, unit, value)
		SELECT i %% %d + 1, 'reading ' || i, CASE WHEN i %% 10 <> 0 THEN 'm' END, i %% 100 FROM generate_series(1, %d) i`,
		sensorRows, size))
	exec(t, d, "ANALYZE readings")
	require.Equal(t, onlineSum(size), count(t, d, "SELECT sum(value)::bigint FROM readings"))
}

// onlineSum is the sum of all values before anybody writes.
func onlineSum(size int) int {
	return size/100*(99*100/2) + (size%100)*(size%100+1)/2
}

// requireChangedReadings holds the catalogue to all that was done.
func requireChangedReadings(t testing.TB, d dialect.Dialect) {
	requireNothingLeft(t, d, "readings")
	require.Equal(t, 1, count(t, d, `SELECT count(*) FROM pg_indexes WHERE tablename = 'readings' AND indexdef LIKE '%(value)'`))
	require.Equal(t, 1, count(t, d, `SELECT count(*) FROM pg_constraint
		WHERE conrelid = 'readings'::regclass AND contype = 'f' AND convalidated`))
	require.Zero(t, count(t, d, "SELECT count(*) FROM readings WHERE unit IS NULL"))
	require.Positive(t, count(t, d, "SELECT count(*) FROM readings WHERE unit = 'none'"))
	require.Equal(t, []string{"label NO 120", "note YES ", "unit NO "}, texts(t, d, `
		SELECT column_name || ' ' || is_nullable || ' ' || coalesce(character_maximum_length::text, '')
		FROM information_schema.columns WHERE table_name = 'readings' AND column_name IN ('unit', 'label', 'note')
		ORDER BY column_name`))
	require.Equal(t, 6, applied(t, d, "readings"))
}

// spanTable prints what was measured.
func spanTable(spans []*span) string {
	var b strings.Builder
	b.WriteString("\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "step\tduration\tlongest statement\tp99\tlongest lock wait\tstatements\twriters\trows\t")
	for _, s := range spans {
		fmt.Fprintf(w, "%s\t%v\t%v\t%v\t%v\t%d\t%d\t%d\t\n", s.name, s.took.Round(time.Millisecond),
			s.longest.Round(100*time.Microsecond), s.p99.Round(100*time.Microsecond), s.waited.Round(100*time.Microsecond),
			s.statements, onlineWriters, s.rows)
	}
	_ = w.Flush()
	return b.String()
}
