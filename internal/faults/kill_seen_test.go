package faults_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/schema"
)

// A program is killed between the statements of a change, or between the last of them and the ledger's row. People see what was
// begun and what is left of it, and the next program does what is left and nothing twice.
func TestKilledChangeIsSeen(t *testing.T) {
	s := mysqlSite(t, 2)
	for _, c := range []struct {
		scenario, after string
		statements      int // that are left
		rows            int // of the history, in the end
	}{
		{"create", "CREATE TABLE", 0, 1},
		{"index", "ALTER TABLE", 1, 4},
	} {
		t.Run(c.scenario, func(t *testing.T) {
			all := scenarios()
			sc := &all[slices.IndexFunc(all, func(sc scenario) bool { return sc.name == c.scenario })]
			address, back, err := s.take(t.Context(), sc)
			require.NoError(t, err)
			defer func() { require.NoError(t, back()) }()
			d := open(t, address)
			done := killAfter(t, s, sc, address, c.after)
			look := seenBy(t, d, sc)
			require.Len(t, look.plan.Statements, c.statements, "%s", look.plan)
			require.Contains(t, fmt.Sprint(look.plan.Notes), "has not come to its end")
			last := look.history[len(look.history)-1]
			require.Equal(t, schema.RevisionApplying, last.State)
			require.Len(t, last.Statements, c.statements+1)
			require.Equal(t, done, last.Statements[0])

			a := &aftermath{scenario: sc, database: s.name, address: address, killed: time.Now()}
			_, err = a.recover(t.Context())
			require.NoError(t, err)
			look = seenBy(t, d, sc)
			require.True(t, look.plan.Empty(), "%s", look.plan)
			require.Empty(t, look.plan.Notes)
			require.Len(t, look.history, c.rows)
			last = look.history[c.rows-1]
			require.Equal(t, schema.RevisionApplied, last.State)
			require.NotEmpty(t, last.Statements)
			if c.statements > 0 {
				require.NotContains(t, last.Statements, done, "it was done already")
			}
		})
	}
}

// killAfter kills a program when the first statement on goods that begins so has run, and gives the statement.
func killAfter(t *testing.T, s *site, sc *scenario, address, head string) (statement string) {
	spare, back, err := s.take(t.Context(), sc)
	require.NoError(t, err)
	p, err := fleet.Start(t.Context(), "victim", victimTask{Address: spare, Scenario: sc.name, First: victimRows, Points: true})
	require.NoError(t, err)
	var said victimSays
	require.NoError(t, p.Hear(&said))
	require.NoError(t, p.End())
	at := slices.IndexFunc(said.Points, func(p point) bool { return strings.HasPrefix(p.What, "after "+head+` "goods"`) })
	require.GreaterOrEqual(t, at, 0, "%v", said.Points)
	history, err := historyAt(t.Context(), spare)
	require.NoError(t, err)
	require.NoError(t, back())

	stop := said.Points[at]
	p, err = fleet.Start(t.Context(), "victim",
		victimTask{Address: address, Scenario: sc.name, First: victimRows, Points: true, Stop: stop})
	require.NoError(t, err)
	said = victimSays{}
	require.NoError(t, p.Hear(&said))
	require.True(t, said.Stopped)
	require.NoError(t, p.Kill())
	return history[len(history)-1].Statements[0]
}

func historyAt(ctx context.Context, address string) ([]schema.Revision, error) {
	d, err := openAt(ctx, address)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return dialect.LedgerOf(d).History(ctx, d.Reader(), schema.Ref{Name: "goods"})
}

// seen is what people are told of goods by a program that has not used it.
type seen struct {
	plan    *schema.Plan
	history []schema.Revision
}

func seenBy(t *testing.T, d dialect.Dialect, sc *scenario) *seen {
	p, err := sc.program(d, coordinator.Config{News: coordinator.NewsOff})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.coordinator.Close(t.Context())) }()
	plans, err := p.coordinator.Plan(t.Context(), "goods")
	require.NoError(t, err)
	history, err := p.coordinator.History(t.Context(), "goods")
	require.NoError(t, err)
	for _, status := range p.coordinator.Status() {
		require.Equal(t, schema.StateUnknown, status.State, "to look is not to use")
	}
	return &seen{plans[0], history}
}
