package match_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/loadtest/compare/match"
	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

func TestMain(m *testing.M) {
	if code, worker := fleet.Main(match.Roles()); worker {
		os.Exit(code)
	}
	os.Exit(postgrestest.Main(mysqltest.Main(m)).Run())
}

// tiny are sizes that take moments.
func tiny() match.Sizes {
	return match.Sizes{
		Goroutines: []int{1, 8}, Writers: []int{8}, Failing: 8, Bulk: []int{50}, Tables: []int{3},
		Herd: match.Herd{Tables: 2, Goroutines: 10, Processes: 2, Each: 4},
	}
}

// TestEveryContestantHasAFigure runs every scenario. Run fails by itself where a database does not hold what was
// acknowledged.
func TestEveryContestantHasAFigure(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		checkFigures(t, match.Config{Databases: []peer.Database{peer.SQLite}})
	})
	t.Run("random keys", func(t *testing.T) {
		checkFigures(t, match.Config{Databases: []peer.Database{peer.SQLite}, Scenarios: []string{"writers"}, Random: true})
	})
	t.Run("postgres", func(t *testing.T) {
		checkFigures(t, match.Config{Databases: []peer.Database{peer.Postgres}, Postgres: postgrestest.Open(t)})
	})
	t.Run("mysql", func(t *testing.T) {
		checkFigures(t, match.Config{Databases: []peer.Database{peer.MySQL}, MySQL: mysqltest.Open(t)})
	})
}

func checkFigures(t *testing.T, cfg match.Config) {
	var progress strings.Builder
	cfg.Rounds, cfg.CellTime, cfg.Sizes, cfg.Progress = 1, 10*time.Millisecond, tiny(), &progress
	result, err := match.Run(t.Context(), cfg)
	require.NoError(t, err)
	require.NotEmpty(t, result.Rows)
	for _, row := range result.Rows {
		require.Contains(t, progress.String(), row.Name)
		for _, name := range expected(row.Cell) {
			f, there := row.Figure(name)
			require.True(t, there, "%s: %s has no figure", row.Name, name)
			require.Positive(t, f.Median, "%s: %s", row.Name, name)
			if name == peer.Own || name == peer.Limit {
				require.Zero(t, f.Failed, "%s: %s: %v", row.Name, name, row.Samples[name])
			}
		}
		if row.Scenario == "herd" && row.Database != peer.SQLite {
			own, _ := row.Figure(peer.Own)
			require.EqualValues(t, cfg.Sizes.Herd.Tables, own.DDL, "%s: one for each table", row.Name)
			bare, _ := row.Figure(peer.Bare)
			require.Greater(t, bare.DDL, own.DDL, "%s: each call sends one", row.Name)
		}
	}
}

// expected are the contestants that must have a figure in a cell.
func expected(c match.Cell) []string {
	all := []string{peer.Bare, "gorm", "ent", "bun", peer.Own}
	switch {
	case strings.Contains(c.Name, "fail"):
		return []string{peer.Bare, peer.Own}
	case c.Scenario == "start" || c.Scenario == "herd":
		return append(all, peer.Limit)
	case c.Database == peer.SQLite || c.Scenario == "writers":
		return append(all, "gorm-tuned", peer.Limit)
	default:
		return append(all, "gorm-tuned")
	}
}

// TestWithoutTimeEachScenarioRunsOnce has a budget of nothing: no peer's start is forecast to fit but the first of its kind.
func TestWithoutTimeEachScenarioRunsOnce(t *testing.T) {
	sizes := tiny()
	sizes.Tables = []int{2, 4}
	var progress strings.Builder
	result, err := match.Run(t.Context(), match.Config{
		Databases: []peer.Database{peer.SQLite}, Scenarios: []string{"start", "writers"}, Budget: 1, Sizes: sizes, Progress: &progress,
	})
	require.NoError(t, err)
	require.Contains(t, progress.String(), "left out")
	for _, row := range result.Rows {
		samples := 1
		if strings.Contains(row.Name, "4 tables") {
			samples = 0
		}
		if !strings.Contains(row.Name, "fail") {
			require.Len(t, row.Samples["gorm"], samples, row.Name)
		}
		require.Len(t, row.Samples[peer.Own], 1, row.Name)
	}
}

func TestALostRowIsFound(t *testing.T) {
	require.ErrorIs(t, match.Lose(t.Context(), t.TempDir()), match.ErrMismatch)
}

func TestConfigIsChecked(t *testing.T) {
	for _, cfg := range []match.Config{
		{Scenarios: []string{"sprint"}, Postgres: "x"}, {Rounds: -1, Postgres: "x"}, {Databases: []peer.Database{peer.Postgres}},
	} {
		_, err := match.Run(t.Context(), cfg)
		require.Error(t, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := match.Run(ctx, match.Config{Databases: []peer.Database{peer.SQLite}, Sizes: tiny()})
	require.ErrorIs(t, err, context.Canceled)
}
