-- tickets: insert, bind [0 1 2 3 4 6 7 8 9 10 11], return [1 4 5]
INSERT INTO `tickets` (`id`, `title`, `owner`, `price`, `day`, `pages`, `doc`, `version`, `created_at`, `updated_at`, `deleted_at`) VALUES (?1, COALESCE(?2, ('untitled')), ?3, ?4, COALESCE(?5, (date('now'))), ?6, ?7, ?8, ?9, ?10, ?11) RETURNING `title`, `day`, `twice`;
-- tickets: insert auto, bind [1 2 3 4 6 7 8 9 10 11], return [0 1 4 5]
INSERT INTO `tickets` (`title`, `owner`, `price`, `day`, `pages`, `doc`, `version`, `created_at`, `updated_at`, `deleted_at`) VALUES (COALESCE(?1, ('untitled')), ?2, ?3, COALESCE(?4, (date('now'))), ?5, ?6, ?7, ?8, ?9, ?10) RETURNING `id`, `title`, `day`, `twice`;
-- tickets: get, bind [0], return [0 1 2 3 4 5 6 7 8 9 10 11]
SELECT `id`, `title`, `owner`, `price`, `day`, `twice`, `pages`, `doc`, `version`, `created_at`, `updated_at`, `deleted_at` FROM `tickets` WHERE `id` = ?1 AND `deleted_at` IS NULL;
-- tickets: exists, bind [0], return []
SELECT 1 FROM `tickets` WHERE `id` = ?1 AND `deleted_at` IS NULL;
-- tickets: update, bind [1 2 3 4 6 7 10 0 8], return [5 8]
UPDATE `tickets` SET `title` = ?1, `owner` = ?2, `price` = ?3, `day` = ?4, `pages` = ?5, `doc` = ?6, `version` = `version` + 1, `updated_at` = ?7 WHERE `id` = ?8 AND `deleted_at` IS NULL AND `version` = ?9 RETURNING `twice`, `version`;
-- tickets: delete, bind [11 10 0], return []
UPDATE `tickets` SET `deleted_at` = ?1, `updated_at` = ?2, `version` = `version` + 1 WHERE `id` = ?3 AND `deleted_at` IS NULL;
-- chairs: insert, bind [0 1 2], return []
INSERT INTO `chairs` (`ro"om`, `number`, `guest`) VALUES (?1, ?2, ?3);
-- chairs: insert auto, bind [0 1 2], return []
INSERT INTO `chairs` (`ro"om`, `number`, `guest`) VALUES (?1, ?2, ?3);
-- chairs: get, bind [0 1], return [0 1 2]
SELECT `ro"om`, `number`, `guest` FROM `chairs` WHERE `ro"om` = ?1 AND `number` = ?2;
-- chairs: exists, bind [0 1], return []
SELECT 1 FROM `chairs` WHERE `ro"om` = ?1 AND `number` = ?2;
-- chairs: update, bind [2 0 1], return []
UPDATE `chairs` SET `guest` = ?1 WHERE `ro"om` = ?2 AND `number` = ?3;
-- chairs: delete, bind [0 1], return []
DELETE FROM `chairs` WHERE `ro"om` = ?1 AND `number` = ?2;
-- links: insert, bind [0 1], return []
INSERT INTO `links` (`a`, `b`) VALUES (?1, ?2);
-- links: insert auto, bind [0 1], return []
INSERT INTO `links` (`a`, `b`) VALUES (?1, ?2);
-- links: get, bind [0 1], return [0 1]
SELECT `a`, `b` FROM `links` WHERE `a` = ?1 AND `b` = ?2;
-- links: exists, bind [0 1], return []
SELECT 1 FROM `links` WHERE `a` = ?1 AND `b` = ?2;
-- links: update, bind [0 1], return []
UPDATE `links` SET `a` = `a` WHERE `a` = ?1 AND `b` = ?2;
-- links: delete, bind [0 1], return []
DELETE FROM `links` WHERE `a` = ?1 AND `b` = ?2;
-- counters: insert, bind [0], return []
INSERT INTO `counters` (`id`) VALUES (?1);
-- counters: insert auto, bind [], return [0]
INSERT INTO `counters` DEFAULT VALUES RETURNING `id`;
-- counters: get, bind [0], return [0]
SELECT `id` FROM `counters` WHERE `id` = ?1;
-- counters: exists, bind [0], return []
SELECT 1 FROM `counters` WHERE `id` = ?1;
-- counters: update, bind [0], return []
UPDATE `counters` SET `id` = `id` WHERE `id` = ?1;
-- counters: delete, bind [0], return []
DELETE FROM `counters` WHERE `id` = ?1;
-- count, everything: []interface {}(nil)
SELECT count(*) FROM `tickets` WHERE `deleted_at` IS NULL;
-- count, equal: []interface {}{"x"}
SELECT count(*) FROM `tickets` WHERE `deleted_at` IS NULL AND `title` = ?1;
-- count, unequal: []interface {}{"2024-02-29"}
SELECT count(*) FROM `tickets` WHERE `deleted_at` IS NULL AND `day` <> ?1;
-- count, null: []interface {}(nil)
SELECT count(*) FROM `tickets` WHERE `deleted_at` IS NULL AND (`owner` IS NULL OR `owner` IS NOT NULL OR `doc` IS NULL);
-- count, order: []interface {}{"9.50", "2024-05-06 05:08:09.000010"}
SELECT count(*) FROM `tickets` WHERE `deleted_at` IS NULL AND (CAST(replace(`price`, '.', '') AS INTEGER) < CAST(replace(?1, '.', '') AS INTEGER) AND `created_at` >= ?2);
-- count, between: []interface {}{"1.00", "2.00"}
SELECT count(*) FROM `tickets` WHERE `deleted_at` IS NULL AND (CAST(replace(`price`, '.', '') AS INTEGER) >= CAST(replace(?1, '.', '') AS INTEGER) AND CAST(replace(`price`, '.', '') AS INTEGER) <= CAST(replace(?2, '.', '') AS INTEGER));
-- count, sets: []interface {}{1, 2, 3}
SELECT count(*) FROM `tickets` WHERE `deleted_at` IS NULL AND (`pages` IN (?1, ?2) AND `pages` NOT IN (?3));
-- count, empty sets: []interface {}(nil)
SELECT count(*) FROM `tickets` WHERE `deleted_at` IS NULL AND (FALSE OR TRUE);
-- count, patterns: []interface {}{"a%?*", "*[*][[]%*"}
SELECT count(*) FROM `tickets` WHERE `deleted_at` IS NULL AND (`title` GLOB ?1 AND `title` GLOB ?2);
-- count, not: []interface {}{1, 2, 3}
SELECT count(*) FROM `tickets` WHERE `deleted_at` IS NULL AND NOT ((`id` = ?1 OR (`id` = ?2 AND `id` = ?3)));
-- count, wide: []interface {}{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}
SELECT count(*) FROM `tickets` WHERE `deleted_at` IS NULL AND (((`id` = ?1 OR `id` = ?2 OR `id` = ?3 OR `id` = ?4 OR `id` = ?5) OR (`id` = ?6 OR `id` = ?7 OR `id` = ?8 OR `id` = ?9 OR `id` = ?10)) OR ((`id` = ?11 OR `id` = ?12 OR `id` = ?13 OR `id` = ?14 OR `id` = ?15) OR (`id` = ?16 OR `id` = ?17 OR `id` = ?18 OR `id` = ?19 OR `id` = ?20)));
-- select: []interface {}{1, 10, 20}
SELECT `id`, `title`, `owner`, `price`, `day`, `twice`, `pages`, `doc`, `version`, `created_at`, `updated_at`, `deleted_at` FROM `tickets` WHERE `deleted_at` IS NULL AND `id` = ?1 ORDER BY CAST(replace(`price`, '.', '') AS INTEGER) DESC NULLS FIRST, `owner` NULLS LAST, `id` DESC LIMIT ?2 OFFSET ?3;
-- select, offset alone: []interface {}{9223372036854775787, 20}
SELECT `id`, `title`, `owner`, `price`, `day`, `twice`, `pages`, `doc`, `version`, `created_at`, `updated_at`, `deleted_at` FROM `tickets` WHERE `deleted_at` IS NULL LIMIT ?1 OFFSET ?2;
-- patch: []interface {}{"x", interface {}(nil), "[\"a\"]", "2024-05-06 05:08:09.000010"}
UPDATE `tickets` SET `title` = ?1, `owner` = ?2, `doc` = ?3, `updated_at` = ?4, `version` = `version` + 1 WHERE `id` = ?5 AND `deleted_at` IS NULL RETURNING `id`, `title`, `owner`, `price`, `day`, `twice`, `pages`, `doc`, `version`, `created_at`, `updated_at`, `deleted_at`;
-- delete where: []interface {}{"2024-05-06 05:08:09.000010", "2024-05-06 05:08:09.000010", 1}
UPDATE `tickets` SET `deleted_at` = ?1, `updated_at` = ?2, `version` = `version` + 1 WHERE `deleted_at` IS NULL AND `id` = ?3;
-- delete where, chairs: []interface {}{1}
DELETE FROM `chairs` WHERE `number` > ?1;
