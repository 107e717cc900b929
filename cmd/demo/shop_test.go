package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// counter is the shop for a test: it runs commands on it, and looks into it.
type counter struct {
	*testing.T
	database string
	dialect.Dialect
	shop *shop
}

// eachShop runs a test on an empty shop of each database.
func eachShop(t *testing.T, test func(c *counter)) {
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "shop.db") },
		"postgres": func(t *testing.T) string { return postgrestest.Open(t) },
		"mysql":    func(t *testing.T) string { return mysqltest.Open(t) },
	} {
		t.Run(name, func(t *testing.T) {
			c := &counter{T: t, database: address(t)}
			db, err := openShop(t.Context(), shopOptions{database: c.database})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			c.Dialect, c.shop = db.Dialect, db
			test(c)
		})
	}
}

// does runs a command and wants an exit code; it gives what was printed. Nothing ever shows the way in.
func (c *counter) does(code int, args ...string) (out, errOut string) {
	c.Helper()
	got, out, errOut := play(c.T, append(args, "--database", c.database)...)
	require.Equal(c, code, got, "%v\n%s%s", args, out, errOut)
	require.NotContains(c, out+errOut, "\x1b", "no terminal, no escapes")
	require.NotContains(c, out+errOut, "\r")
	if u, err := url.Parse(c.database); err == nil && u.User != nil {
		if password, set := u.User.Password(); set && password != "" {
			require.NotContains(c, out+errOut, password)
		}
		require.NotContains(c, out+errOut, u.User.String()+"@")
	}
	if errOut != "" {
		require.Len(c, strings.Split(strings.TrimSpace(errOut), "\n"), 1, "one line: %s", errOut)
	}
	return out, errOut
}

// outlook is what plan --json says.
func (c *counter) outlook(args ...string) outlook {
	c.Helper()
	out, errOut := c.does(0, append([]string{"plan", "--json"}, args...)...)
	require.Empty(c, errOut)
	var found outlook
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	require.NoError(c, decoder.Decode(&found), out)
	require.False(c, decoder.More())
	return found
}

// exec is somebody's hand in the database.
func (c *counter) exec(sql string) {
	c.Helper()
	_, err := c.Writer().Exec(c.Context(), sql)
	require.NoError(c, err)
}

func (c *counter) number(sql string) (n int64) {
	c.Helper()
	_, err := dialect.QueryRow(c.Context(), c.Reader(), sql, nil, &n)
	require.NoError(c, err)
	return n
}

// table is a table's name in SQL.
func (c *counter) table(name string) string { return c.QuoteTable(c.shop.ref(name)) }

// applied counts the applied revisions of all tables.
func (c *counter) applied() int64 {
	return c.number("SELECT count(*) FROM " + c.QuoteTable(schema.Ref{Name: dialect.RevisionsTable}) +
		" WHERE state = 'applied' AND table_name NOT LIKE 'schemactor%'")
}

// allowances are the flags that allow all that version 3 needs, the former books' column included.
func (c *counter) allowances() []string {
	c.Helper()
	found := c.outlook("--to", "3", "--allow", "drop-column:products.legacy")
	flags := []string{"--allow", "drop-column:products.legacy", "--reason", "agreed with the shop"}
	for _, r := range found.Refused {
		flags = append(flags, "--allow", r.Allow)
	}
	return flags
}

// From nothing to version 3, with everything that stands in the way.
func TestShopWalk(t *testing.T) {
	eachShop(t, func(c *counter) {
		out, _ := c.does(0, "plan", "--to", "1")
		for _, table := range shopTables() {
			require.Contains(c, out, "\n"+c.shop.ref(table).String()+": ")
		}
		require.Contains(c, out, "Nothing of it is refused: demo migrate --to 1 \\\n    --database ")
		c.does(2, "plan", "--to", "1", "--exit-code")

		out, _ = c.does(0, "migrate", "--to", "1")
		require.Len(c, regexp.MustCompile(`made +\w+: `).FindAllString(out, -1), 6, out)
		require.Contains(c, out, "3 sample rows were put into each table")
		for _, table := range shopTables() {
			require.EqualValues(c, 3, c.number("SELECT count(*) FROM "+c.table(table)), table)
		}
		out, _ = c.does(0, "plan", "--to", "1", "--exit-code")
		require.Contains(c, out, "Nothing to do.")
		out, _ = c.does(0, "migrate", "--to", "1", "--rows", "50")
		require.Contains(c, out, "50 rows were put into products, and as many into orders.")
		require.NotContains(c, out, "sample")
		require.EqualValues(c, 53, c.number("SELECT count(*) FROM "+c.table("orders")))
		require.EqualValues(c, 6, c.applied())

		c.additive()
		c.refusals()
		c.third()
	})
}

// additive is the step to version 2, which needs nobody's word.
func (c *counter) additive() {
	require.Empty(c, c.outlook("--to", "2").Refused)
	out, _ := c.does(0, "migrate", "--to", "2")
	require.Len(c, regexp.MustCompile(`changed +\w+: `).FindAllString(out, -1), 6, out)
	require.EqualValues(c, 12, c.applied())
	require.False(c, c.outlook("--to", "2").Changes)
	require.EqualValues(c, 53, c.number("SELECT count(*) FROM "+c.table("orders")+" WHERE status = 'open'"))
	out, _ = c.does(0, "drift")
	require.Contains(c, out, "Version 2 of the shop")
	require.Equal(c, 6, strings.Count(out, ": no drift"), out)
	c.does(0, "verify", "--to", "2")

	// The first version works on, and has nothing to do.
	out, errOut := c.does(1, "drift", "--to", "1")
	require.Contains(c, out, "behind")
	require.Contains(c, errOut, "6 tables of 6 drifted")
}

// refusals are the ways in which version 3 is kept out.
func (c *counter) refusals() {
	before := c.applied()
	out, errOut := c.does(1, "migrate")
	require.Contains(c, errOut, "nothing was changed")
	found := c.outlook()
	require.True(c, found.Changes)
	named := map[schema.HazardKind]bool{}
	for _, r := range found.Refused {
		named[r.Hazard.Kind] = true
		require.Contains(c, out, r.Table+": "+r.Hazard.String())
		require.Contains(c, out, "--allow "+r.Allow)
	}
	for _, kind := range []schema.HazardKind{
		schema.HazardRenameColumn, schema.HazardAddUnique, schema.HazardSetNotNull, schema.HazardAddForeignKey,
		schema.HazardRetypeColumn, schema.HazardAddCheck,
	} {
		require.True(c, named[kind], "%s is refused: %v", kind, found.Refused)
	}
	require.Equal(c, []leftover{{
		Table: "products", What: found.Left[0].What, Allow: "drop-column:products.legacy",
	}}, found.Left)
	text, _ := c.does(0, "plan")
	require.Contains(c, text, "--allow drop-column:products.legacy")
	require.Contains(c, text, c.shop.ref("order_lines").String()+": matches")

	// One word too few is as good as none.
	flags := c.allowances()
	_, errOut = c.does(1, append([]string{"migrate"}, flags[:len(flags)-2]...)...)
	require.Contains(c, errOut, "1 hazard not allowed")
	out, _ = c.does(1, "verify")
	require.Regexp(c, `DIFFERS +customers\n(.*\n)* +.*full_name`, out)
	require.Regexp(c, `ok +order_lines`, out)
	require.Equal(c, before, c.applied())

	// Rows that do not allow a change are found before it.
	c.exec("UPDATE " + c.table("customers") + " SET email = 'twice@shop.example'")
	out, errOut = c.does(1, append([]string{"migrate"}, flags...)...)
	require.Regexp(c, `FAILED +customers`, out)
	require.Contains(c, errOut, "customers")
	require.NotContains(c, out+errOut, "twice@shop.example", "no values")
	c.exec("UPDATE " + c.table("customers") + " SET email = 'customer-' || id || '@shop.example'")
}

// third is the step to version 3, and what the commands say after it.
func (c *counter) third() {
	flags := c.allowances()
	out, errOut := c.does(0, append([]string{"migrate", "--to", "3"}, flags...)...)
	require.Empty(c, errOut)
	for _, table := range []string{"products", "orders", "payments"} {
		require.Regexp(c, `changed +`+table+`: `, out)
	}
	require.Regexp(c, `matches +order_lines`, out)
	require.EqualValues(c, 53, c.number("SELECT count(*) FROM "+c.table("products")+" WHERE sku = 'sku-' || id"))
	require.EqualValues(c, 53, c.number("SELECT count(*) FROM "+c.table("orders")+" WHERE number <> ''"))
	require.EqualValues(c, 3, c.number("SELECT count(*) FROM "+c.table("customers")+" WHERE full_name LIKE '% %'"))

	after := c.applied()
	out, _ = c.does(0, "plan", "--exit-code")
	require.Contains(c, out, "Nothing to do.")
	require.NotContains(c, out, "Left alone")
	c.does(0, append([]string{"migrate", "--to", "3"}, flags...)...)
	require.Equal(c, after, c.applied(), "nothing to do the second time")
	out, _ = c.does(0, "verify", "--to", "3")
	require.Equal(c, 6, strings.Count(out, "  ok "), out)
	out, _ = c.does(0, "drift")
	require.Contains(c, out, "Version 3 of the shop")

	out, _ = c.does(0, "history", "products")
	require.Regexp(c, `products\n  \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  generation 1  applied  \d+ statements?  [\d.]+ m?s  by shop v1 on \S+, pid \d+\n`, out)
	require.Regexp(c, `generation 3  applied .* by shop v3 on`, out)
	require.Contains(c, out, "drop-column(legacy): agreed with the shop")
	require.NotContains(c, out, "      > ")
	require.NotContains(c, out, "customers")
	out, _ = c.does(0, "history", "--sql")
	for _, table := range shopTables() {
		require.Contains(c, out, "\n"+table+"\n")
	}
	require.Regexp(c, `      > ALTER TABLE`, out)

	// Back again is a hazard too.
	out, _ = c.does(1, "migrate", "--to", "1")
	require.Contains(c, out, "revert")
}

// A change by hand is found, by both.
func TestShopChangedByHand(t *testing.T) {
	eachShop(t, func(c *counter) {
		c.does(0, "migrate", "--to", "2")
		c.does(0, "drift")
		c.dropIndex("orders", "orders__placed_at_ix")
		c.exec("ALTER TABLE " + c.table("payments") + " ADD COLUMN by_hand TEXT")
		out, errOut := c.does(1, "drift")
		require.Regexp(c, `orders: .*\n  since the ledger: missing index`, out)
		require.Regexp(c, `payments: .*\n  since the ledger: extra column by_hand`, out)
		require.Equal(c, 4, strings.Count(out, ": no drift"), out)
		require.Contains(c, errOut, "2 tables of 6 drifted")
		out, errOut = c.does(1, "verify", "--to", "2")
		require.Regexp(c, `DIFFERS +orders\n +missing index`, out)
		require.Regexp(c, `ok +payments`, out, "a column more hurts nobody")
		require.Contains(c, errOut, "1 table of 6 not as version 2 wants")

		c.does(0, "migrate", "--to", "2")
		c.does(0, "verify", "--to", "2")
		c.exec("DROP TABLE " + c.table("payments"))
		out, _ = c.does(1, "drift")
		require.Contains(c, out, "the table is missing")
		out, _ = c.does(1, "verify", "--to", "2")
		require.Contains(c, out, "missing table")
	})
}

func (c *counter) dropIndex(table, name string) {
	c.Helper()
	text := "DROP INDEX " + c.QuoteTable(schema.Ref{Namespace: c.shop.namespace, Name: name})
	if c.Name() == "mysql" {
		text += " ON " + c.table(table)
	}
	c.exec(text)
}

// From nothing to the newest version there is nothing to allow, and rows are put in afterwards.
func TestShopFromNothing(t *testing.T) {
	eachShop(t, func(c *counter) {
		out, _ := c.does(0, "history")
		require.Equal(c, 6, strings.Count(out, ": no history"), out)
		out, _ = c.does(1, "drift")
		require.Equal(c, 6, strings.Count(out, "the table is missing"), out)
		out, _ = c.does(1, "verify")
		require.Equal(c, 6, strings.Count(out, "missing table"), out)
		out, _ = c.does(0, "migrate", "--rows", "20")
		require.Contains(c, out, "20 rows were put into products")
		require.EqualValues(c, 20, c.number("SELECT count(*) FROM "+c.table("products")))
		require.EqualValues(c, 20, c.number("SELECT count(*) FROM "+c.table("orders")))
		c.does(0, "verify")
		c.does(0, "drift")
	})
}

// On PostgreSQL the shop is where it is told to be.
func TestShopNamespace(t *testing.T) {
	address := postgrestest.Open(t)
	code, out, errOut := play(t, "migrate", "--to", "1", "--database", address, "--namespace", "corner_shop")
	require.Zero(t, code, errOut)
	require.Contains(t, out, "namespace corner_shop")
	db, err := openShop(t.Context(), shopOptions{database: address, namespace: "corner_shop"})
	require.NoError(t, err)
	defer db.Close()
	require.Len(t, names(t, db, "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'corner_shop'::regnamespace"), 6)
}

// The shop is a file in the current directory; a command that only looks leaves none behind.
func TestShopFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"plan"}, {"history"}, {"drift"}, {"verify"}} {
		_, _, _ = play(t, args...)
		left, err := os.ReadDir(".")
		require.NoError(t, err)
		require.Empty(t, left, args)
	}
	code, out, errOut := play(t, "migrate", "--to", "1")
	require.Zero(t, code, errOut)
	require.Contains(t, out, "SQLite "+shopFile)
	require.FileExists(t, shopFile)
	code, out, _ = play(t, "drift")
	require.Zero(t, code, out)
}

// An interrupted migration says so, and the next one goes on.
func TestShopInterrupted(t *testing.T) {
	eachShop(t, func(c *counter) {
		ctx, interrupt := context.WithCancel(c.Context())
		var errOut bytes.Buffer
		out := &trigger{at: "made     customers", pull: interrupt}
		require.Equal(c, 130, run(ctx, []string{"migrate", "--to", "1", "--database", c.database}, out, &errOut))
		require.Equal(c, "demo: interrupted; the next migrate goes on from what is there\n", errOut.String())
		require.NotContains(c, out.String(), "payments")
		text, _ := c.does(0, "migrate", "--to", "1")
		require.Regexp(c, `matches +customers`, text)
		require.Regexp(c, `made +payments`, text)
		c.does(0, "verify", "--to", "1")
	})
}
