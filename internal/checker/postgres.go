package checker

import (
	"slices"
	"strings"

	"github.com/schemactor/schemactor/dialect"
)

// postgresLockSpace is the first number of the library's advisory locks.
const postgresLockSpace = "1548404482" // 0x5c4ac702

const (
	postgresLocks = `SELECT 'held by process ' || pid FROM pg_locks
		WHERE locktype = 'advisory' AND classid = ` + postgresLockSpace + ` AND objsubid = 2
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

	postgresSessions = `SELECT 'process ' || pid || ' is ' || state FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'`

	// postgresIndexes and postgresConstraints look into some namespaces; the empty one is the current.
	postgresIndexes = `SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indexrelid
		WHERE NOT (indisvalid AND indisready AND indislive) AND relnamespace IN (` + postgresNamespaces + `)`
	postgresConstraints = `SELECT conname || ' of ' || conrelid::regclass FROM pg_constraint
		WHERE NOT convalidated AND connamespace IN (` + postgresNamespaces + `)`
	postgresNamespaces = `SELECT n.oid FROM pg_namespace n JOIN unnest($1::text[]) AS t(name)
		ON nspname = coalesce(nullif(t.name, ''), current_schema())`

	postgresTemporary = `SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'`

	// postgresNames leaves out the ledger's two tables and what belongs to them.
	postgresNames = `WITH own AS (SELECT oid FROM pg_class WHERE relkind = 'r' AND relname IN ('LEDGER', 'REVISIONS'))
		SELECT 'namespace ' || nspname FROM pg_namespace WHERE starts_with(nspname, 'PREFIX')
		UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE starts_with(proname, 'PREFIX')
		UNION ALL SELECT 'type ' || typname FROM pg_type WHERE starts_with(typname, 'PREFIX') AND typrelid = 0 AND typelem = 0
		UNION ALL SELECT CASE relkind WHEN 'i' THEN 'index ' WHEN 'r' THEN 'table ' ELSE 'relation ' END || c.oid::regclass
			FROM pg_class c LEFT JOIN pg_index i ON indexrelid = c.oid
			WHERE starts_with(relname, 'PREFIX') AND c.oid NOT IN (SELECT oid FROM own)
				AND coalesce(indrelid, 0) NOT IN (SELECT oid FROM own)
				AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
					AND d.refclassid = 'pg_class'::regclass AND d.refobjid IN (SELECT oid FROM own))
		UNION ALL SELECT 'column ' || attname || ' of ' || attrelid::regclass FROM pg_attribute
			WHERE starts_with(attname, 'PREFIX') AND attnum > 0 AND NOT attisdropped
		UNION ALL SELECT 'constraint ' || conname || ' of ' || conrelid::regclass FROM pg_constraint
			WHERE starts_with(conname, 'PREFIX') AND conrelid NOT IN (SELECT oid FROM own)
		UNION ALL SELECT 'trigger ' || tgname || ' of ' || tgrelid::regclass FROM pg_trigger
			WHERE starts_with(tgname, 'PREFIX') AND NOT tgisinternal`
)

func postgresLeftovers(tables []Table) []leftover {
	namespaces := []string{""}
	for _, t := range tables {
		namespaces = append(namespaces, t.Model.Ref().Namespace)
	}
	slices.Sort(namespaces)
	namespaces = slices.Compact(namespaces)
	names := strings.NewReplacer("PREFIX", ownPrefix, "LEDGER", dialect.LedgerTable, "REVISIONS", dialect.RevisionsTable).
		Replace(postgresNames)
	locks, sessions := query("locks", postgresLocks), query("sessions", postgresSessions)
	locks.settles, sessions.settles = true, true
	temporary := query("temporary tables", postgresTemporary)
	temporary.settles = true // a session that ends takes them along
	return []leftover{
		locks, sessions,
		query("unfinished indexes", postgresIndexes, namespaces),
		query("unfinished constraints", postgresConstraints, namespaces),
		query("names", names),
		temporary,
	}
}
