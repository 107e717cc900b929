-- tickets: insert, bind [0 1 2 3 4 6 7 8 9 10 11], return [1 4 5]
INSERT INTO "tickets" ("id", "title", "owner", "price", "day", "pages", "doc", "version", "created_at", "updated_at", "deleted_at") VALUES ($1::bigint, COALESCE($2::text, 'untitled'), $3::uuid, $4::numeric, COALESCE($5::date, (now() AT TIME ZONE 'UTC')::date), $6::integer, $7::jsonb, $8::bigint, $9::timestamptz, $10::timestamptz, $11::timestamptz) RETURNING "title", "day", "twice";
-- tickets: insert auto, bind [1 2 3 4 6 7 8 9 10 11], return [0 1 4 5]
INSERT INTO "tickets" ("title", "owner", "price", "day", "pages", "doc", "version", "created_at", "updated_at", "deleted_at") VALUES (COALESCE($1::text, 'untitled'), $2::uuid, $3::numeric, COALESCE($4::date, (now() AT TIME ZONE 'UTC')::date), $5::integer, $6::jsonb, $7::bigint, $8::timestamptz, $9::timestamptz, $10::timestamptz) RETURNING "id", "title", "day", "twice";
-- tickets: get, bind [0], return [0 1 2 3 4 5 6 7 8 9 10 11]
SELECT "id", "title", "owner", "price"::text, "day", "twice", "pages", "doc"::text, "version", "created_at", "updated_at", "deleted_at" FROM "tickets" WHERE "id" = $1::bigint AND "deleted_at" IS NULL;
-- tickets: exists, bind [0], return []
SELECT 1 FROM "tickets" WHERE "id" = $1::bigint AND "deleted_at" IS NULL;
-- tickets: update, bind [1 2 3 4 6 7 10 0 8], return [5 8]
UPDATE "tickets" SET "title" = $1::text, "owner" = $2::uuid, "price" = $3::numeric, "day" = $4::date, "pages" = $5::integer, "doc" = $6::jsonb, "version" = "version" + 1, "updated_at" = $7::timestamptz WHERE "id" = $8::bigint AND "deleted_at" IS NULL AND "version" = $9::bigint RETURNING "twice", "version";
-- tickets: delete, bind [11 10 0], return []
UPDATE "tickets" SET "deleted_at" = $1::timestamptz, "updated_at" = $2::timestamptz, "version" = "version" + 1 WHERE "id" = $3::bigint AND "deleted_at" IS NULL;
-- chairs: insert, bind [0 1 2], return []
INSERT INTO "chairs" ("ro""om", "number", "guest") VALUES ($1::text, $2::smallint, $3::text);
-- chairs: insert auto, bind [0 1 2], return []
INSERT INTO "chairs" ("ro""om", "number", "guest") VALUES ($1::text, $2::smallint, $3::text);
-- chairs: get, bind [0 1], return [0 1 2]
SELECT "ro""om", "number", "guest" FROM "chairs" WHERE "ro""om" = $1::text AND "number" = $2::smallint;
-- chairs: exists, bind [0 1], return []
SELECT 1 FROM "chairs" WHERE "ro""om" = $1::text AND "number" = $2::smallint;
-- chairs: update, bind [2 0 1], return []
UPDATE "chairs" SET "guest" = $1::text WHERE "ro""om" = $2::text AND "number" = $3::smallint;
-- chairs: delete, bind [0 1], return []
DELETE FROM "chairs" WHERE "ro""om" = $1::text AND "number" = $2::smallint;
-- links: insert, bind [0 1], return []
INSERT INTO "links" ("a", "b") VALUES ($1::bigint, $2::bigint);
-- links: insert auto, bind [0 1], return []
INSERT INTO "links" ("a", "b") VALUES ($1::bigint, $2::bigint);
-- links: get, bind [0 1], return [0 1]
SELECT "a", "b" FROM "links" WHERE "a" = $1::bigint AND "b" = $2::bigint;
-- links: exists, bind [0 1], return []
SELECT 1 FROM "links" WHERE "a" = $1::bigint AND "b" = $2::bigint;
-- links: update, bind [0 1], return []
UPDATE "links" SET "a" = "a" WHERE "a" = $1::bigint AND "b" = $2::bigint;
-- links: delete, bind [0 1], return []
DELETE FROM "links" WHERE "a" = $1::bigint AND "b" = $2::bigint;
-- counters: insert, bind [0], return []
INSERT INTO "counters" ("id") VALUES ($1::bigint);
-- counters: insert auto, bind [], return [0]
INSERT INTO "counters" DEFAULT VALUES RETURNING "id";
-- counters: get, bind [0], return [0]
SELECT "id" FROM "counters" WHERE "id" = $1::bigint;
-- counters: exists, bind [0], return []
SELECT 1 FROM "counters" WHERE "id" = $1::bigint;
-- counters: update, bind [0], return []
UPDATE "counters" SET "id" = "id" WHERE "id" = $1::bigint;
-- counters: delete, bind [0], return []
DELETE FROM "counters" WHERE "id" = $1::bigint;
-- count, everything: []interface {}(nil)
SELECT count(*) FROM "tickets" WHERE "deleted_at" IS NULL;
-- count, equal: []interface {}{"x"}
SELECT count(*) FROM "tickets" WHERE "deleted_at" IS NULL AND "title" = $1::text;
-- count, unequal: []interface {}{"2024-02-29"}
SELECT count(*) FROM "tickets" WHERE "deleted_at" IS NULL AND "day" <> $1::date;
-- count, null: []interface {}(nil)
SELECT count(*) FROM "tickets" WHERE "deleted_at" IS NULL AND ("owner" IS NULL OR "owner" IS NOT NULL OR "doc" IS NULL);
-- count, order: []interface {}{"9.50", time.Date(2024, time.May, 6, 5, 8, 9, 10000, time.UTC)}
SELECT count(*) FROM "tickets" WHERE "deleted_at" IS NULL AND (CASE WHEN true THEN "price" END < $1::numeric AND "created_at" >= $2::timestamptz);
-- count, between: []interface {}{"1.00", "2.00"}
SELECT count(*) FROM "tickets" WHERE "deleted_at" IS NULL AND (CASE WHEN true THEN "price" END >= $1::numeric AND CASE WHEN true THEN "price" END <= $2::numeric);
-- count, sets: []interface {}{1, 2, 3}
SELECT count(*) FROM "tickets" WHERE "deleted_at" IS NULL AND ("pages" IN ($1::integer, $2::integer) AND "pages" NOT IN ($3::integer));
-- count, empty sets: []interface {}(nil)
SELECT count(*) FROM "tickets" WHERE "deleted_at" IS NULL AND (FALSE OR TRUE);
-- count, patterns: []interface {}{"a\\%_%", "%*[\\%%"}
SELECT count(*) FROM "tickets" WHERE "deleted_at" IS NULL AND ("title" COLLATE "C" LIKE $1::text AND "title" COLLATE "C" LIKE $2::text);
-- count, not: []interface {}{1, 2, 3}
SELECT count(*) FROM "tickets" WHERE "deleted_at" IS NULL AND NOT (("id" = $1::bigint OR ("id" = $2::bigint AND "id" = $3::bigint)));
-- count, wide: []interface {}{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}
SELECT count(*) FROM "tickets" WHERE "deleted_at" IS NULL AND ((("id" = $1::bigint OR "id" = $2::bigint OR "id" = $3::bigint OR "id" = $4::bigint OR "id" = $5::bigint) OR ("id" = $6::bigint OR "id" = $7::bigint OR "id" = $8::bigint OR "id" = $9::bigint OR "id" = $10::bigint)) OR (("id" = $11::bigint OR "id" = $12::bigint OR "id" = $13::bigint OR "id" = $14::bigint OR "id" = $15::bigint) OR ("id" = $16::bigint OR "id" = $17::bigint OR "id" = $18::bigint OR "id" = $19::bigint OR "id" = $20::bigint)));
-- select: []interface {}{1, 10, 20}
SELECT "id", "title", "owner", "price"::text, "day", "twice", "pages", "doc"::text, "version", "created_at", "updated_at", "deleted_at" FROM "tickets" WHERE "deleted_at" IS NULL AND "id" = $1::bigint ORDER BY CASE WHEN true THEN "price" END DESC NULLS FIRST, "owner" NULLS LAST, "id" DESC LIMIT $2 OFFSET $3;
-- select, offset alone: []interface {}{9223372036854775787, 20}
SELECT "id", "title", "owner", "price"::text, "day", "twice", "pages", "doc"::text, "version", "created_at", "updated_at", "deleted_at" FROM "tickets" WHERE "deleted_at" IS NULL LIMIT $1 OFFSET $2;
-- patch: []interface {}{"x", interface {}(nil), "[\"a\"]", time.Date(2024, time.May, 6, 5, 8, 9, 10000, time.UTC)}
UPDATE "tickets" SET "title" = $1::text, "owner" = $2::uuid, "doc" = $3::jsonb, "updated_at" = $4::timestamptz, "version" = "version" + 1 WHERE "id" = $5::bigint AND "deleted_at" IS NULL RETURNING "id", "title", "owner", "price"::text, "day", "twice", "pages", "doc"::text, "version", "created_at", "updated_at", "deleted_at";
-- delete where: []interface {}{time.Date(2024, time.May, 6, 5, 8, 9, 10000, time.UTC), time.Date(2024, time.May, 6, 5, 8, 9, 10000, time.UTC), 1}
UPDATE "tickets" SET "deleted_at" = $1::timestamptz, "updated_at" = $2::timestamptz, "version" = "version" + 1 WHERE "deleted_at" IS NULL AND "id" = $3::bigint;
-- delete where, chairs: []interface {}{1}
DELETE FROM "chairs" WHERE "number" > $1::smallint;
