package actors_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// onPostgresLanes runs a test on PostgreSQL with each way that docs/postgres.md knows to speak to it.
func onPostgresLanes(t *testing.T, test func(t *testing.T, s *laneSite)) {
	with := func(address, key, value string) string {
		u, err := url.Parse(address)
		require.NoError(t, err)
		query := u.Query()
		query.Set(key, value)
		u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
		return u.String()
	}
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			test(t, newLaneSite(t, with(postgrestest.Open(t), "default_query_exec_mode", mode), 1, actors.LaneConfig{}))
		})
	}
	t.Run("pooler", func(t *testing.T) {
		through := postgrestest.NewPooler(t, postgrestest.Open(t), postgrestest.PoolerConfig{PoolSize: 4})
		test(t, newLaneSite(t, through, 1, actors.LaneConfig{}))
	})
	for _, setting := range []string{"default_transaction_isolation=serializable", "default_transaction_isolation=repeatable read", "statement_timeout=20000"} {
		t.Run(setting, func(t *testing.T) {
			key, value, _ := strings.Cut(setting, "=")
			test(t, newLaneSite(t, with(postgrestest.Open(t), key, value), 1, actors.LaneConfig{}))
		})
	}
}

// Whatever the way to the server, rows go together, failing ones fail alone, and each caller has its own number.
func TestLanePostgresModes(t *testing.T) {
	const callers = 60
	onPostgresLanes(t, func(t *testing.T, s *laneSite) {
		node := jarsOf(t, s)
		taken := aJar("taken", 1)
		require.NoError(t, node.Create(t.Context(), &taken))
		pupils := through[pupil, string](t, s)
		made := make([]jar, callers)
		commits := s.commits(t, "jars", func() {
			for i, err := range s.pile(t, each(2*callers, func(i int) error {
				if i >= callers {
					name := fmt.Sprint("pupil ", i)
					return pupils.Create(t.Context(), &pupil{Key: name, Email: name})
				}
				made[i] = aJar(fmt.Sprint("jar ", i), i)
				if i == 7 {
					made[i].Label = "taken"
				}
				return node.Create(t.Context(), &made[i])
			})) {
				if i == 7 {
					require.ErrorIs(t, err, schema.ErrDuplicate)
				} else {
					require.NoError(t, err)
				}
			}
		})
		require.Less(t, commits, callers)
		there := jars(t, s.other)
		require.Len(t, there, callers)
		for i, j := range made {
			if i != 7 {
				require.Equal(t, there[j.Label], j.String())
			}
		}
		require.Equal(t, callers, number(t, s.other, "SELECT count(*) FROM pupils"))
	})
}

// What triggers of somebody else's do to one row is no matter of the others.
func TestLaneTriggers(t *testing.T) {
	const callers = 60
	s := newLaneSite(t, postgrestest.Open(t), 1, actors.LaneConfig{})
	node, pupils := jarsOf(t, s), through[pupil, string](t, s)
	run(t, s.other, "CREATE TABLE seen (name text)", "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ "+
		"DECLARE name text := COALESCE(to_jsonb(NEW)->>'label', to_jsonb(NEW)->>'email'); BEGIN "+
		"INSERT INTO seen VALUES (name); IF name LIKE 'odd%' THEN RETURN NULL; END IF; "+
		"IF name LIKE 'bad%' THEN RAISE EXCEPTION 'bad' USING ERRCODE = 'MY001'; END IF; RETURN NEW; END $$",
		"CREATE TRIGGER look BEFORE INSERT ON jars FOR EACH ROW EXECUTE FUNCTION look()",
		"CREATE TRIGGER look BEFORE INSERT ON pupils FOR EACH ROW EXECUTE FUNCTION look()")
	for round := range 3 {
		names, made := make([]string, callers), make([]jar, callers)
		for i := range names {
			names[i] = fmt.Sprint("jar ", round, " ", i)
			switch {
			case i%9 == 4:
				names[i] = fmt.Sprint("odd ", round, " ", i)
			case round == 2 && i == 10:
				names[i] = "bad"
			}
		}
		for i, err := range s.pile(t, each(2*callers, func(i int) error {
			if i >= callers {
				return pupils.Create(t.Context(), &pupil{Key: fmt.Sprint(round, " ", i), Email: names[i-callers]})
			}
			made[i] = aJar(names[i], i)
			return node.Create(t.Context(), &made[i])
		})) {
			if round == 2 && i%callers == 10 {
				require.Error(t, err)
			} else {
				require.NoError(t, err, "round %d, %s", round, names[i%callers])
			}
		}
		there := jars(t, s.other)
		for i, j := range made {
			switch {
			case i%9 == 4 || round == 2 && i == 10:
				require.NotContains(t, there, names[i])
			default:
				require.Equal(t, there[j.Label], j.String())
			}
		}
	}
	require.Equal(t, number(t, s.other, "SELECT count(*) FROM jars"), number(t, s.other, "SELECT count(*) FROM pupils"))
	require.Zero(t, number(t, s.other, "SELECT count(*) FROM (SELECT FROM seen GROUP BY name HAVING count(*) <> 2) AS odd"),
		"each row was seen once in either table, also where it was kept out")
	require.Zero(t, number(t, s.other, "SELECT count(*) FROM seen WHERE name = 'bad'"))
}

// short's key is cut by the database where nothing but spaces is lost.
type short struct {
	Key   string `db:"key"   schema:"pk,size=5"`
	Grade string `db:"grade" schema:"default='plain'"`
}

// A key that comes back as another one is stored all the same, and the others are not asked to suffer for it.
func TestLaneKeysThatAreCut(t *testing.T) {
	const callers = 40
	s := newLaneSite(t, postgrestest.Open(t), 1, actors.LaneConfig{})
	node := through[short, string](t, s)
	var unknown int
	for i, err := range s.pile(t, each(callers, func(i int) error {
		row := short{Key: fmt.Sprint(i)}
		if i == 20 {
			row.Key = "20      "
		}
		return node.Create(t.Context(), &row)
	})) {
		if i == 20 && err != nil {
			unknown++
			require.ErrorIs(t, err, schema.ErrCheck)
		} else {
			require.NoError(t, err)
		}
	}
	require.Equal(t, callers-unknown, number(t, s.other, "SELECT count(*) FROM shorts"))
}

// A deferred constraint is looked at by the commit, which is everybody's; it fails the one row all the same.
func TestLaneDeferred(t *testing.T) {
	const callers = 40
	onLanes(t, actors.LaneConfig{}, func(t *testing.T, s *laneSite) {
		node := jarsOf(t, s)
		kind := schema.ErrDuplicate
		if s.Name() == "postgres" {
			run(t, s.other, "CREATE TABLE weights (grams bigint)",
				"ALTER TABLE jars ADD CONSTRAINT late UNIQUE (grams) DEFERRABLE INITIALLY DEFERRED")
		} else {
			kind = schema.ErrForeignKey
			run(t, s.other, "CREATE TABLE weights (grams integer REFERENCES racks (id) DEFERRABLE INITIALLY DEFERRED)",
				"CREATE TRIGGER late AFTER INSERT ON jars WHEN NEW.grams = 7 BEGIN INSERT INTO weights VALUES (7); END")
		}
		first := aJar("first", 1007)
		require.NoError(t, node.Create(t.Context(), &first))
		for i, err := range s.pile(t, each(callers, func(i int) error {
			j := aJar(fmt.Sprint("jar ", i), i)
			if i == 7 && s.Name() == "postgres" {
				j.Grams = 1007
			}
			return node.Create(t.Context(), &j)
		})) {
			if i == 7 {
				require.ErrorIs(t, err, kind)
			} else {
				require.NoError(t, err)
			}
		}
		require.Len(t, jars(t, s.other), callers)
	})
}

// A transaction that holds a row's lock writes another row outside of itself, while writes of the first one wait with it.
func TestLaneSelfDeadlock(t *testing.T) {
	s := newLaneSite(t, postgrestest.Open(t), 8, actors.LaneConfig{})
	node := jarsOf(t, s)
	one, two := aJar("one", 1), aJar("two", 2)
	require.NoError(t, node.Create(t.Context(), &one))
	require.NoError(t, node.Create(t.Context(), &two))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tx, err := s.Begin(ctx)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	_, err = node.In(tx).Patch(ctx, one.ID, nodes.Set{"grams": 10})
	require.NoError(t, err)
	var waiting sync.WaitGroup
	for i := range 6 { // they wait for the transaction
		waiting.Go(func() {
			if _, err := node.Patch(ctx, one.ID, nodes.Set{"grade": fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	waitFor(t, "them to wait", func() bool {
		return number(t, s.other, "SELECT count(*) FROM pg_locks WHERE NOT granted") > 0
	})
	var inside sync.WaitGroup
	for i := range 20 { // what the transaction waits for
		inside.Go(func() {
			j := aJar(fmt.Sprint("inside ", i), i)
			if err := node.Create(ctx, &j); err != nil {
				t.Error(err)
			}
		})
	}
	inside.Wait()
	_, err = node.Patch(ctx, two.ID, nodes.Set{"grams": 20})
	require.NoError(t, err)
	require.NoError(t, tx.Commit(ctx))
	waiting.Wait()
	require.Equal(t, 10, number(t, s.other, "SELECT grams FROM jars WHERE id = $1", one.ID))
	require.Equal(t, 22, number(t, s.other, "SELECT count(*) FROM jars"))
}

// A role that may only insert, and one that may see and store its own rows only, can do through a lane what they can without.
func TestLaneRoles(t *testing.T) {
	address := postgrestest.Open(t)
	owner := newLaneSite(t, address, 2, actors.LaneConfig{})
	through[plain, uuid.UUID](t, owner)
	through[pupil, string](t, owner)
	role := postgrestest.Role(t, address)
	u, err := url.Parse(role)
	require.NoError(t, err)
	name := u.User.Username()
	run(t, owner.other, "GRANT INSERT ON plains TO "+name, "GRANT SELECT, INSERT ON pupils TO "+name,
		"ALTER TABLE pupils ENABLE ROW LEVEL SECURITY", "CREATE POLICY own ON pupils USING (age < 50) WITH CHECK (age < 100)")
	s := &laneSite{address: address, Dialect: openSite(t, role, 1), other: owner.other}
	s.system = actors.Start(s, actors.Config{News: actors.NewsOff, Mode: actors.ModeTrust})
	t.Cleanup(func() { s.close(t) })
	s.lane = s.system.Lane(s.Dialect, actors.LaneConfig{})
	s.lane.SetPatience(time.Hour)
	plains, pupils := through[plain, uuid.UUID](t, s), through[pupil, string](t, s)
	same := uuid.New()
	for round := range 3 {
		for i, err := range s.pile(t, each(40, func(i int) error {
			row := plain{ID: uuid.New(), Name: fmt.Sprint(round, " ", i)}
			if i%20 == 7 {
				row.ID = same
			}
			return plains.Create(t.Context(), &row)
		})) {
			if i%20 == 7 && (round > 0 || err != nil) {
				require.ErrorIs(t, err, schema.ErrDuplicate)
			} else {
				require.NoError(t, err)
			}
		}
		for i, err := range s.pile(t, each(40, func(i int) error {
			p := pupil{Key: fmt.Sprint(round, " ", i), Email: fmt.Sprint(round, " ", i), Age: int64(i % 40)}
			if i%20 == 3 {
				p.Age = 200
			}
			return pupils.Create(t.Context(), &p)
		})) {
			if i%20 == 3 {
				require.ErrorIs(t, err, schema.ErrPermission)
			} else {
				require.NoError(t, err)
			}
		}
	}
	require.Equal(t, 3*38+1, number(t, s.other, "SELECT count(*) FROM plains"))
	require.Equal(t, 3*38, number(t, s.other, "SELECT count(*) FROM pupils"))
}

// plain has nothing that the database fills in.
type plain struct {
	ID   uuid.UUID `db:"id"   schema:"pk"`
	Name string    `db:"name"`
}
