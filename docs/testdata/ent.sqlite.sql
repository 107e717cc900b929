-- What ent 0.14's Schema.Create leaves.
CREATE TABLE `users` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `email` text NOT NULL, `name` text NOT NULL, `age` integer NULL, `created_at` datetime NOT NULL);
CREATE UNIQUE INDEX `users_email_key` ON `users` (`email`);
CREATE TABLE `orders` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `status` text NOT NULL DEFAULT ('open'), `paid` bool NOT NULL DEFAULT (false), `lines` json NOT NULL, `user_orders` integer NULL, CONSTRAINT `orders_users_orders` FOREIGN KEY (`user_orders`) REFERENCES `users` (`id`) ON DELETE SET NULL);
INSERT INTO users (email, name, created_at) VALUES ('ada@example.org', 'Ada', '2026-05-04 10:00:00.123456789+02:00');
INSERT INTO orders (paid, lines, user_orders) VALUES (true, '["tea"]', 1);
