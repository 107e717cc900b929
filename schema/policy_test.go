package schema

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPolicyThatIsWrong(t *testing.T) {
	require.NoError(t, Policy{}.Validate())
	for _, kind := range HazardKinds() {
		require.NoError(t, Policy{Allow: []Allowance{{Hazard: kind, Reason: "r"}}}.Validate(), kind)
	}
	err := Policy{Allow: []Allowance{
		{Hazard: "drop-everything", Table: "users", Reason: "r"},
		{Hazard: HazardDropColumn, Table: "users", Column: "legacy"},
		{Hazard: HazardDropColumn, Reason: " \t"},
		{Hazard: HazardDropColumn, Reason: "a\x00"},
		{Hazard: AnyHazard, Reason: "fine"},
		{Reason: "for nothing"},
	}}.Validate()
	require.ErrorIs(t, err, ErrInvalid)
	require.Equal(t, []string{
		`policy users: invalid input: allowance 1: unknown hazard "drop-everything"`,
		`policy users: invalid input: allowance 2: drop-column needs a reason [legacy]`,
		`policy: invalid input: allowance 3: drop-column needs a reason`,
		`policy: invalid input: allowance 4: the reason is not UTF-8 text`,
		`policy: invalid input: allowance 6: unknown hazard ""`,
	}, strings.Split(err.Error(), "\n"))
}

func TestWhatAPolicyAllows(t *testing.T) {
	drop := Hazard{HazardDropColumn, []string{"a", "b"}}
	whole := Hazard{Kind: HazardRewriteTable}
	table := Ref{"app", "users"}
	for _, c := range []struct {
		allow  Allowance
		hazard Hazard
		table  Ref
		want   bool
	}{
		{Allowance{Hazard: HazardDropColumn}, drop, table, true},
		{Allowance{Hazard: HazardDropIndex}, drop, table, false},
		{Allowance{Hazard: AnyHazard}, drop, table, true},
		{Allowance{Hazard: AnyHazard}, whole, table, true},
		{Allowance{Hazard: AnyHazard, Table: "users"}, whole, table, true},
		{Allowance{Hazard: AnyHazard, Table: "app.users"}, whole, table, true},
		{Allowance{Hazard: AnyHazard, Table: "other.users"}, whole, table, false},
		{Allowance{Hazard: AnyHazard, Table: "app.users"}, whole, Ref{Name: "users"}, false},
		{Allowance{Hazard: AnyHazard, Table: "users"}, whole, Ref{Name: "users"}, true},
		{Allowance{Hazard: AnyHazard, Table: "Users"}, whole, table, false},
		{Allowance{Hazard: AnyHazard, Table: "user"}, whole, table, false},
		{Allowance{Hazard: HazardDropColumn, Column: "b"}, drop, table, true},
		{Allowance{Hazard: HazardDropColumn, Column: "c"}, drop, table, false},
		{Allowance{Hazard: HazardDropColumn, Table: "users", Column: "a"}, drop, table, true},
		{Allowance{Hazard: HazardDropColumn, Table: "orders", Column: "a"}, drop, table, false},
		{Allowance{Hazard: AnyHazard, Column: "a"}, whole, table, false},
	} {
		c.allow.Reason = "because"
		reason, ok := Policy{Allow: []Allowance{c.allow}}.Allows(c.hazard, c.table)
		require.Equal(t, c.want, ok, "%+v", c)
		require.Equal(t, map[bool]string{true: "because"}[ok], reason)
	}
	_, ok := Policy{}.Allows(drop, table)
	require.False(t, ok)
	reason, _ := Policy{Allow: []Allowance{{HazardDropIndex, "", "", "no"}, {AnyHazard, "", "", "first"}, {HazardDropColumn, "", "", "second"}}}.Allows(drop, table)
	require.Equal(t, "first", reason)
}

func TestPolicyAndAnother(t *testing.T) {
	base := Policy{MaxRows: 5, Allow: make([]Allowance, 1, 4)}
	base.Allow[0] = Allowance{Hazard: HazardDropIndex, Reason: "a"}
	one := base.And(Policy{MaxRows: 9, Allow: []Allowance{{Hazard: HazardDropCheck, Reason: "b"}}})
	two := base.And(Policy{Allow: []Allowance{{Hazard: HazardDropColumn, Reason: "c"}}})
	require.Equal(t, Policy{MaxRows: 5, Allow: []Allowance{{Hazard: HazardDropIndex, Reason: "a"}, {Hazard: HazardDropCheck, Reason: "b"}}}, one)
	require.Equal(t, HazardDropColumn, two.Allow[1].Hazard, "neither writes into the other's list")
	require.Len(t, base.Allow, 1)
	require.Equal(t, Policy{}, Policy{}.And(Policy{MaxRows: 3}))
}

func TestRowLimit(t *testing.T) {
	require.EqualValues(t, DefaultMaxRows, Policy{}.RowLimit())
	require.EqualValues(t, 7, Policy{MaxRows: 7}.RowLimit())
	require.Negative(t, Policy{MaxRows: -1}.RowLimit())
}

func TestPolicyError(t *testing.T) {
	plan := &Plan{Rows: 100_001}
	refused := []Hazard{{HazardDropColumn, []string{"a", "b"}}, {Kind: HazardRewriteTable}}
	for _, c := range []struct {
		err                   *PolicyError
		text                  string
		destructive, required bool
	}{
		{&PolicyError{Plan: plan, Refused: refused, RequestPath: true}, "migration required: the policy does not allow drop-column(a, b), rewrite-table", true, true},
		{&PolicyError{Plan: plan, Refused: refused}, "destructive change not allowed: the policy does not allow drop-column(a, b), rewrite-table", true, false},
		{&PolicyError{Plan: plan, RequestPath: true}, "migration required: more than 100000 rows, too long for the request path", false, true},
	} {
		err := fmt.Errorf("above: %w", &EnsureError{Cause: c.err})
		require.EqualError(t, c.err, c.text)
		require.ErrorIs(t, err, ErrSchemaMismatch)
		require.Equal(t, []bool{c.destructive, c.required}, []bool{errors.Is(err, ErrDestructive), errors.Is(err, ErrMigrationRequired)}, c.text)
		require.NotErrorIs(t, err, ErrStalePlan)
		require.False(t, Transient(err), "waiting does not help")
		var back *PolicyError
		require.ErrorAs(t, err, &back)
		require.Same(t, plan, back.Plan)
	}
}

func TestHazardsInWords(t *testing.T) {
	require.Equal(t, "drop-column(a, b)", Hazard{HazardDropColumn, []string{"a", "b"}}.String())
	require.Equal(t, "revert", Hazard{Kind: HazardRevert}.String())
	seen := map[HazardKind]bool{}
	for _, kind := range HazardKinds() {
		require.False(t, seen[kind], kind)
		require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, string(kind))
		seen[kind] = true
	}
	require.Equal(t, AnyHazard, HazardKinds()[0])
}
