package dialecttest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the comparison of dumps must see, and what it must see past.
func TestSQLPieces(t *testing.T) {
	pieces := func(text string) []string {
		out := sqlPieces(text, "tt9")
		slices.Sort(out)
		return out
	}
	plain := pieces(`table CREATE TABLE "tt9" (` + "`id`" + ` INTEGER NOT NULL, a TEXT DEFAULT ('x, (y)') CHECK (length(a) <= 5), p INTEGER,
		PRIMARY KEY (` + "`id`" + `), CONSTRAINT one FOREIGN KEY ("p") REFERENCES tieds ("id") ON DELETE SET NULL) STRICT`)
	require.Len(t, plain, 7)
	for _, same := range []string{
		`table CREATE TABLE tt9 (p INTEGER CONSTRAINT other REFERENCES tieds ("id") ON DELETE SET NULL, "id" INTEGER NOT NULL,
			a TEXT DEFAULT ('x, (y)'), CONSTRAINT ck CHECK (length(a) <= 5), -- a comment
			PRIMARY KEY ("id")) STRICT`,
		`table create table [tt9] ("id" integer not null, [a] text default ('x, (y)') check (length(a) <= 5), p integer,
			primary key ("id"), foreign key ("p") references tieds ("id") on delete set null) strict`,
	} {
		require.Equal(t, plain, pieces(same))
	}
	for _, other := range []string{
		`table CREATE TABLE tt9 ("id" INTEGER, a TEXT DEFAULT ('x, (y)') CHECK (length(a) <= 5), p INTEGER, PRIMARY KEY ("id"), FOREIGN KEY ("p") REFERENCES tieds ("id") ON DELETE SET NULL) STRICT`,
		`table CREATE TABLE tt9 ("id" INTEGER NOT NULL, a TEXT DEFAULT ('x') CHECK (length(a) <= 5), p INTEGER, PRIMARY KEY ("id"), FOREIGN KEY ("p") REFERENCES tieds ("id") ON DELETE SET NULL) STRICT`,
		`table CREATE TABLE tt9 ("id" INTEGER NOT NULL, a TEXT DEFAULT ('x, (y)') CHECK (length(a) <= 6), p INTEGER, PRIMARY KEY ("id"), FOREIGN KEY ("p") REFERENCES tieds ("id") ON DELETE SET NULL) STRICT`,
		`table CREATE TABLE tt9 ("id" INTEGER NOT NULL, a TEXT DEFAULT ('x, (y)') CHECK (length(a) <= 5), p INTEGER, PRIMARY KEY ("id"), FOREIGN KEY ("p") REFERENCES tieds ("id")) STRICT`,
		`table CREATE TABLE tt9 ("id" INTEGER NOT NULL, a TEXT DEFAULT ('x, (y)') CHECK (length(a) <= 5), p INTEGER, PRIMARY KEY ("id"), FOREIGN KEY ("p") REFERENCES tieds ("id") ON DELETE SET NULL)`,
		`table CREATE TABLE tt9 ("id" INTEGER NOT NULL, a TEXT DEFAULT ('x, (y)') CHECK (length(a) <= 5), p INTEGER, PRIMARY KEY ("id", p), FOREIGN KEY ("p") REFERENCES tieds ("id") ON DELETE SET NULL) STRICT`,
		`table CREATE TABLE tt9 ("id" INTEGER NOT NULL, a TEXT DEFAULT ('x, (y)') CHECK (length(a) <= 5), p INTEGER PRIMARY KEY, FOREIGN KEY ("p") REFERENCES tieds ("id") ON DELETE SET NULL) STRICT`,
	} {
		require.NotEqual(t, plain, pieces(other))
	}
	index := pieces("index CREATE UNIQUE INDEX `some ix` ON `tt9` (`a`, b DESC)")
	require.Equal(t, index, pieces(`index CREATE UNIQUE INDEX other ON "tt9" ("a", "b" DESC)`))
	require.NotEqual(t, index, pieces("index CREATE INDEX `some ix` ON `tt9` (`a`, b DESC)"))
	require.NotEqual(t, index, pieces("index CREATE UNIQUE INDEX x ON `tt9` (b DESC, `a`)"))
}
