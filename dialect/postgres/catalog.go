package postgres

// surveySQL looks at any number of tables in one query: a row for each that was asked for, in any order. $1 are the
// namespaces, $2 the names. The columns are position, resolved namespace, current_schema(), relkind and digest, the last
// two empty for what is none. catalogSQL has one column more: the catalogue's word on the table as JSON.
//
// The digest is made of the catalogue's raw values, for it is asked of all tables at every start, and deparsing costs
// three times as much. It holds no object's number but those inside expressions.
const (
	surveySQL  = headSQL + sourceSQL
	catalogSQL = headSQL + `, CASE WHEN c.relkind IN ('r', 'p') THEN ` + documentSQL + ` END` + sourceSQL
)

const headSQL = `
SELECT w.ord::int, w.ns, coalesce(current_schema()::text, ''), coalesce(c.relkind::text, ''),
  CASE WHEN c.relkind IN ('r', 'p') THEN encode(sha256(convert_to(concat_ws(E'\n', c.relkind, (
    SELECT ROW(array_agg(a.attnum), array_agg(a.attname), array_agg(a.atttypid), array_agg(a.atttypmod), array_agg(a.attnotnull),
      string_agg(a.attidentity, ','), string_agg(a.attgenerated, ','), array_agg(a.attcollation))::text
    FROM (SELECT * FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum) a
    WHERE NOT a.attisdropped
  ), (
    SELECT string_agg(ROW(d.adnum, d.adbin)::text, E'\n' ORDER BY d.adnum) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = c.oid
  ), (
    SELECT string_agg(ROW(ic.relname, ic.relam, x.indkey, x.indclass, x.indcollation, x.indoption, x.indnkeyatts,
      x.indisunique, x.indisprimary, x.indimmediate, x.indisvalid,
      CASE WHEN x.indisunique AND NOT x.indisprimary THEN to_jsonb(x) -> 'indnullsnotdistinct' END,
      x.indexprs, x.indpred)::text, E'\n' ORDER BY ic.relname)
    FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class ic ON ic.oid = x.indexrelid WHERE x.indrelid = c.oid
  ), (
    SELECT string_agg(ROW(k.conname, k.contype, k.conkey, k.confkey, k.confdeltype, k.confupdtype, k.convalidated, k.conbin,
      tn.nspname, tc.relname)::text, E'\n' ORDER BY k.conname)
    FROM pg_catalog.pg_constraint k
    LEFT JOIN pg_catalog.pg_class tc ON tc.oid = k.confrelid LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
    WHERE k.conrelid = c.oid
  ), (
    SELECT string_agg(ROW(d.objsubid, d.description)::text, E'\n' ORDER BY d.objsubid)
    FROM pg_catalog.pg_description d WHERE d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass
  )), getdatabaseencoding())), 'hex') ELSE '' END`

// sourceSQL hides the arrays in subqueries: from their length the planner would conclude that compiling the query pays
// (jit), which takes it seconds.
const sourceSQL = `
FROM (
  SELECT r.ord, r.ns, r.name, CASE r.ns WHEN 'pg_temp' THEN pg_my_temp_schema()
    ELSE (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = r.ns::name) END AS nsoid
  FROM (SELECT u.ord, coalesce(nullif(u.ns, ''), current_schema()::text, '') AS ns, u.name
    FROM unnest((SELECT $1::text[]), (SELECT $2::text[])) WITH ORDINALITY AS u(ns, name, ord)) AS r
) AS w
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = w.nsoid AND c.relname = w.name::name`

// documentSQL gives expressions in the server's own canonical text. An index's is put together from parts, for the whole
// text would hold names and storage settings. indnullsnotdistinct came with version 15, which is why it is read through
// JSON. A column that owns the sequence its default draws from (serial) is one that the database numbers, as an identity
// column is. Whether a default is volatile is read off the functions and operators in its parse tree.
const documentSQL = `json_build_object(
    'comment', coalesce(obj_description(c.oid, 'pg_class'), ''),
    'columns', (` + columnsSQL + `),
    'key', (
      SELECT coalesce(json_agg(a.attname ORDER BY k.n), '[]')
      FROM pg_catalog.pg_index x, unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, n), pg_catalog.pg_attribute a
      WHERE x.indrelid = c.oid AND x.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum),
    'keyName', coalesce((
      SELECT k.conname FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p'), ''),
    'indexes', (` + indexesSQL + `),
    'invalid', (
      SELECT coalesce(json_agg(ic.relname ORDER BY ic.relname), '[]')
      FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class ic ON ic.oid = x.indexrelid
      WHERE x.indrelid = c.oid AND NOT x.indisvalid),
    'notValid', (
      SELECT coalesce(json_agg(k.conname ORDER BY k.conname), '[]')
      FROM pg_catalog.pg_constraint k
      WHERE k.conrelid = c.oid AND k.contype IN ('f', 'c') AND NOT k.convalidated),
    'foreignKeys', (` + foreignKeysSQL + `),
    'checks', (
      SELECT coalesce(json_agg(json_build_object('name', k.conname, 'expr', pg_get_expr(k.conbin, k.conrelid))), '[]')
      FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c')
  )::text`

const columnsSQL = `
      SELECT coalesce(json_agg(json_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
        'identity', a.attidentity::text, 'generated', a.attgenerated::text,
        'expr', coalesce(pg_get_expr(d.adbin, d.adrelid), ''),
        'serial', CASE WHEN d.adbin IS NULL THEN false ELSE EXISTS (
          SELECT FROM pg_catalog.pg_depend p JOIN pg_catalog.pg_class s ON s.oid = p.objid AND s.relkind = 'S'
          WHERE p.refclassid = 'pg_catalog.pg_class'::regclass AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum
            AND p.classid = 'pg_catalog.pg_class'::regclass AND p.deptype = 'a') END,
        'volatile', CASE WHEN d.adbin IS NULL THEN false ELSE EXISTS (
          SELECT FROM regexp_matches(d.adbin::text, ':(?:func|opfunc)id (\d+)', 'g') AS f(id)
          JOIN pg_catalog.pg_proc p ON p.oid = f.id[1]::oid AND p.provolatile = 'v') END,
        'collation', coalesce((
          SELECT CASE WHEN pg_collation_is_visible(co.oid) THEN '' ELSE quote_ident(cn.nspname) || '.' END || quote_ident(co.collname)
          FROM pg_catalog.pg_type t, pg_catalog.pg_collation co, pg_catalog.pg_namespace cn
          WHERE t.oid = a.atttypid AND t.typcollation <> a.attcollation AND co.oid = a.attcollation AND cn.oid = co.collnamespace), ''),
        'comment', coalesce(col_description(a.attrelid, a.attnum), '')
      ) ORDER BY a.attnum), '[]')
      FROM pg_catalog.pg_attribute a
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`

const indexesSQL = `
      SELECT coalesce(json_agg(json_build_object('name', ic.relname, 'unique', x.indisunique, 'constraint', EXISTS (
        SELECT FROM pg_catalog.pg_constraint k
        WHERE k.conrelid = x.indrelid AND k.conindid = x.indexrelid AND k.contype IN ('u', 'x')), 'definition',
        am.amname || ' (' || (
          SELECT string_agg(pg_get_indexdef(x.indexrelid, n, false)
            || CASE WHEN co.oid IS NULL OR co.oid = a.attcollation THEN '' ELSE ' COLLATE ' || quote_ident(co.collname) END
            || CASE WHEN oc.opcdefault THEN '' ELSE ' ' || quote_ident(oc.opcname) END
            || CASE x.indoption[n - 1] WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST' WHEN 3 THEN ' DESC'
               ELSE '' END, ', ' ORDER BY n)
          FROM generate_series(1, x.indnkeyatts::int) AS n
          JOIN pg_catalog.pg_opclass oc ON oc.oid = x.indclass[n - 1]
          LEFT JOIN pg_catalog.pg_collation co ON co.oid = x.indcollation[n - 1]
          LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[n - 1] AND a.attnum > 0
        ) || ')'
        || coalesce(' INCLUDE (' || (
          SELECT string_agg(pg_get_indexdef(x.indexrelid, n, false), ', ' ORDER BY n)
          FROM generate_series(x.indnkeyatts + 1, x.indnatts::int) AS n) || ')', '')
        || CASE to_jsonb(x) ->> 'indnullsnotdistinct' WHEN 'true' THEN ' NULLS NOT DISTINCT' ELSE '' END
        || coalesce(' WHERE ' || pg_get_expr(x.indpred, x.indrelid), '')
        || CASE WHEN x.indisexclusion THEN ' EXCLUDE' ELSE '' END
        || CASE WHEN x.indimmediate THEN '' ELSE ' DEFERRABLE' END
      ) ORDER BY ic.relname), '[]')
      FROM pg_catalog.pg_index x
      JOIN pg_catalog.pg_class ic ON ic.oid = x.indexrelid
      JOIN pg_catalog.pg_am am ON am.oid = ic.relam
      WHERE x.indrelid = c.oid AND NOT x.indisprimary AND x.indisvalid`

// foreignKeysSQL leaves out the copies that the server keeps for the partitions of a referenced table.
const foreignKeysSQL = `
      SELECT coalesce(json_agg(json_build_object(
        'name', k.conname, 'namespace', tn.nspname, 'table', tc.relname,
        'columns', (SELECT json_agg(a.attname ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY AS u(attnum, n)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum),
        'refColumns', (SELECT json_agg(a.attname ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY AS u(attnum, n)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum),
        'onDelete', k.confdeltype::text, 'onUpdate', k.confupdtype::text
      ) ORDER BY k.conname), '[]')
      FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_class tc ON tc.oid = k.confrelid
      JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
      WHERE k.conrelid = c.oid AND k.contype = 'f' AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)`
