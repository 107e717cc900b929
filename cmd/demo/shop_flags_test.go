package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

func TestShopArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"an unknown hazard", []string{"plan", "--allow", "drop-colum:products"}, `unknown hazard "drop-colum"`},
		{"an empty hazard", []string{"plan", "--allow", ""}, `unknown hazard ""`},
		{"an unknown table", []string{"plan", "--allow", "drop-column:product.legacy"}, `unknown table "product"`},
		{"no table", []string{"plan", "--allow", "drop-column:"}, `unknown table ""`},
		{"no column", []string{"plan", "--allow", "drop-column:products."}, "no column behind the dot"},
		{"no reason", []string{"migrate", "--allow", "any"}, "needs a --reason"},
		{"an empty reason", []string{"migrate", "--allow", "any", "--reason", " "}, "needs a --reason"},
		{"a reason that is no text", []string{"migrate", "--allow", "any", "--reason", "\xff"}, "not UTF-8"},
		{"version 0", []string{"plan", "--to", "0"}, "--to 0"},
		{"version 4", []string{"migrate", "--to", "4"}, "--to 4"},
		{"version 0 of drift", []string{"drift", "--to", "0"}, "--to 0"},
		{"a version that is none", []string{"verify", "--to", "two"}, `"two"`},
		{"fewer rows than none", []string{"migrate", "--rows", "-1"}, "--rows -1"},
		{"an unknown table of the history", []string{"history", "prodcuts"}, `unknown table "prodcuts"`},
		{"two tables of the history", []string{"history", "orders", "products"}, `"products"`},
		{"an unknown flag", []string{"plan", "--jsn"}, "--jsn"},
		{"a flag of another command", []string{"drift", "--allow", "any"}, "--allow"},
		{"an argument too many", []string{"plan", "products"}, `"products"`},
		{"a namespace on SQLite", []string{"plan", "--namespace", "x"}, "--namespace is for PostgreSQL"},
		{"a namespace on MariaDB", []string{"plan", "--namespace", "x", "--database", "mysql://me:hunter2@host/db"}, "MariaDB has none"},
		{"an unknown scheme", []string{"plan", "--database", "oracle://me:hunter2@host/db"}, `has the unknown scheme "oracle"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errOut := play(t, c.args...)
			require.Equal(t, 2, code, errOut)
			require.Contains(t, errOut, c.want)
			require.NotContains(t, out+errOut, "hunter2")
			require.Len(t, strings.Split(strings.TrimSpace(errOut), "\n"), 1, "one line")
			require.NoFileExists(t, shopFile)
		})
	}
}

func TestParseAllow(t *testing.T) {
	for text, want := range map[string]schema.Allowance{
		"any":                         {Hazard: schema.AnyHazard},
		"any:orders":                  {Hazard: schema.AnyHazard, Table: "orders"},
		"drop-column:products.legacy": {Hazard: schema.HazardDropColumn, Table: "products", Column: "legacy"},
		"add-check:payments.a.b":      {Hazard: schema.HazardAddCheck, Table: "payments", Column: "a.b"},
	} {
		want.Reason = "why"
		got, err := parseAllow(text, "why")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// Long steps are told on the progress line of a terminal, and now and then in lines of a pipe.
func TestTicker(t *testing.T) {
	tell := func(s *screen) {
		l := newTicker(s).listener()
		at := schema.Event{Table: schema.Ref{Name: "orders"}, SQL: "UPDATE\n  orders", Rows: 12_000, Duration: 2 * time.Second}
		l.Progress(at)
		l.Progress(at)
		l.LockWaiting(at)
		l.Applied(at)
		s.clear()
	}
	var out bytes.Buffer
	tell(&screen{out: &out, live: true, width: 80})
	require.Equal(t, strings.Repeat("  … orders: 12,000 rows so far, 2.00 s: UPDATE orders\r\x1b[2K", 2)+
		"  … orders: waits for a lock that somebody else has, 2.00 s\r\x1b[2K  … orders: UPDATE orders (2.00 s)\r\x1b[2K", out.String())
	out.Reset()
	tell(newScreen(&out))
	require.Equal(t, "           orders: 12,000 rows so far, 2.00 s: UPDATE orders\n           orders: UPDATE orders (2.00 s)\n", out.String())
}
