package sqlite

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		"a>b":                         "a > b",
		"a > b":                       "a > b",
		"a  <=\n b -- c\n":            "a <= b",
		"A /* it's (odd */ = 'It''s'": "a = 'It''s'",
		"((a))":                       "a",
		"(a) = (b)":                   "( a ) = ( b )",
		`"a" = [b] AND ` + "`C`":      "a = b and c",
		`"a b" = [c""d]`:              `"a b" = "c""""d"`,
		`"x""y"`:                      `"x""y"`,
		"'('":                         "'('",
		"1.50 + .5e-3":                "1.50 + . 5e - 3",
		"x'AB' || y":                  "x 'AB' || y",
		"a->>'$.b'":                   "a -> > '$.b'",
		"-- only a comment":           "",
		"/* open":                     "",
		"'open":                       "'open",
		"ÄÖ = ä":                      "ÄÖ = ä",
		"(":                           "(",
		"))((":                        ") ) ( (",
	} {
		require.Equal(t, want, canonical(tokens(text)), "%s", text)
	}
}

func TestReadTable(t *testing.T) {
	for name, c := range map[string]struct {
		text      string
		checks    []string
		generated map[string]string
		rowless   bool
		virtual   bool
	}{
		"plain":              {text: "CREATE TABLE t (a INT, b TEXT)"},
		"empty":              {text: ""},
		"cut short":          {text: "CREATE TABLE t (a CHECK ("},
		"column checks":      {text: "CREATE TABLE t (a INT CHECK (a > 0) NOT NULL CHECK(a<9), b)", checks: []string{"a > 0", "a < 9"}},
		"table checks":       {text: "CREATE TABLE t (a, CHECK (a > 0), CONSTRAINT `x y` CHECK ((a) < (9)))", checks: []string{"a > 0", "( a ) < ( 9 )"}},
		"nested":             {text: "CREATE TABLE t (a CHECK (((a IN (1, (2))) OR (a = 3))))", checks: []string{"( a in ( 1 , ( 2 ) ) ) or ( a = 3 )"}},
		"check as a column":  {text: "CREATE TABLE t (`check` INT CHECK (`check` > 0), [CHECK ] TEXT)", checks: []string{"check > 0"}},
		"as as a column":     {text: `CREATE TABLE t ("as" INT, b AS ("as" + 1))`, generated: map[string]string{"b": "as + 1"}},
		"odd names":          {text: "CREATE TABLE \"t(1,\" (\"a,b\" INT, `c)` INT CHECK (`c)` > 0), '(' INT)", checks: []string{`"c)" > 0`}},
		"strings":            {text: "CREATE TABLE t (a DEFAULT 'check (1)' CHECK (a <> ')' AND a <> '(,'), b AS (')'))", checks: []string{"a <> ')' and a <> '(,'"}, generated: map[string]string{"b": "')'"}},
		"comments":           {text: "CREATE TABLE t ( -- check (1)\n a INT /* check (2) */ CHECK /*(*/ (a > 0))", checks: []string{"a > 0"}},
		"generated":          {text: "CREATE TABLE t (a, B GENERATED ALWAYS AS (a * 2) STORED, `c\"d` AS ((a)) VIRTUAL)", generated: map[string]string{"b": "a * 2", `c"d`: "a"}},
		"generated, checked": {text: "CREATE TABLE t (a AS (1) CHECK (a = 1))", checks: []string{"a = 1"}, generated: map[string]string{"a": "1"}},
		"types in brackets":  {text: "CREATE TABLE t (a VARCHAR(20), b DECIMAL(10, 2) CHECK (b > 0) REFERENCES u (x, y))", checks: []string{"b > 0"}},
		"options":            {text: "CREATE TABLE t (a PRIMARY KEY) STRICT, WITHOUT ROWID", rowless: true},
		"no option":          {text: "CREATE TABLE t (without rowid, b)"},
		"virtual":            {text: "CREATE VIRTUAL TABLE t USING fts5 (a)", virtual: true},
		"named virtual":      {text: "CREATE TABLE virtual (a)"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.generated == nil {
				c.generated = map[string]string{}
			}
			require.Equal(t, tableText{checks: c.checks, generated: c.generated, rowless: c.rowless, virtual: c.virtual}, readTable(c.text))
		})
	}
}

func TestDeepBrackets(t *testing.T) {
	const depth = 200_000 // in square time this takes minutes
	deep := strings.Repeat("(", depth) + "a" + strings.Repeat(")", depth)
	require.Equal(t, "a", canonical(tokens(deep)))
	require.Equal(t, []string{"a"}, readTable("CREATE TABLE t (a CHECK "+deep+")").checks)
	require.NotEmpty(t, canonical(tokens(deep[:depth])))
}

func FuzzReadTable(f *testing.F) {
	for _, seed := range []string{
		"CREATE TABLE t (a INT CHECK (a > 0), b AS (a) STORED) STRICT", "CREATE TABLE `t` ([a\"] 'x' -- c\n, /* d */ CHECK ('(' = \")\"))",
		"((", "))", "check (", "create table t (as (", "[", "`", "'", "\"", "/*", "--", "<", "1.", "\x80", "CREATE VIRTUAL TABLE t USING x (a)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read := readTable(text)
		for _, c := range read.checks {
			require.NotEqual(t, " ", c)
		}
		list := tokens(text)
		joined := canonical(list)
		// Reading what was written gives the same again: canonical text is stable.
		if !strings.ContainsAny(text, "'\"`[/-") {
			require.Equal(t, joined, canonical(tokens(joined)))
		}
		_ = indexText(text)
	})
}
