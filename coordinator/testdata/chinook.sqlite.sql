-- A music store after the well-known Chinook sample, written down by hand as somebody else would have it.

CREATE TABLE [artist] (
  [artist_id] INTEGER PRIMARY KEY NOT NULL,
  [name] NVARCHAR(120) CHECK (length([name]) <= 120)
);

CREATE TABLE album (
  title NVARCHAR(160) NOT NULL,
  artist_id INTEGER NOT NULL CONSTRAINT album_is_by REFERENCES artist,
  album_id INTEGER,
  CONSTRAINT one_album PRIMARY KEY (album_id),
  UNIQUE (artist_id, title),
  CHECK (length(title) <= 160)
);
CREATE INDEX "IFK_AlbumArtistId" ON album (artist_id);

CREATE TABLE genre (
  name NVARCHAR(120) CONSTRAINT genre_is_known_once UNIQUE CHECK (length("name")<=120),
  genre_id INTEGER PRIMARY KEY AUTOINCREMENT
);

CREATE TABLE media_type (
  media_type_id INTEGER CONSTRAINT pk_media PRIMARY KEY,
  name VARCHAR(120) NULL CHECK ((length(name) <= 120))
);

CREATE TABLE track (
  track_id INTEGER PRIMARY KEY,
  unit_price TEXT NOT NULL, -- money is text, for it must not be rounded
  milliseconds INT NOT NULL CONSTRAINT it_lasts CHECK (milliseconds > 0),
  seconds INTEGER NOT NULL GENERATED ALWAYS AS (milliseconds / 1000) STORED,
  bytes INT,
  name VARCHAR(200) NOT NULL,
  composer VARCHAR(220),
  genre_id INTEGER REFERENCES genre (genre_id),
  media_type_id INTEGER NOT NULL,
  album_id INTEGER REFERENCES album (album_id) ON DELETE CASCADE ON UPDATE NO ACTION,
  FOREIGN KEY (media_type_id) REFERENCES media_type,
  CHECK (length(composer) <= 220),
  CHECK (length(name) <= 200)
);
CREATE INDEX "IFK_TrackAlbumId" ON track (album_id);
CREATE INDEX "IFK_TrackGenreId" ON track (genre_id);
CREATE INDEX "IFK_TrackMediaTypeId" ON track (media_type_id);

CREATE TABLE playlist (
  name VARCHAR(120) CHECK (length(name) <= 120),
  playlist_id INTEGER PRIMARY KEY
);

CREATE TABLE playlist_track (
  track_id INTEGER NOT NULL,
  playlist_id INTEGER NOT NULL,
  PRIMARY KEY (playlist_id, track_id),
  CONSTRAINT in_list FOREIGN KEY (playlist_id) REFERENCES playlist (playlist_id) ON DELETE CASCADE,
  CONSTRAINT of_track FOREIGN KEY (track_id) REFERENCES track
) WITHOUT ROWID;
CREATE INDEX "IFK_PlaylistTrackTrackId" ON playlist_track (track_id);

CREATE TABLE employee (
  employee_id INTEGER PRIMARY KEY,
  first_name VARCHAR(20) NOT NULL CHECK (length(first_name) <= 20),
  last_name VARCHAR(20) NOT NULL CHECK (length(last_name) <= 20),
  title VARCHAR(30) CHECK (length(title) <= 30),
  reports_to INTEGER REFERENCES employee ON DELETE SET NULL,
  birth_date TEXT,
  hire_date TEXT,
  email VARCHAR(60) CHECK (length(email) <= 60),
  phone VARCHAR(24) CHECK (length(phone) <= 24)
);
CREATE INDEX "IFK_EmployeeReportsTo" ON employee (reports_to);

CREATE TABLE customer (
  customer_id INTEGER PRIMARY KEY,
  support_rep_id INTEGER REFERENCES employee (employee_id),
  email VARCHAR(60) NOT NULL CHECK (length(email) <= 60),
  fax VARCHAR(24) CHECK (length(fax) <= 24),
  phone VARCHAR(24) CHECK (length(phone) <= 24),
  company VARCHAR(80) CHECK (length(company) <= 80),
  address VARCHAR(70) CHECK (length(address) <= 70),
  city VARCHAR(40) CHECK (length(city) <= 40),
  country VARCHAR(40) DEFAULT 'Nowhere' CHECK (length(country) <= 40),
  last_name VARCHAR(20) NOT NULL CHECK (length(last_name) <= 20),
  first_name VARCHAR(40) NOT NULL CHECK (length(first_name) <= 40)
);
CREATE INDEX "IFK_CustomerSupportRepId" ON customer (support_rep_id);

CREATE TABLE invoice (
  invoice_id INTEGER PRIMARY KEY,
  invoice_date TEXT NOT NULL,
  total TEXT NOT NULL,
  billing_city VARCHAR(40) CHECK (length(billing_city) <= 40),
  billing_address VARCHAR(70) CHECK (length(billing_address) <= 70),
  customer_id INTEGER NOT NULL REFERENCES customer ON DELETE RESTRICT
);
CREATE INDEX "IFK_InvoiceCustomerId" ON invoice (customer_id);

CREATE TABLE invoice_line (
  invoice_line_id INTEGER PRIMARY KEY,
  quantity INTEGER DEFAULT 1 NOT NULL,
  unit_price TEXT NOT NULL,
  track_id INTEGER NOT NULL REFERENCES track,
  invoice_id INTEGER NOT NULL REFERENCES invoice ON DELETE CASCADE,
  CHECK (quantity > 0)
);
CREATE INDEX "IFK_InvoiceLineInvoiceId" ON invoice_line (invoice_id);
CREATE INDEX "IFK_InvoiceLineTrackId" ON invoice_line (track_id);
