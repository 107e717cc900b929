package dialecttest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// canary is a value that no error may tell.
const canary = "canary-5f1c"

// account can be refused for every reason.
type account struct {
	ID    int64   `db:"id"    schema:"pk"`
	Email string  `db:"email" schema:"unique,size=20"`
	Org   string  `db:"org"   schema:"unique=seat"`
	Seat  int     `db:"seat"  schema:"unique=seat,check=seat >= 0"`
	Role  string  `db:"role"  schema:"enum=admin|guest"`
	Boss  *int64  `db:"boss"  schema:"references=accounts.id"`
	Note  *string `db:"note"  schema:"size=12"`
}

func newAccount(id int64) account {
	return account{ID: id, Email: fmt.Sprintf("%s@%d", canary, id), Org: canary, Seat: int(id), Role: "guest"}
}

// discreet shows that an error tells nothing of any row, at any level that the library prints.
func discreet(t *testing.T, err error) *schema.Error {
	t.Helper()
	e, ok := errors.AsType[*schema.Error](err)
	require.True(t, ok, "%T", err)
	for _, text := range []string{e.Error(), e.Detail, e.Constraint, e.Code, fmt.Sprint(e), fmt.Sprintf("%+v", e), fmt.Sprintf("%q", e)} {
		require.NotContains(t, text, canary)
	}
	return e
}

func exerciseErrors(t *testing.T, open opener) {
	d := open(t)
	s := storeOf[account](t, d)
	s.mustInsert(t, pointer(newAccount(1)), pointer(newAccount(2)))
	with := func(change func(a *account)) *account {
		a := newAccount(3)
		change(&a)
		return &a
	}
	for _, c := range []struct {
		name       string
		row        *account
		kind       error
		constraint string
	}{
		{"duplicate key", with(func(a *account) { a.ID = 1 }), schema.ErrDuplicate, ""},
		{"duplicate value", with(func(a *account) { a.Email = newAccount(1).Email }), schema.ErrDuplicate, "email"},
		{"duplicate pair", with(func(a *account) { a.Seat = 1 }), schema.ErrDuplicate, "seat"},
		{"foreign key", with(func(a *account) { a.Boss = pointer(int64(99)) }), schema.ErrForeignKey, ""},
		{"check", with(func(a *account) { a.Seat = -1 }), schema.ErrCheck, ""},
		{"enum", with(func(a *account) { a.Role = canary }), schema.ErrCheck, ""},
		{"too long", with(func(a *account) { a.Email = canary + "-far-too-long" }), schema.ErrCheck, ""},
		{"too long where null is allowed", with(func(a *account) { a.Note = pointer(canary + "--") }), schema.ErrCheck, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := s.insert(t.Context(), c.row)
			require.ErrorIs(t, err, c.kind)
			e := discreet(t, err)
			require.NotEmpty(t, e.Code)
			require.Error(t, errors.Unwrap(e), "the driver's own error is below")
			require.Contains(t, e.Constraint, c.constraint)
			if c.kind == schema.ErrDuplicate {
				require.NotEmpty(t, e.Constraint)
			}
			require.Len(t, s.mustList(t, dialect.Cond{}), 2)
			require.False(t, schema.Transient(err))
		})
	}
	t.Run("update", func(t *testing.T) {
		a := newAccount(2)
		a.Email = newAccount(1).Email
		_, err := s.update(t.Context(), &a)
		require.ErrorIs(t, err, schema.ErrDuplicate)
		discreet(t, err)
		require.Equal(t, newAccount(2), *s.mustGet(t, &a))
	})
	t.Run("still referenced", func(t *testing.T) {
		a := newAccount(3)
		a.Boss = pointer(int64(1))
		s.mustInsert(t, pointer(a))
		_, err := s.delete(t.Context(), pointer(newAccount(1)))
		require.ErrorIs(t, err, schema.ErrForeignKey)
		discreet(t, err)
		require.Equal(t, a, *s.mustGet(t, &a))
	})
	t.Run("size counts characters", func(t *testing.T) {
		a := newAccount(4)
		a.Note = pointer("日本語日本語日本語日本語")
		s.mustInsert(t, pointer(a))
		require.Equal(t, a, *s.mustGet(t, &a))
		require.Empty(t, s.mustList(t, equal("note", *a.Note+"x")), "a longer value is not cut to fit")
	})
	t.Run("null", func(t *testing.T) {
		sql := "UPDATE " + d.QuoteTable(s.table.Ref()) + " SET email = NULL WHERE id = 2"
		_, err := d.Writer().Exec(t.Context(), sql)
		require.ErrorIs(t, d.Classify(err), schema.ErrNotNull)
		require.Contains(t, discreet(t, d.Classify(err)).Constraint, "email")
	})
	t.Run("unreadable SQL", func(t *testing.T) {
		_, err := d.Writer().Exec(t.Context(), "SELEKT '"+canary+"'")
		e := discreet(t, d.Classify(err))
		require.NoError(t, e.Kind)
		require.NotEmpty(t, e.Code)
	})
	t.Run("missing", func(t *testing.T) { exerciseMissing(t, open(t)) })
	t.Run("classify", func(t *testing.T) { exerciseClassify(t, d) })
}

// exerciseMissing takes a table and a column away under statements that have run before.
func exerciseMissing(t *testing.T, d dialect.Dialect) {
	s := storeOf[account](t, d)
	s.mustInsert(t, pointer(newAccount(1)))
	table := d.QuoteTable(s.table.Ref())
	attempts := func() map[string]error {
		_, get := s.get(t.Context(), pointer(newAccount(1)))
		_, update := s.update(t.Context(), pointer(newAccount(1)))
		_, list := s.list(t.Context(), equal("note", canary), []dialect.Order{ascending("note")}, 10, 0)
		return map[string]error{"get": get, "update": update, "list": list, "insert": s.insert(t.Context(), pointer(newAccount(2)))}
	}
	for name, err := range attempts() {
		require.NoError(t, err, name)
	}
	exec(t, d, "ALTER TABLE "+table+" RENAME COLUMN note TO something_else")
	for range 2 {
		for name, err := range attempts() {
			require.ErrorIs(t, err, schema.ErrMissing, "%s without the column", name)
			discreet(t, err)
		}
	}
	exec(t, d, "DROP TABLE "+table)
	for range 2 {
		for name, err := range attempts() {
			require.ErrorIs(t, err, schema.ErrMissing, "%s without the table", name)
			discreet(t, err)
		}
	}
	create(t, d, s.table)
	s.mustInsert(t, pointer(newAccount(1)))
	require.Equal(t, newAccount(1), *s.mustGet(t, pointer(newAccount(1))))
}

func exerciseClassify(t *testing.T, d dialect.Dialect) {
	require.Nil(t, d.Classify(nil))
	own := &schema.Error{Op: "x", Kind: schema.ErrConflict}
	require.Same(t, own, d.Classify(own))
	require.Same(t, own, d.Classify(fmt.Errorf("around it: %w", own)))
	strange := errors.New(canary)
	e := discreet(t, d.Classify(strange))
	require.NoError(t, e.Kind)
	require.ErrorIs(t, e, strange)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.Writer().Exec(ctx, "SELECT 1")
	require.ErrorIs(t, d.Classify(err), context.Canceled)
	rows, err := d.Reader().Query(ctx, "SELECT 1")
	if err == nil {
		rows.Next()
		err = errors.Join(rows.Close(), rows.Err())
	}
	require.ErrorIs(t, d.Classify(err), context.Canceled)
}
