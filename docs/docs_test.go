// Package docs_test holds the code that README and docs show, so that it compiles and runs.
package docs_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/coordinator"
	testsOfPostgres "github.com/schemactor/schemactor/coordinator/coordinatortest/postgrestest"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/dialecttest"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/nodes"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(mysqltest.Main(testsOfPostgres.Main(m, onPostgres)))
}

type Line struct {
	Article string
	Pieces  int
}

type Order struct {
	ID       int64     `schema:"pk,auto"`
	UserID   uuid.UUID `schema:"references=users.id,ondelete=cascade,index=by_user"`
	PlacedAt time.Time `schema:"index=by_user"`
	Status   string    `schema:"enum=open|paid|shipped,default='open'"`
	Total    string    `schema:"type=decimal,precision=12,scale=2,check=total >= 0"`
	Note     *string   `schema:"size=2000,comment='what the customer wrote'"`
	Lines    []Line    // JSON
	Created  time.Time `db:"created_at" schema:"created"`
	Updated  time.Time `db:"updated_at" schema:"updated"`
	Version  int64     `schema:"version"`
}

func open(t *testing.T) dialect.Dialect {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "docs.db"), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestTagsAndNodesRun(t *testing.T) {
	ctx := t.Context()
	c, err := coordinator.New(open(t), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.WithoutCancel(ctx))) }()
	users, err := coordinator.Register[User, uuid.UUID](c)
	require.NoError(t, err)
	orders, err := coordinator.Register[Order, int64](c)
	require.NoError(t, err)
	require.Equal(t, "orders", orders.Table().String())

	account := User{ID: uuid.New(), Email: "ada@example.org", Name: "Ada"}
	entry := Order{UserID: account.ID, PlacedAt: time.Now(), Total: "12.50", Lines: []Line{{"tea", 2}}}
	accounts, entries := users, orders
	err = c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
		if err := accounts.In(tx).Create(ctx, &account); err != nil {
			return err
		}
		return entries.In(tx).Create(ctx, &entry)
	})
	require.NoError(t, err)
	require.Equal(t, "open", entry.Status, "the default came back")
	require.NotZero(t, entry.ID)

	age := 36
	_, err = users.Patch(ctx, account.ID, nodes.Set{"age": age})
	require.NoError(t, err)
	q := nodes.Query{
		Where:   nodes.And(nodes.Ge("age", 18), nodes.Prefix("email", "ada@")),
		OrderBy: []nodes.Order{nodes.Desc("created_at")},
		Limit:   50,
	}
	page, err := users.Page(ctx, q)
	q.After = page.Next // empty: that was the last page
	require.NoError(t, err)
	require.Len(t, page.Rows, 1)
	require.Empty(t, q.After)
}

func TestDialect(t *testing.T) {
	dialecttest.Exercise(t, func(t *testing.T) dialect.Dialect { return open(t) })
}

var (
	goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")
	spaces  = regexp.MustCompile(`\s+`)
)

// TestCodeInDocsIsTested looks for each piece of Go in README and docs among the tests of this folder.
func TestCodeInDocsIsTested(t *testing.T) {
	plain := func(text string) string { return spaces.ReplaceAllString(text, " ") }
	var tests strings.Builder
	for _, name := range glob(t, "*_test.go") {
		tests.WriteString(plain(read(t, name)))
	}
	found := 0
	for _, page := range allPages(t) {
		if slices.Contains(modulePages, page) {
			continue // TestModulePages compiles it
		}
		for _, block := range goBlock.FindAllStringSubmatch(read(t, page), -1) {
			found++
			for part := range strings.SplitSeq(strings.TrimSpace(block[1]), "\n\n") {
				require.True(t, strings.Contains(tests.String(), strings.TrimSpace(plain(part))), "%s shows code that no test here has:\n%s", page, part)
			}
		}
	}
	require.Greater(t, found, 3)
}

// TestFilesInArchitecture looks for each file that the floor plan names.
func TestFilesInArchitecture(t *testing.T) {
	var files []string
	require.NoError(t, filepath.WalkDir("..", func(path string, _ os.DirEntry, err error) error {
		files = append(files, "/"+filepath.ToSlash(path))
		return err
	}))
	named := regexp.MustCompile("`([a-z_/]+\\.go)`").FindAllStringSubmatch(read(t, "architecture.md"), -1)
	require.Greater(t, len(named), 50)
	for _, name := range named {
		there := slices.ContainsFunc(files, func(file string) bool { return strings.HasSuffix(file, "/"+name[1]) })
		require.True(t, there, "there is no %s", name[1])
	}
}

func glob(t *testing.T, pattern string) []string {
	names, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, names)
	return names
}

func read(t *testing.T, name string) string {
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}
