package postgres_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// TestRolesApart has tables made, looked at and changed by a role that owns nothing else, and rows written by one that owns
// nothing at all and has its rights by the owner's default privileges.
func TestRolesApart(t *testing.T) {
	address := postgrestest.Open(t)
	admin := open(t, address)
	ownerURL, rowsURL := postgrestest.Role(t, address), postgrestest.Role(t, address)
	ownerName, rowsName := roleOf(t, ownerURL), roleOf(t, rowsURL)
	exec(t, admin, "GRANT CREATE, USAGE ON SCHEMA public TO "+ownerName)
	owner, rows := open(t, ownerURL), open(t, rowsURL)
	exec(t, owner, "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "+rowsName)

	model := tableOf[small](t)
	ref := model.Ref()
	require.NoError(t, owner.Locked(t.Context(), []schema.Ref{ref}, func(ctx context.Context, tx dialect.Tx) error {
		for _, st := range owner.Create(model).Statements {
			if _, err := tx.Exec(ctx, st.SQL); err != nil {
				return err
			}
		}
		return nil
	}))
	create(t, owner, dialect.LedgerModels()...)
	require.Equal(t, shape(born(t, owner, model)), shape(inspect(t, owner, ref)))
	survey, err := owner.Survey(t.Context(), []schema.Ref{ref})
	require.NoError(t, err)
	require.True(t, survey.HasLedger)
	require.Equal(t, inspect(t, rows, ref).Hash, survey.Sightings[0].CatalogHash, "both see the same table")

	insert := dialect.NewStatements(rows, model).Insert
	_, err = rows.Writer().Exec(t.Context(), insert.SQL, int64(1), "ada")
	require.NoError(t, err, insert.SQL)
	exec(t, rows, "UPDATE smalls SET name = 'bob'", "DELETE FROM smalls")
	for _, sql := range []string{
		"CREATE TABLE mine (a int)", "ALTER TABLE smalls ADD COLUMN a int", "DROP TABLE smalls", "TRUNCATE smalls",
		"CREATE INDEX ON smalls (name)",
	} {
		_, err := rows.Writer().Exec(t.Context(), sql)
		require.ErrorIs(t, rows.Classify(err), schema.ErrPermission, sql)
	}

	require.NoError(t, owner.Step(t.Context(), concurrent(`CREATE INDEX CONCURRENTLY "s n" ON "smalls" USING btree (name)`, ""), nil))
	require.NoError(t, owner.Step(t.Context(), transaction("ALTER TABLE smalls ADD COLUMN more int"), nil))
	exec(t, rows, "UPDATE smalls SET more = 1")
	l := listen(t, rows)
	notify(t, owner, owner.Writer(), ref, 2)
	require.EqualValues(t, 2, l.next(t).Generation, "whoever may connect may listen")
	where, err := owner.Location(t.Context())
	require.NoError(t, err)
	same, err := rows.Location(t.Context())
	require.NoError(t, err)
	require.Equal(t, where, same)
}

// roleOf gives the quoted name of a URL's role.
func roleOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return pgx.Identifier{u.User.Username()}.Sanitize()
}
