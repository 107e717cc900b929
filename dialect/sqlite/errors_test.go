package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

const canary = "canary-4711"

func TestClassify(t *testing.T) {
	d := fresh(t)
	run(t, d,
		"CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT UNIQUE, n INTEGER NOT NULL DEFAULT 1, CONSTRAINT short CHECK (length(name) < 20)) STRICT",
		"CREATE TABLE c (id INTEGER REFERENCES p (id) ON DELETE RESTRICT)",
		"CREATE TRIGGER tr BEFORE INSERT ON c WHEN NEW.id = 99 BEGIN SELECT RAISE(ABORT, '"+canary+"'); END",
		"INSERT INTO p (id, name) VALUES (1, '"+canary+"')", "INSERT INTO c VALUES (1)")
	for name, c := range map[string]struct {
		text       string
		args       []any
		kind       error
		constraint string
	}{
		"unique":         {"INSERT INTO p (name) VALUES (?)", []any{canary}, schema.ErrDuplicate, "p.name"},
		"key":            {"INSERT INTO p (id, name) VALUES (1, ?)", []any{canary + "x"}, schema.ErrDuplicate, "p.id"},
		"check":          {"INSERT INTO p (name) VALUES (?)", []any{canary + canary}, schema.ErrCheck, "short"},
		"type":           {"INSERT INTO p (n) VALUES (?)", []any{canary}, schema.ErrMissing, "p.n"},
		"key no number":  {"INSERT INTO p (id) VALUES (?)", []any{canary}, schema.ErrCheck, ""},
		"null":           {"INSERT INTO p (name, n) VALUES (?, NULL)", []any{canary + "y"}, schema.ErrNotNull, "p.n"},
		"foreign key":    {"INSERT INTO c VALUES (?)", []any{4711}, schema.ErrForeignKey, ""},
		"restrict":       {"DELETE FROM p WHERE name = ?", []any{canary}, schema.ErrForeignKey, ""},
		"trigger":        {"INSERT INTO c VALUES (99)", nil, schema.ErrCheck, ""},
		"no table":       {"SELECT ? FROM nosuch", []any{canary}, schema.ErrMissing, ""},
		"no column":      {"SELECT `nosuch`, ? FROM p", []any{canary}, schema.ErrMissing, ""},
		"insert column":  {"INSERT INTO p (nosuch) VALUES (?)", []any{canary}, schema.ErrMissing, ""},
		"table exists":   {"CREATE TABLE p (a)", nil, schema.ErrRaced, ""},
		"index exists":   {"CREATE INDEX p ON c (id)", nil, nil, ""},
		"syntax":         {"SELEKT ?", []any{canary}, nil, ""},
		"bad JSON path":  {"SELECT json_extract('{}', ?)", []any{canary}, nil, ""},
		"malformed JSON": {"SELECT json_extract(?, '$')", []any{canary}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.Writer().Exec(t.Context(), c.text, c.args...)
			require.Error(t, err)
			e := d.Classify(fmt.Errorf("wrapped: %w", err))
			require.Equal(t, c.kind, e.Kind, "%v", err)
			require.Equal(t, c.constraint, e.Constraint)
			require.NotEmpty(t, e.Code)
			require.NotContains(t, e.Error(), "canary")
			require.NotContains(t, e.Error(), "4711")
			require.ErrorAs(t, e, new(sqlite3.Error))
			require.Same(t, e, d.Classify(fmt.Errorf("again: %w", e)))
		})
	}
}

func TestClassifyOthers(t *testing.T) {
	d := new(DB)
	require.Nil(t, d.Classify(nil))
	plain := errors.New(canary)
	require.NoError(t, d.Classify(plain).Kind)
	require.ErrorIs(t, d.Classify(plain), plain)
	require.NotContains(t, d.Classify(plain).Error(), canary)
	for code, kind := range map[sqlite3.ErrNo]error{
		sqlite3.ErrBusy: schema.ErrLockTimeout, sqlite3.ErrLocked: schema.ErrLockTimeout, sqlite3.ErrReadonly: schema.ErrPermission,
		sqlite3.ErrPerm: schema.ErrPermission, sqlite3.ErrCantOpen: schema.ErrUnavailable, sqlite3.ErrFull: schema.ErrUnavailable,
		sqlite3.ErrIoErr: schema.ErrUnavailable, sqlite3.ErrSchema: schema.ErrRaced, sqlite3.ErrCorrupt: nil,
	} {
		e := d.Classify(sqlite3.Error{Code: code})
		require.Equal(t, kind, e.Kind, code)
		require.Equal(t, fmt.Sprint(int(code)), e.Code)
	}
	interrupted := sqlite3.Error{Code: sqlite3.ErrInterrupt}
	require.NotErrorIs(t, d.Classify(told(t.Context(), interrupted)), context.Canceled)
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	require.ErrorIs(t, d.Classify(told(ctx, interrupted)), context.DeadlineExceeded)
	require.NotErrorIs(t, d.Classify(told(ctx, interrupted)), context.Canceled)
	require.Equal(t, plain, told(ctx, plain))
}
