-- A migration of the program's own, and the table in which golang-migrate keeps count.
CREATE TABLE "schema_migrations" (version bigint not null primary key, dirty boolean not null);
INSERT INTO schema_migrations VALUES (20260504100000, false);
CREATE TABLE users (id BIGSERIAL PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL DEFAULT '', created_at TIMESTAMPTZ NOT NULL DEFAULT now());
CREATE TABLE orders (id BIGSERIAL PRIMARY KEY, user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE, status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'paid')));
CREATE INDEX orders_by_user ON orders (user_id);
INSERT INTO users (email, name) VALUES ('ada@example.org', 'Ada');
INSERT INTO orders (user_id) VALUES (1);
