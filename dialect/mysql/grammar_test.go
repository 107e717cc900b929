package mysql_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/schema"
)

func TestFitNameKeepsWhatTheServerTakes(t *testing.T) {
	g := mysql.Grammar{}
	for _, name := range []string{"users", "größe 日本", `a"b`, "a`b", strings.Repeat("x", 64), "$1 ? %s"} {
		require.Equal(t, name, g.FitName(name))
	}
}

func TestFitNameTellsOthersApart(t *testing.T) {
	g := mysql.Grammar{}
	seen := map[string]string{}
	for _, name := range []string{
		" ", "  ", "a ", " a", "a", "a\U0001F600", "a\U0001F601", "a_", strings.Repeat("x", 65), strings.Repeat("x", 66), strings.Repeat("日", 22),
		strings.Repeat("x", 63) + " ", strings.Repeat("\U0001F600", 40),
	} {
		fit := g.FitName(name)
		require.LessOrEqual(t, len(fit), 64, name)
		require.NotContains(t, seen, fit, name)
		seen[fit] = name
	}
}

func TestFitNameFitsOnce(t *testing.T) {
	g := mysql.Grammar{}
	rapid.Check(t, func(r *rapid.T) {
		fit := g.FitName(rapid.StringN(1, 90, -1).Draw(r, "name"))
		require.True(r, utf8.ValidString(fit))
		require.NotEmpty(r, fit)
		require.LessOrEqual(r, len(fit), 64)
		require.Equal(r, fit, g.FitName(fit))
		require.Equal(r, fit, strings.TrimSpace(fit))
	})
}

// wide has a key of four texts without a size, which is more than a key has room for.
type wide struct {
	A string `db:"a" schema:"pk"`
	B string `db:"b" schema:"pk"`
	C string `db:"c" schema:"pk"`
	D string `db:"d" schema:"pk"`
}

type narrow struct {
	A string `db:"a" schema:"pk,size=190"`
	B string `db:"b" schema:"pk,size=190"`
	C string `db:"c" schema:"pk,size=190"`
	D string `db:"d" schema:"pk,size=190"`
}

// counted computes from what the database numbers.
type counted struct {
	ID    int64 `db:"id"    schema:"pk,auto"`
	Twice int64 `db:"twice" schema:"generated=id * 2"`
}

func TestPlansNameWhatTheDatabaseCannotHave(t *testing.T) {
	for _, c := range []struct {
		model *schema.Table
		fault string
	}{
		{tableOf[wide](t), `the primary key over ["a" "b" "c" "d"] takes 4064 bytes, and a key has 3072: column "a" alone takes 1016`},
		{tableOf[struct {
			ID   int64  `db:"id"   schema:"pk"`
			Kind int64  `db:"kind" schema:"index=a"`
			Text string `db:"text" schema:"index=a,size=5000"`
			Code string `db:"code" schema:"index=b,size=900"`
		}](t, schema.Named("longs")), `the index "longs__code_ix" over ["code"] takes 3600 bytes`},
		{tableOf[narrow](t), ""},
		{tableOf[counted](t), `column "id" is numbered by the database`},
		{tableOf[account](t, schema.WithForeignKey(schema.ForeignKey{
			Columns: []string{"n"}, References: schema.Ref{Name: "others"}, RefColumns: []string{"id"}, OnDelete: schema.SetDefault,
		})), "no SET DEFAULT"},
		{tableOf[account](t, schema.WithCheck("n > 0"), schema.WithForeignKey(schema.ForeignKey{
			Columns: []string{"n"}, References: schema.Ref{Name: "others"}, RefColumns: []string{"id"}, OnDelete: schema.SetNull,
		})), "its actions change columns"},
	} {
		faults := mysql.Grammar{}.Create(c.model).Faults
		if c.fault == "" {
			require.Empty(t, faults)
			continue
		}
		require.Len(t, faults, 1)
		require.Contains(t, faults[0], c.fault)
	}
}
