-- A music store after the well-known Chinook sample, written down by hand as somebody else would have it.

CREATE TABLE `artist` (
  `artist_id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(120),
  PRIMARY KEY (`artist_id`)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE album (
  title varchar(160) NOT NULL,
  artist_id int4 NOT NULL,
  album_id integer NOT NULL AUTO_INCREMENT,
  CONSTRAINT one_album PRIMARY KEY USING BTREE (album_id),
  UNIQUE (artist_id, title),
  KEY IFK_AlbumArtistId (artist_id),
  CONSTRAINT album_is_by FOREIGN KEY (artist_id) REFERENCES `artist` (artist_id)
) AUTO_INCREMENT=1000 CHARSET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE genre (
  name varchar(120) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin DEFAULT NULL,
  CONSTRAINT genre_is_known_once UNIQUE (name),
  genre_id integer PRIMARY KEY AUTO_INCREMENT
);

CREATE TABLE media_type (
  media_type_id int AUTO_INCREMENT PRIMARY KEY,
  name varchar(120) NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE track (
  track_id int AUTO_INCREMENT PRIMARY KEY,
  unit_price dec(10, 2) NOT NULL,
  milliseconds integer NOT NULL,
  seconds integer GENERATED ALWAYS AS ((milliseconds) / 1000) STORED,
  bytes int,
  name varchar(200) NOT NULL,
  composer varchar(220),
  genre_id integer REFERENCES genre (genre_id),
  media_type_id integer NOT NULL,
  album_id integer REFERENCES album (album_id) ON DELETE CASCADE ON UPDATE NO ACTION,
  CONSTRAINT it_lasts CHECK ((milliseconds) > 0),
  CONSTRAINT timed CHECK (seconds IS NOT NULL),
  FOREIGN KEY (media_type_id) REFERENCES media_type (media_type_id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE INDEX IFK_TrackAlbumId ON track (album_id);
CREATE INDEX IFK_TrackGenreId ON track (genre_id);
CREATE INDEX IFK_TrackMediaTypeId ON track (media_type_id) USING BTREE;

CREATE TABLE playlist (
  name varchar(120),
  playlist_id int AUTO_INCREMENT PRIMARY KEY
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE playlist_track (
  track_id integer NOT NULL,
  playlist_id integer NOT NULL,
  PRIMARY KEY (playlist_id, track_id),
  INDEX IFK_PlaylistTrackTrackId (track_id),
  CONSTRAINT in_list FOREIGN KEY (playlist_id) REFERENCES playlist (playlist_id) ON DELETE CASCADE,
  CONSTRAINT of_track FOREIGN KEY (track_id) REFERENCES track (track_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE employee (
  employee_id int AUTO_INCREMENT PRIMARY KEY,
  first_name varchar(20) NOT NULL,
  last_name varchar(20) NOT NULL,
  title varchar(30),
  reports_to integer,
  birth_date date,
  hire_date datetime(6),
  email varchar(60),
  phone varchar(24),
  FOREIGN KEY (reports_to) REFERENCES `employee` (employee_id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE customer (
  customer_id int AUTO_INCREMENT PRIMARY KEY,
  support_rep_id integer REFERENCES employee (employee_id),
  email varchar(60) NOT NULL,
  fax varchar(24),
  phone varchar(24),
  company varchar(80),
  address varchar(70),
  city varchar(40),
  country varchar(40) DEFAULT 'Nowhere',
  last_name varchar(20) NOT NULL,
  first_name varchar(40) NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE INDEX IFK_CustomerSupportRepId ON customer (support_rep_id);

CREATE TABLE invoice (
  invoice_id bigint(20) AUTO_INCREMENT PRIMARY KEY,
  invoice_date datetime(6) NOT NULL,
  total numeric(10,2) NOT NULL,
  billing_city varchar(40),
  billing_address varchar(70),
  customer_id integer NOT NULL,
  KEY IFK_InvoiceCustomerId (customer_id),
  CONSTRAINT of_customer FOREIGN KEY (customer_id) REFERENCES customer (customer_id) ON DELETE RESTRICT
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE invoice_line (
  invoice_line_id bigint AUTO_INCREMENT PRIMARY KEY,
  quantity integer DEFAULT 1 NOT NULL,
  unit_price numeric(10,2) NOT NULL,
  track_id integer NOT NULL REFERENCES track (track_id),
  invoice_id bigint NOT NULL REFERENCES invoice (invoice_id) ON DELETE CASCADE,
  CHECK (quantity > 0)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE INDEX IFK_InvoiceLineInvoiceId ON invoice_line (invoice_id);
