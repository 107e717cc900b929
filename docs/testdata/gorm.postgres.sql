-- What GORM 1.31's AutoMigrate leaves for models with gorm.Model in them.
CREATE TABLE "users" ("id" bigserial,"created_at" timestamptz,"updated_at" timestamptz,"deleted_at" timestamptz,"email" varchar(320) NOT NULL,"name" text,"age" bigint,PRIMARY KEY ("id"));
CREATE UNIQUE INDEX "idx_users_email" ON "users" ("email");
CREATE INDEX "idx_users_deleted_at" ON "users" ("deleted_at");
CREATE TABLE "orders" ("id" bigserial,"created_at" timestamptz,"updated_at" timestamptz,"deleted_at" timestamptz,"user_id" bigint,"status" text DEFAULT 'open',"paid" boolean,PRIMARY KEY ("id"),CONSTRAINT "fk_orders_user" FOREIGN KEY ("user_id") REFERENCES "users"("id"));
CREATE INDEX "idx_orders_deleted_at" ON "orders" ("deleted_at");
INSERT INTO users (created_at, updated_at, email, name) VALUES (now(), now(), 'ada@example.org', 'Ada');
INSERT INTO orders (created_at, updated_at, user_id, paid) VALUES (now(), now(), 1, true);
