package telemetry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

// Every kind of error that a call may end with has a class, which bears its name.
func TestEveryKindHasAClass(t *testing.T) {
	source, err := os.ReadFile("../../schema/errors.go")
	require.NoError(t, err)
	named := map[string]bool{}
	for _, kind := range classes() {
		require.False(t, named[kind.name], kind.name)
		named[kind.name] = true
	}
	elsewhere := map[string]string{"unfinished": "panic", "registered": ""} // the latter is what Register says
	kinds := regexp.MustCompile(`(?m)^\tErr([A-Z]\w+)\s+=`).FindAllStringSubmatch(string(source), -1)
	require.Greater(t, len(kinds), 20)
	for _, kind := range kinds {
		name := strings.ToLower(regexp.MustCompile(`(.)([A-Z])`).ReplaceAllString(kind[1], "${1}_$2"))
		if other, ok := elsewhere[name]; ok {
			name = other
		}
		require.True(t, named[name], "Err%s has no class %q", kind[1], name)
	}
}

// Of several kinds the one counts that says most.
func TestClasses(t *testing.T) {
	for want, err := range map[string]error{
		"":                nil,
		"outcome_unknown": &schema.Error{Kind: schema.ErrOutcomeUnknown, Cause: context.Canceled},
		"canceled":        &schema.Error{Kind: schema.ErrUnavailable, Cause: errors.Join(context.Canceled, errors.New("lost"))},
		"timeout":         &schema.EnsureError{Cause: context.DeadlineExceeded},
		"unavailable":     fmt.Errorf("create: %w", &schema.EnsureError{Cause: schema.ErrUnavailable}),
		"schema_mismatch": &schema.EnsureError{Cause: schema.ErrSchemaMismatch},
		"duplicate":       &schema.Error{Kind: schema.ErrDuplicate},
		otherClass:        errors.New("a program's own"),
	} {
		require.Equal(t, want, errorTypeOf(err))
	}
	require.Equal(t, "not_found", classOf(&schema.Error{Kind: schema.ErrNotFound}).outcome())
	require.Empty(t, errorTypeOf(schema.ErrNotFound))
}
