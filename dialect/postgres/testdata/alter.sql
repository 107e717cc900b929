-- add a column, 0 rows
things: 1 change, 1 statement
  ~ missing column n: want bigint
  > ALTER TABLE "things" ADD COLUMN "n" bigint
      lock: access exclusive

-- add a column, 5000 rows
things: 1 change, 1 statement
  ~ missing column n: want bigint
  > ALTER TABLE "things" ADD COLUMN "n" bigint
      lock: access exclusive

-- add a column that must be filled, 0 rows
things: 1 change, 1 statement
  ~ missing column n: want bigint
  > ALTER TABLE "things" ADD COLUMN "n" bigint NOT NULL
      lock: access exclusive

-- add a column that must be filled, 5000 rows
things: 1 change, 2 statements
  ~ missing column n: want bigint
  > SELECT 1 FROM "things" LIMIT 1
      stops if it finds a row: column "n" is NOT NULL without a default, and there are rows: give it a backfill=; lock: access share
  > ALTER TABLE "things" ADD COLUMN "n" bigint NOT NULL
      lock: access exclusive; hazard: set-not-null(n)

-- add a column and fill it, 0 rows
things: 1 change, 1 statement
  ~ missing column n: want bigint
  > ALTER TABLE "things" ADD COLUMN "n" bigint NOT NULL
      lock: access exclusive

-- add a column and fill it, 5000 rows
things: 1 change, 9 statements
  ~ missing column n: want bigint
  > ALTER TABLE "things" ADD COLUMN "n" bigint
      lock: access exclusive
  > ALTER TABLE "things" ADD CONSTRAINT "schemactor_fill_n" CHECK ("n" IS NULL OR true) NOT VALID
      lock: access exclusive
  > WITH schemactor_page AS MATERIALIZED (
      SELECT "id" FROM "things" ORDER BY "id" LIMIT 1000
    ), schemactor_filled AS (
      UPDATE "things" SET "n" = (id * 2) WHERE ("id") IN (SELECT "id" FROM schemactor_page) AND ("n" IS NULL)
    )
    SELECT n.seen, l."id"::text FROM (SELECT count(*) AS seen FROM schemactor_page) AS n
    LEFT JOIN (SELECT * FROM schemactor_page ORDER BY "id" DESC LIMIT 1) AS l ON true
      runs in batches; lock: row exclusive; reads the table
  > ALTER TABLE "things" ADD CONSTRAINT "schemactor_nn_n" CHECK ("n" IS NOT NULL) NOT VALID
      runs in a transaction of its own; lock: access exclusive; hazard: set-not-null(n)
  > WITH schemactor_page AS MATERIALIZED (
      SELECT "id" FROM "things" ORDER BY "id" LIMIT 1000
    ), schemactor_filled AS (
      UPDATE "things" SET "n" = (id * 2) WHERE ("id") IN (SELECT "id" FROM schemactor_page) AND ("n" IS NULL)
    )
    SELECT n.seen, l."id"::text FROM (SELECT count(*) AS seen FROM schemactor_page) AS n
    LEFT JOIN (SELECT * FROM schemactor_page ORDER BY "id" DESC LIMIT 1) AS l ON true
      runs in batches; lock: row exclusive; reads the table
  > ALTER TABLE "things" VALIDATE CONSTRAINT "schemactor_nn_n"
      runs in a transaction of its own; lock: share update exclusive; reads the table
  > ALTER TABLE "things" ALTER COLUMN "n" SET NOT NULL
      lock: access exclusive; hazard: set-not-null(n)
  > ALTER TABLE "things" DROP CONSTRAINT "schemactor_nn_n"
      lock: access exclusive
  > ALTER TABLE "things" DROP CONSTRAINT "schemactor_fill_n"
      lock: access exclusive

-- add columns with a default of their own for each row, 0 rows
things: 2 changes, 2 statements
  ~ missing column r: want double precision
  ~ missing column s: want double precision
  > ALTER TABLE "things" ADD COLUMN "r" double precision DEFAULT (random())
      lock: access exclusive
  > ALTER TABLE "things" ADD COLUMN "s" double precision DEFAULT (random()) NOT NULL
      lock: access exclusive

-- add columns with a default of their own for each row, 5000 rows
things: 2 changes, 14 statements
  ~ missing column r: want double precision
  ~ missing column s: want double precision
  > ALTER TABLE "things" ADD COLUMN "r" double precision
      lock: access exclusive
  > ALTER TABLE "things" ALTER COLUMN "r" SET DEFAULT (random())
      lock: access exclusive
  > ALTER TABLE "things" ADD CONSTRAINT "schemactor_fill_r" CHECK ("r" IS NULL OR true) NOT VALID
      lock: access exclusive
  > WITH schemactor_page AS MATERIALIZED (
      SELECT "id" FROM "things" ORDER BY "id" LIMIT 1000
    ), schemactor_filled AS (
      UPDATE "things" SET "r" = (random()) WHERE ("id") IN (SELECT "id" FROM schemactor_page) AND ("r" IS NULL)
    )
    SELECT n.seen, l."id"::text FROM (SELECT count(*) AS seen FROM schemactor_page) AS n
    LEFT JOIN (SELECT * FROM schemactor_page ORDER BY "id" DESC LIMIT 1) AS l ON true
      runs in batches; lock: row exclusive; reads the table
  > ALTER TABLE "things" DROP CONSTRAINT "schemactor_fill_r"
      lock: access exclusive
  > ALTER TABLE "things" ADD COLUMN "s" double precision
      lock: access exclusive
  > ALTER TABLE "things" ALTER COLUMN "s" SET DEFAULT (random())
      lock: access exclusive
  > ALTER TABLE "things" ADD CONSTRAINT "schemactor_fill_s" CHECK ("s" IS NULL OR true) NOT VALID
      lock: access exclusive
  > WITH schemactor_page AS MATERIALIZED (
      SELECT "id" FROM "things" ORDER BY "id" LIMIT 1000
    ), schemactor_filled AS (
      UPDATE "things" SET "s" = (random()) WHERE ("id") IN (SELECT "id" FROM schemactor_page) AND ("s" IS NULL)
    )
    SELECT n.seen, l."id"::text FROM (SELECT count(*) AS seen FROM schemactor_page) AS n
    LEFT JOIN (SELECT * FROM schemactor_page ORDER BY "id" DESC LIMIT 1) AS l ON true
      runs in batches; lock: row exclusive; reads the table
  > ALTER TABLE "things" ADD CONSTRAINT "schemactor_nn_s" CHECK ("s" IS NOT NULL) NOT VALID
      runs in a transaction of its own; lock: access exclusive
  > ALTER TABLE "things" VALIDATE CONSTRAINT "schemactor_nn_s"
      runs in a transaction of its own; lock: share update exclusive; reads the table
  > ALTER TABLE "things" ALTER COLUMN "s" SET NOT NULL
      lock: access exclusive
  > ALTER TABLE "things" DROP CONSTRAINT "schemactor_nn_s"
      lock: access exclusive
  > ALTER TABLE "things" DROP CONSTRAINT "schemactor_fill_s"
      lock: access exclusive

-- add a default and a column with one, 0 rows
things: 2 changes, 3 statements
  ~ column default n: want 7
  ~ missing column note: want text
  > ALTER TABLE "things" ADD COLUMN "note" text COLLATE "C" DEFAULT ('it''s') NOT NULL
      lock: access exclusive
  > ALTER TABLE "things" ALTER COLUMN "n" SET DEFAULT (7)
      lock: access exclusive; hazard: change-default(n)
  > COMMENT ON COLUMN "things"."note" IS 'a note'
      lock: share update exclusive

-- add a default and a column with one, 5000 rows
things: 2 changes, 3 statements
  ~ column default n: want 7
  ~ missing column note: want text
  > ALTER TABLE "things" ADD COLUMN "note" text COLLATE "C" DEFAULT ('it''s') NOT NULL
      lock: access exclusive
  > ALTER TABLE "things" ALTER COLUMN "n" SET DEFAULT (7)
      lock: access exclusive; hazard: change-default(n)
  > COMMENT ON COLUMN "things"."note" IS 'a note'
      lock: share update exclusive

-- set not null, 0 rows
things: 1 change, 1 statement
  ~ column nullability n: want not null, have null
  > ALTER TABLE "things" ALTER COLUMN "n" SET NOT NULL
      lock: access exclusive

-- set not null, 5000 rows
things: 1 change, 5 statements
  ~ column nullability n: want not null, have null
  > SELECT 1 FROM "things" WHERE "n" IS NULL LIMIT 1
      stops if it finds a row: column "n" holds NULL: give it a backfill=; runs in a transaction of its own; lock: access share; reads the table
  > ALTER TABLE "things" ADD CONSTRAINT "schemactor_nn_n" CHECK ("n" IS NOT NULL) NOT VALID
      runs in a transaction of its own; lock: access exclusive; hazard: set-not-null(n)
  > ALTER TABLE "things" VALIDATE CONSTRAINT "schemactor_nn_n"
      runs in a transaction of its own; lock: share update exclusive; reads the table
  > ALTER TABLE "things" ALTER COLUMN "n" SET NOT NULL
      lock: access exclusive; hazard: set-not-null(n)
  > ALTER TABLE "things" DROP CONSTRAINT "schemactor_nn_n"
      lock: access exclusive

-- fill and set not null, 0 rows
things: 1 change, 1 statement
  ~ column nullability n: want not null, have null
  > ALTER TABLE "things" ALTER COLUMN "n" SET NOT NULL
      lock: access exclusive

-- fill and set not null, 5000 rows
things: 1 change, 6 statements
  ~ column nullability n: want not null, have null
  > WITH schemactor_page AS MATERIALIZED (
      SELECT "id" FROM "things" ORDER BY "id" LIMIT 1000
    ), schemactor_filled AS (
      UPDATE "things" SET "n" = (id * 2) WHERE ("id") IN (SELECT "id" FROM schemactor_page) AND ("n" IS NULL)
    )
    SELECT n.seen, l."id"::text FROM (SELECT count(*) AS seen FROM schemactor_page) AS n
    LEFT JOIN (SELECT * FROM schemactor_page ORDER BY "id" DESC LIMIT 1) AS l ON true
      runs in batches; lock: row exclusive; reads the table
  > ALTER TABLE "things" ADD CONSTRAINT "schemactor_nn_n" CHECK ("n" IS NOT NULL) NOT VALID
      runs in a transaction of its own; lock: access exclusive; hazard: set-not-null(n)
  > WITH schemactor_page AS MATERIALIZED (
      SELECT "id" FROM "things" ORDER BY "id" LIMIT 1000
    ), schemactor_filled AS (
      UPDATE "things" SET "n" = (id * 2) WHERE ("id") IN (SELECT "id" FROM schemactor_page) AND ("n" IS NULL)
    )
    SELECT n.seen, l."id"::text FROM (SELECT count(*) AS seen FROM schemactor_page) AS n
    LEFT JOIN (SELECT * FROM schemactor_page ORDER BY "id" DESC LIMIT 1) AS l ON true
      runs in batches; lock: row exclusive; reads the table
  > ALTER TABLE "things" VALIDATE CONSTRAINT "schemactor_nn_n"
      runs in a transaction of its own; lock: share update exclusive; reads the table
  > ALTER TABLE "things" ALTER COLUMN "n" SET NOT NULL
      lock: access exclusive; hazard: set-not-null(n)
  > ALTER TABLE "things" DROP CONSTRAINT "schemactor_nn_n"
      lock: access exclusive

-- drop not null, 0 rows
things: 1 change, 1 statement
  ~ column nullability n: want null, have not null
  > ALTER TABLE "things" ALTER COLUMN "n" DROP NOT NULL
      lock: access exclusive; hazard: drop-not-null(n)

-- drop not null, 5000 rows
things: 1 change, 1 statement
  ~ column nullability n: want null, have not null
  > ALTER TABLE "things" ALTER COLUMN "n" DROP NOT NULL
      lock: access exclusive; hazard: drop-not-null(n)

-- rename a column, 0 rows
things: 2 changes, 2 statements
  ~ renamed column m "m": have n
  ~ missing check ("m ""m""" > 0)
  > ALTER TABLE "things" RENAME COLUMN "n" TO "m ""m"""
      lock: access exclusive; hazard: rename-column(m "m")
  > ALTER TABLE "things" ADD CONSTRAINT "things__730e42e5_ck" CHECK ("m ""m""" > 0)
      lock: access exclusive

-- rename a column, 5000 rows
things: 2 changes, 4 statements
  ~ renamed column m "m": have n
  ~ missing check ("m ""m""" > 0)
  > ALTER TABLE "things" RENAME COLUMN "n" TO "m ""m"""
      lock: access exclusive; hazard: rename-column(m "m")
  > SELECT 1 FROM "things" WHERE NOT ("m ""m""" > 0) LIMIT 1
      stops if it finds a row: rows do not meet the check over "m \"m\""; runs in a transaction of its own; lock: access share; reads the table
  > ALTER TABLE "things" ADD CONSTRAINT "things__730e42e5_ck" CHECK ("m ""m""" > 0) NOT VALID
      runs in a transaction of its own; lock: access exclusive; hazard: add-check(m "m")
  > ALTER TABLE "things" VALIDATE CONSTRAINT "things__730e42e5_ck"
      runs in a transaction of its own; lock: share update exclusive; reads the table

-- rename the table, 0 rows
new things: 1 change, 2 statements
  ~ renamed table new things: have things
  > ALTER TABLE "things" RENAME TO "new things"
      lock: access exclusive; hazard: rename-table
  > ALTER INDEX "things_pkey" RENAME TO "new things_pkey"
      lock: share update exclusive

-- rename the table, 5000 rows
new things: 1 change, 2 statements
  ~ renamed table new things: have things
  > ALTER TABLE "things" RENAME TO "new things"
      lock: access exclusive; hazard: rename-table
  > ALTER INDEX "things_pkey" RENAME TO "new things_pkey"
      lock: share update exclusive

-- widen, 0 rows
things: 2 changes, 3 statements
  ~ column type n: want character varying(40), have character varying(20)
  ~ extra check ((n)::text <> ''::text)
  > ALTER TABLE "things" ALTER COLUMN "n" DROP DEFAULT
      lock: access exclusive
  > ALTER TABLE "things" ALTER COLUMN "n" TYPE varchar(40) COLLATE "POSIX"
      lock: access exclusive
  > ALTER TABLE "things" ALTER COLUMN "n" SET DEFAULT ('x')
      lock: access exclusive

-- widen, 5000 rows
things: 2 changes, 3 statements
  ~ column type n: want character varying(40), have character varying(20)
  ~ extra check ((n)::text <> ''::text)
  > ALTER TABLE "things" ALTER COLUMN "n" DROP DEFAULT
      lock: access exclusive
  > ALTER TABLE "things" ALTER COLUMN "n" TYPE varchar(40) COLLATE "POSIX"
      lock: access exclusive; reads the table
  > ALTER TABLE "things" ALTER COLUMN "n" SET DEFAULT ('x')
      lock: access exclusive

-- widen numbers, 0 rows
things: 1 change, 1 statement
  ~ column type n: want numeric(6,2), have numeric(5,2)
  > ALTER TABLE "things" ALTER COLUMN "n" TYPE numeric(6,2)
      lock: access exclusive

-- widen numbers, 5000 rows
things: 1 change, 1 statement
  ~ column type n: want numeric(6,2), have numeric(5,2)
  > ALTER TABLE "things" ALTER COLUMN "n" TYPE numeric(6,2)
      lock: access exclusive

-- another check over the column, 0 rows
things: 2 changes, 1 statement
  ~ missing check (n = ANY (ARRAY['a'::text, 'b'::text, 'c'::text]))
  ~ extra check (n = ANY (ARRAY['a'::text, 'b'::text]))
  > ALTER TABLE "things" DROP CONSTRAINT "things_n_check", ADD CONSTRAINT "things__3eca1171_ck" CHECK ("n" IN ('a', 'b', 'c'))
      lock: access exclusive; hazard: change-check(n)

-- another check over the column, 5000 rows
things: 2 changes, 3 statements
  ~ missing check (n = ANY (ARRAY['a'::text, 'b'::text, 'c'::text]))
  ~ extra check (n = ANY (ARRAY['a'::text, 'b'::text]))
  > SELECT 1 FROM "things" WHERE NOT ("n" IN ('a', 'b', 'c')) LIMIT 1
      stops if it finds a row: rows do not meet the check over "n"; runs in a transaction of its own; lock: access share; reads the table
  > ALTER TABLE "things" DROP CONSTRAINT "things_n_check", ADD CONSTRAINT "things__3eca1171_ck" CHECK ("n" IN ('a', 'b', 'c')) NOT VALID
      runs in a transaction of its own; lock: access exclusive; hazard: change-check(n)
  > ALTER TABLE "things" VALIDATE CONSTRAINT "things__3eca1171_ck"
      runs in a transaction of its own; lock: share update exclusive; reads the table

-- leftovers of another program, 0 rows
things: 4 changes, 1 statement
  ~ extra column legacy: have text
  ~ extra column extra: have integer
  ~ extra unique index btree (extra): have things_extra_key
  ~ extra check (extra > 0)
  > ALTER TABLE "things" ALTER COLUMN "legacy" DROP NOT NULL
      lock: access exclusive; hazard: leftover-not-null(legacy)

-- leftovers of another program, 5000 rows
things: 4 changes, 1 statement
  ~ extra column legacy: have text
  ~ extra column extra: have integer
  ~ extra unique index btree (extra): have things_extra_key
  ~ extra check (extra > 0)
  > ALTER TABLE "things" ALTER COLUMN "legacy" DROP NOT NULL
      lock: access exclusive; hazard: leftover-not-null(legacy)

-- drop what the model does not know, 0 rows
things: 4 changes, 4 statements
  ~ extra column legacy: have text
  ~ extra column extra: have integer
  ~ extra unique index btree (extra): have things_extra_key
  ~ extra check (extra > 0)
  > ALTER TABLE "things" DROP CONSTRAINT "things_extra_check"
      lock: access exclusive; hazard: drop-check(extra)
  > ALTER TABLE "things" DROP CONSTRAINT "things_extra_key"
      lock: access exclusive; hazard: drop-unique(extra)
  > ALTER TABLE "things" DROP COLUMN "legacy"
      lock: access exclusive; hazard: drop-column(legacy)
  > ALTER TABLE "things" DROP COLUMN "extra"
      lock: access exclusive; hazard: drop-column(extra)

-- drop what the model does not know, 5000 rows
things: 4 changes, 4 statements
  ~ extra column legacy: have text
  ~ extra column extra: have integer
  ~ extra unique index btree (extra): have things_extra_key
  ~ extra check (extra > 0)
  > ALTER TABLE "things" DROP CONSTRAINT "things_extra_check"
      lock: access exclusive; hazard: drop-check(extra)
  > ALTER TABLE "things" DROP CONSTRAINT "things_extra_key"
      lock: access exclusive; hazard: drop-unique(extra)
  > ALTER TABLE "things" DROP COLUMN "legacy"
      lock: access exclusive; hazard: drop-column(legacy)
  > ALTER TABLE "things" DROP COLUMN "extra"
      lock: access exclusive; hazard: drop-column(extra)

-- generated column, 0 rows
things: 1 change, 2 statements
  ~ column generated expression twice: want (n * 2), have (n * 3)
  > ALTER TABLE "things" DROP COLUMN "twice"
      lock: access exclusive; hazard: change-generated(twice)
  > ALTER TABLE "things" ADD COLUMN "twice" bigint GENERATED ALWAYS AS (n * 2) STORED NOT NULL
      lock: access exclusive

-- generated column, 5000 rows
things: 1 change, 2 statements
  ~ column generated expression twice: want (n * 2), have (n * 3)
  > ALTER TABLE "things" DROP COLUMN "twice"
      lock: access exclusive; hazard: change-generated(twice)
  > ALTER TABLE "things" ADD COLUMN "twice" bigint GENERATED ALWAYS AS (n * 2) STORED NOT NULL
      lock: access exclusive; rewrites the table; hazard: rewrite-table(twice)

-- a key column is computed while another one is filled, 0 rows
things: 3 changes, 4 statements
  ~ column generated expression n: want (id * 2)
  ~ column nullability label: want not null, have null
  ~ primary key: want id, have id, n
  > ALTER TABLE "things" DROP COLUMN "n"
      lock: access exclusive; hazard: change-generated(n)
  > ALTER TABLE "things" ALTER COLUMN "label" SET NOT NULL
      lock: access exclusive
  > ALTER TABLE "things" ADD COLUMN "n" bigint GENERATED ALWAYS AS (id * 2) STORED NOT NULL
      lock: access exclusive
  > ALTER TABLE "things" DROP CONSTRAINT IF EXISTS "things_pkey", ADD CONSTRAINT "things_pkey" PRIMARY KEY ("id")
      lock: access exclusive; hazard: change-key(id)

-- a key column is computed while another one is filled, 5000 rows
things: 3 changes, 12 statements
  ~ column generated expression n: want (id * 2)
  ~ column nullability label: want not null, have null
  ~ primary key: want id, have id, n
  > ALTER TABLE "things" DROP COLUMN "n"
      lock: access exclusive; hazard: change-generated(n)
  > UPDATE "things" SET "label" = ('x') WHERE ("label" IS NULL)
      runs in a transaction of its own; lock: row exclusive; reads the table
  > ALTER TABLE "things" ADD CONSTRAINT "schemactor_nn_label" CHECK ("label" IS NOT NULL) NOT VALID
      runs in a transaction of its own; lock: access exclusive; hazard: set-not-null(label)
  > UPDATE "things" SET "label" = ('x') WHERE ("label" IS NULL)
      runs in a transaction of its own; lock: row exclusive; reads the table
  > ALTER TABLE "things" VALIDATE CONSTRAINT "schemactor_nn_label"
      runs in a transaction of its own; lock: share update exclusive; reads the table
  > ALTER TABLE "things" ALTER COLUMN "label" SET NOT NULL
      lock: access exclusive; hazard: set-not-null(label)
  > ALTER TABLE "things" DROP CONSTRAINT "schemactor_nn_label"
      lock: access exclusive
  > ALTER TABLE "things" ADD COLUMN "n" bigint GENERATED ALWAYS AS (id * 2) STORED NOT NULL
      lock: access exclusive; rewrites the table; hazard: rewrite-table(n)
  > SELECT 1 FROM "things" GROUP BY "id" HAVING count(*) > 1 LIMIT 1
      stops if it finds a row: duplicates in "id": they cannot be the key; runs in a transaction of its own; lock: access share; reads the table
  > CREATE UNIQUE INDEX CONCURRENTLY "schemactor_key_e61551ea" ON "things" USING btree ("id")
      runs outside any transaction; lock: share update exclusive; reads the table; hazard: change-key(id)
  > ALTER TABLE "things" DROP CONSTRAINT IF EXISTS "things_pkey"
      lock: access exclusive; hazard: change-key(id)
  > ALTER TABLE "things" ADD CONSTRAINT "things_pkey" PRIMARY KEY USING INDEX "schemactor_key_e61551ea"
      lock: access exclusive; hazard: change-key(id)

-- generated no longer, 0 rows
things: 1 change, 1 statement
  ~ column generated expression n: have (id * 3)
  > ALTER TABLE "things" ALTER COLUMN "n" DROP EXPRESSION
      lock: access exclusive; hazard: change-generated(n)

-- generated no longer, 5000 rows
things: 1 change, 1 statement
  ~ column generated expression n: have (id * 3)
  > ALTER TABLE "things" ALTER COLUMN "n" DROP EXPRESSION
      lock: access exclusive; hazard: change-generated(n)

-- another key, numbered, 0 rows
things: 2 changes, 3 statements
  ~ column identity n: want numbered by the database, have not numbered
  ~ primary key: want n, have id
  > ALTER TABLE "things" DROP CONSTRAINT IF EXISTS "things_pkey", ADD CONSTRAINT "things_pkey" PRIMARY KEY ("n")
      lock: access exclusive; hazard: change-key(n)
  > ALTER TABLE "things" ALTER COLUMN "n" ADD GENERATED BY DEFAULT AS IDENTITY
      lock: access exclusive; hazard: change-identity(n)
  > SELECT setval(pg_get_serial_sequence('"things"', 'n')::regclass, greatest(coalesce(max("n"), 1), 1), coalesce(max("n") > 0, false)) FROM "things"
      lock: access share

-- another key, numbered, 5000 rows
things: 2 changes, 6 statements
  ~ column identity n: want numbered by the database, have not numbered
  ~ primary key: want n, have id
  > SELECT 1 FROM "things" GROUP BY "n" HAVING count(*) > 1 LIMIT 1
      stops if it finds a row: duplicates in "n": they cannot be the key; runs in a transaction of its own; lock: access share; reads the table
  > CREATE UNIQUE INDEX CONCURRENTLY "schemactor_key_dbb6c48b" ON "things" USING btree ("n")
      runs outside any transaction; lock: share update exclusive; reads the table; hazard: change-key(n)
  > ALTER TABLE "things" DROP CONSTRAINT IF EXISTS "things_pkey"
      lock: access exclusive; hazard: change-key(n)
  > ALTER TABLE "things" ADD CONSTRAINT "things_pkey" PRIMARY KEY USING INDEX "schemactor_key_dbb6c48b"
      lock: access exclusive; hazard: change-key(n)
  > ALTER TABLE "things" ALTER COLUMN "n" ADD GENERATED BY DEFAULT AS IDENTITY
      lock: access exclusive; hazard: change-identity(n)
  > SELECT setval(pg_get_serial_sequence('"things"', 'n')::regclass, greatest(coalesce(max("n"), 1), 1), coalesce(max("n") > 0, false)) FROM "things"
      lock: access share

-- a numbered column becomes a text, 0 rows
things: 2 changes, 3 statements
  ~ column type n: want text, have bigint
  ~ column identity n: want not numbered, have numbered by the database
  > ALTER TABLE "things" ALTER COLUMN "n" DROP IDENTITY IF EXISTS
      lock: access exclusive; hazard: change-identity(n)
  > ALTER TABLE "things" ALTER COLUMN "n" DROP DEFAULT
      lock: access exclusive; hazard: change-identity(n)
  > ALTER TABLE "things" ALTER COLUMN "n" TYPE text COLLATE "C" USING "n"::text
      lock: access exclusive; hazard: retype-column(n)

-- a numbered column becomes a text, 5000 rows
things: 2 changes, 3 statements
  ~ column type n: want text, have bigint
  ~ column identity n: want not numbered, have numbered by the database
  > ALTER TABLE "things" ALTER COLUMN "n" DROP IDENTITY IF EXISTS
      lock: access exclusive; hazard: change-identity(n)
  > ALTER TABLE "things" ALTER COLUMN "n" DROP DEFAULT
      lock: access exclusive; hazard: change-identity(n)
  > ALTER TABLE "things" ALTER COLUMN "n" TYPE text COLLATE "C" USING "n"::text
      lock: access exclusive; rewrites the table; hazard: retype-column(n); hazard: rewrite-table(n)

-- constraints, 0 rows
things: 4 changes, 4 statements
  ~ missing index btree (n, id)
  ~ missing unique index btree (n)
  ~ missing foreign key (n) to public.owners (id) on delete CASCADE on update NO ACTION
  ~ missing check (n < 1000000)
  > CREATE INDEX "things__n__id_ix" ON "things" USING btree ("n", "id")
      lock: share
  > CREATE UNIQUE INDEX "things__n_uq" ON "things" USING btree ("n")
      lock: share
  > ALTER TABLE "things" ADD CONSTRAINT "things__20a7faa3_ck" CHECK (n < 1000000)
      lock: access exclusive
  > ALTER TABLE "things" ADD CONSTRAINT "things__n_fk" FOREIGN KEY ("n") REFERENCES "owners" ("id") ON DELETE CASCADE
      lock: share row exclusive

-- constraints, 5000 rows
things: 4 changes, 9 statements
  ~ missing index btree (n, id)
  ~ missing unique index btree (n)
  ~ missing foreign key (n) to public.owners (id) on delete CASCADE on update NO ACTION
  ~ missing check (n < 1000000)
  > CREATE INDEX CONCURRENTLY "things__n__id_ix" ON "things" USING btree ("n", "id")
      runs outside any transaction; lock: share update exclusive; reads the table
  > SELECT 1 FROM "things" GROUP BY "n" HAVING count(*) > 1 LIMIT 1
      stops if it finds a row: duplicates in "n": they cannot become unique; runs in a transaction of its own; lock: access share; reads the table
  > CREATE UNIQUE INDEX CONCURRENTLY "things__n_uq" ON "things" USING btree ("n")
      runs outside any transaction; lock: share update exclusive; reads the table; hazard: add-unique(n)
  > SELECT 1 FROM "things" WHERE NOT (n < 1000000) LIMIT 1
      stops if it finds a row: rows do not meet the check over "n"; runs in a transaction of its own; lock: access share; reads the table
  > ALTER TABLE "things" ADD CONSTRAINT "things__20a7faa3_ck" CHECK (n < 1000000) NOT VALID
      runs in a transaction of its own; lock: access exclusive; hazard: add-check(n)
  > ALTER TABLE "things" VALIDATE CONSTRAINT "things__20a7faa3_ck"
      runs in a transaction of its own; lock: share update exclusive; reads the table
  > SELECT 1 FROM "things" AS c WHERE c."n" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "owners" AS p WHERE p."id" = c."n") LIMIT 1
      stops if it finds a row: rows point nowhere by "n"; runs in a transaction of its own; lock: access share; reads the table
  > ALTER TABLE "things" ADD CONSTRAINT "things__n_fk" FOREIGN KEY ("n") REFERENCES "owners" ("id") ON DELETE CASCADE NOT VALID
      runs in a transaction of its own; lock: share row exclusive; hazard: add-foreign-key(n)
  > ALTER TABLE "things" VALIDATE CONSTRAINT "things__n_fk"
      runs in a transaction of its own; lock: share update exclusive; reads the table

-- not validated, 0 rows
things: 1 change, 1 statement
  ~ constraint not validated half
  > ALTER TABLE "things" VALIDATE CONSTRAINT "half"
      lock: share update exclusive

-- not validated, 5000 rows
things: 1 change, 1 statement
  ~ constraint not validated half
  > ALTER TABLE "things" VALIDATE CONSTRAINT "half"
      runs in a transaction of its own; lock: share update exclusive; reads the table

-- another type, 0 rows
things: 3 changes, 5 statements
  ~ column type n: want bigint, have text
  ~ column default n: want 7, have '1'::text
  ~ missing column note: want text
  > ALTER TABLE "things" ADD COLUMN "note" text COLLATE "C" DEFAULT ('it''s') NOT NULL
      lock: access exclusive
  > ALTER TABLE "things" ALTER COLUMN "n" DROP DEFAULT
      lock: access exclusive
  > ALTER TABLE "things" ALTER COLUMN "n" TYPE bigint USING "n"::bigint
      lock: access exclusive; hazard: retype-column(n)
  > ALTER TABLE "things" ALTER COLUMN "n" SET DEFAULT (7)
      lock: access exclusive; hazard: change-default(n)
  > COMMENT ON COLUMN "things"."note" IS 'a note'
      lock: share update exclusive

