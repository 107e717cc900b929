package schema

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestErrorText(t *testing.T) {
	secret := errors.New("(email)=(ada@example.org) password=hunter2")
	for want, err := range map[string]*Error{
		"create users: unique key already exists [users__email_uq] (23505)": {
			Op: "create", Table: "users", Kind: ErrDuplicate, Constraint: "users__email_uq", Code: "23505", Cause: secret,
		},
		"get users: no such row":             {Op: "get", Table: "users", Kind: ErrNotFound},
		"database error (XX000)":             {Code: "XX000", Cause: secret},
		"users: gave up":                     {Table: "users", Cause: fmt.Errorf("driver: %w", context.Canceled)},
		"list: gave up":                      {Op: "list", Cause: context.DeadlineExceeded},
		"apply users: permission denied: no": {Op: "apply", Table: "users", Kind: ErrPermission, Detail: "no", Cause: secret},
		"database error":                     {},
	} {
		require.Equal(t, want, err.Error())
		require.NotContains(t, fmt.Sprintf("%v %s %q", err, err, err), "hunter2")
	}
}

// TestCausesAreNotPrinted nests them, as they come up through the layers.
func TestCausesAreNotPrinted(t *testing.T) {
	secret := errors.New("(email)=(ada@example.org) password=hunter2")
	for _, kind := range []error{nil, ErrDuplicate, ErrUnavailable} {
		inner := &Error{Op: "create", Table: "users", Kind: kind, Detail: "d", Cause: secret}
		for _, err := range []error{
			inner, &Error{Op: "above", Kind: kind, Cause: inner}, &EnsureError{Phase: PhaseApply, Cause: inner},
			&Error{Cause: errors.Join(secret, context.Canceled)}, errors.Join(inner, inner),
		} {
			for _, verb := range []string{"%v", "%s", "%q", "%+v"} {
				require.NotContains(t, fmt.Sprintf(verb, err), "hunter2", verb)
			}
		}
	}
}

func TestErrorMatchesKindAndCause(t *testing.T) {
	cause := errors.New("driver")
	err := fmt.Errorf("above: %w", &Error{Op: "create", Kind: ErrDuplicate, Cause: cause})
	require.ErrorIs(t, err, ErrDuplicate)
	require.ErrorIs(t, err, cause)
	require.NotErrorIs(t, err, ErrConflict)
	require.NotErrorIs(t, &Error{}, ErrDuplicate)
	nested := &Error{Op: "create", Table: "users", Cause: &Error{Kind: ErrCheck}}
	require.ErrorIs(t, nested, ErrCheck)
}

func TestInvalid(t *testing.T) {
	err := Invalid("list", "users", "agee", "unknown column, have %d", 3)
	require.ErrorIs(t, err, ErrInvalid)
	require.EqualError(t, err, "list users: invalid input: unknown column, have 3 [agee]")
}

func TestTransient(t *testing.T) {
	for _, kind := range []error{ErrLockTimeout, ErrUnavailable, ErrSerialization, ErrRaced, context.DeadlineExceeded, context.Canceled} {
		require.True(t, Transient(kind), kind)
		require.True(t, Transient(&EnsureError{Cause: &Error{Kind: kind}}), kind)
		require.True(t, Transient(fmt.Errorf("x: %w", &Error{Cause: kind})), kind)
	}
	for _, kind := range []error{
		ErrNotFound, ErrConflict, ErrDuplicate, ErrForeignKey, ErrCheck, ErrNotNull, ErrSchemaMismatch, ErrNotEnsured,
		ErrClosed, ErrMissing, ErrPermission, ErrRegistered, ErrInvalid, ErrMigrationRequired, ErrDestructive, ErrStaleModel,
		ErrStalePlan, ErrUnfitRows, errors.New("other"), nil,
	} {
		require.False(t, Transient(kind), kind)
	}
}

func TestEnsureErrorText(t *testing.T) {
	err := error(&EnsureError{Table: Ref{"app", "users"}, Phase: PhaseApply, Statement: "CREATE TABLE users", Cause: &Error{Kind: ErrPermission, Code: "42501"}})
	require.EqualError(t, err, "ensure app.users: apply: permission denied (42501)")
	require.ErrorIs(t, err, ErrPermission)
	err = &EnsureError{
		Table: Ref{Name: "users"}, Phase: PhasePlan, Cause: ErrSchemaMismatch,
		Changes: []Change{{Kind: MissingColumn, Object: "age", Want: "bigint"}, {Kind: MissingIndex, Object: "(age)"}},
	}
	require.EqualError(t, err, "ensure users: plan: table does not match its model; missing column age: want bigint; missing index (age)")
	require.ErrorIs(t, err, ErrSchemaMismatch)
	var ensure *EnsureError
	require.ErrorAs(t, fmt.Errorf("create: %w", err), &ensure)
	require.Equal(t, PhasePlan, ensure.Phase)
}

func TestTagErrorText(t *testing.T) {
	require.EqualError(t, &TagError{Type: "app.User", Reason: "no primary key"}, "app.User: no primary key")
	err := error(&TagError{Type: "app.User", Field: "Base.ID", Tag: `db:"id"`, Reason: "wrong"})
	require.EqualError(t, err, "app.User.Base.ID `db:\"id\"`: wrong")
	require.ErrorIs(t, err, ErrInvalid)
	require.NotErrorIs(t, err, ErrDuplicate)
}

func TestRef(t *testing.T) {
	require.Equal(t, "users", Ref{Name: "users"}.String())
	require.Equal(t, "app.users", Ref{"app", "users"}.String())
	require.Zero(t, Ref{"a", "b"}.Compare(Ref{"a", "b"}))
	require.Negative(t, Ref{"", "z"}.Compare(Ref{"a", "a"}), "namespaces come before names")
	require.Negative(t, Ref{"a", "a"}.Compare(Ref{"a", "b"}))
	require.Positive(t, Ref{"b", "a"}.Compare(Ref{"a", "b"}))
}

func TestKindWords(t *testing.T) {
	require.Equal(t, "decimal", KindDecimal.String())
	require.Equal(t, "invalid", KindInvalid.String())
	require.Equal(t, "Kind(200)", Kind(200).String())
	require.Len(t, kindNames, int(KindJSON)+1)
	for k := KindInvalid; k <= KindJSON; k++ {
		require.Equal(t, k == KindInt16 || k == KindInt32 || k == KindInt64, k.Integer())
	}
}
