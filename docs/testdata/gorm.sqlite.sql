-- What GORM 1.31's AutoMigrate leaves for models with gorm.Model in them.
CREATE TABLE `users` (`id` integer PRIMARY KEY AUTOINCREMENT,`created_at` datetime,`updated_at` datetime,`deleted_at` datetime,`email` text NOT NULL,`name` text,`age` integer);
CREATE UNIQUE INDEX `idx_users_email` ON `users`(`email`);
CREATE INDEX `idx_users_deleted_at` ON `users`(`deleted_at`);
CREATE TABLE `orders` (`id` integer PRIMARY KEY AUTOINCREMENT,`created_at` datetime,`updated_at` datetime,`deleted_at` datetime,`user_id` integer,`status` text DEFAULT "open",`paid` numeric,CONSTRAINT `fk_orders_user` FOREIGN KEY (`user_id`) REFERENCES `users`(`id`));
CREATE INDEX `idx_orders_deleted_at` ON `orders`(`deleted_at`);
INSERT INTO users (created_at, updated_at, email, name) VALUES ('2026-05-04 10:00:00.123456789+02:00', '2026-05-04 10:00:00.123456789+02:00', 'ada@example.org', 'Ada');
INSERT INTO orders (created_at, updated_at, user_id, paid) VALUES ('2026-05-04 10:00:00+02:00', '2026-05-04 10:00:00+02:00', 1, true);
