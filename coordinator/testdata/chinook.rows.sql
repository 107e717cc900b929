INSERT INTO artist (artist_id, name) VALUES (1, 'The Placeholders'), (2, NULL);
INSERT INTO album (album_id, artist_id, title) VALUES (1, 1, 'Lorem'), (2, 1, 'Ipsum'), (3, 2, 'Lorem');
INSERT INTO genre (genre_id, name) VALUES (1, 'Rock'), (2, 'Jazz');
INSERT INTO media_type (media_type_id, name) VALUES (1, 'Record');
INSERT INTO track (track_id, name, album_id, media_type_id, genre_id, milliseconds, unit_price) VALUES
  (1, 'Dolor', 1, 1, 1, 343719, '0.99'), (2, 'Sit', 1, 1, 2, 342562, '0.99'), (3, 'Amet', 3, 1, NULL, 230619, '1.99');
INSERT INTO playlist (playlist_id, name) VALUES (1, 'All');
INSERT INTO playlist_track (playlist_id, track_id) VALUES (1, 1), (1, 3);
INSERT INTO employee (employee_id, first_name, last_name) VALUES (1, 'Ada', 'First');
INSERT INTO employee (employee_id, first_name, last_name, reports_to) VALUES (2, 'Bob', 'Second', 1);
INSERT INTO customer (customer_id, first_name, last_name, email, support_rep_id) VALUES (1, 'Cy', 'Third', 'cy@example.org', 2);
INSERT INTO invoice (invoice_id, customer_id, invoice_date, total) VALUES (1, 1, '2009-01-01 00:00:00.000000', '2.98');
INSERT INTO invoice_line (invoice_line_id, invoice_id, track_id, unit_price) VALUES (1, 1, 1, '0.99'), (2, 1, 3, '1.99');
