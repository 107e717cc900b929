package mysql

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompileNumbersMarks(t *testing.T) {
	for text, want := range map[string]piece{
		"SELECT 1":                              {sql: "SELECT 1", all: true},
		"a = ? AND b = ?":                       {sql: "a = ? AND b = ?", all: true},
		"a = ?1 AND b = ?2 OR c = ?1":           {sql: "a = ? AND b = ? OR c = ?", args: []int{0, 1, 0}},
		"a = ?12":                               {sql: "a = ?", args: []int{11}},
		`a = '?1' AND "b?2" = ?1`:               {sql: `a = '?1' AND "b?2" = ?`, args: []int{0}, all: true},
		"a = 'it''s ?1' AND `x?1` = ?3":         {sql: "a = 'it''s ?1' AND `x?1` = ?", args: []int{2}},
		"a -- ?1\n = ?2 /* ?3 */ # ?4\n AND ?5": {sql: "a -- ?1\n = ? /* ?3 */ # ?4\n AND ?", args: []int{1, 4}},
		"a = '?1":                               {sql: "a = '?1", all: true},
	} {
		made := compile(text)
		require.Equal(t, want, made.first, text)
		require.Nil(t, made.then, text)
	}
}

func TestCompileCutsOffTheQuery(t *testing.T) {
	made := compile("UPDATE t SET a = ?1 WHERE b = ?2" + Grammar{}.ReadBack() + "SELECT a FROM t WHERE b = ?2")
	require.Equal(t, piece{sql: "UPDATE t SET a = ? WHERE b = ?", args: []int{0, 1}, all: true}, made.first)
	require.Equal(t, piece{sql: "SELECT a FROM t WHERE b = ?", args: []int{1}}, *made.then)
	bound, err := made.then.bind([]any{"a", "b"}, 0)
	require.NoError(t, err)
	require.Equal(t, []any{"b"}, bound)
	_, err = made.then.bind([]any{"a"}, 0)
	require.Error(t, err)
}

// A name, or a default, may look like what stands between statements.
func TestCompileCutsNoNames(t *testing.T) {
	for _, mark := range []string{readBackMark, insteadMark} {
		name := Grammar{}.Quote("a" + mark)
		for _, text := range []string{"INSERT INTO " + name + " VALUES (?1)", "SELECT '" + strings.ReplaceAll(mark, "\x00", "") + "', ?1"} {
			made := compile(strings.Repeat(text+" ", 4))
			require.Nil(t, made.then)
			require.Nil(t, made.instead)
		}
	}
}

func TestProgramsAreRememberedAndForgotten(t *testing.T) {
	var p programs
	first := p.of("SELECT ?1")
	require.Same(t, first, p.of("SELECT ?1"))
	for i := range mostPrograms + 1 {
		p.of(Grammar{}.Placeholder(i))
	}
	require.LessOrEqual(t, len(p.known), mostPrograms)
	require.Equal(t, first, p.of("SELECT ?1"))
}
