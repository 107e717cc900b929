package peer

import "time"

// Person is a row of seven columns, with a text key and a unique email, as every contestant's tags want it.
type Person struct {
	ID        string    `db:"id" schema:"pk" gorm:"primaryKey" bun:"id,pk"`
	Email     string    `db:"email" schema:"unique" gorm:"unique"`
	Name      string    `db:"name"`
	Age       *int64    `db:"age"`
	Score     float64   `db:"score"`
	CreatedAt time.Time `db:"created_at" schema:"created"`
	UpdatedAt time.Time `db:"updated_at" schema:"updated"`
}

// stamp sets the times of a new row where no library does it.
func (p *Person) stamp() {
	p.CreatedAt = time.Now().UTC()
	p.UpdatedAt = p.CreatedAt
}

// mysqlTexts has MariaDB compare texts as the other databases do, whatever its defaults are.
const mysqlTexts = " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"

// columns are those of people, in the order of the table.
const columns = "id, email, name, age, score, created_at, updated_at"

// PeopleTable gives the statements that make the table of people, for those who do not make it themselves. SQLite's
// driver takes a column for a time only if it is declared as one.
func PeopleTable(d Database) []string {
	if d == Postgres {
		return []string{
			`CREATE TABLE people (id text NOT NULL PRIMARY KEY, email text NOT NULL, name text NOT NULL, age bigint,
				score double precision NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)`,
			`CREATE UNIQUE INDEX people_email ON people (email)`,
		}
	}
	if d == MySQL {
		return []string{
			`CREATE TABLE people (id varchar(254) NOT NULL PRIMARY KEY, email varchar(254) NOT NULL, name longtext NOT NULL, age bigint,
				score double NOT NULL, created_at datetime(6) NOT NULL, updated_at datetime(6) NOT NULL)` + mysqlTexts,
			`CREATE UNIQUE INDEX people_email ON people (email)`,
		}
	}
	return []string{
		`CREATE TABLE people (id TEXT NOT NULL PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, age INTEGER,
			score REAL NOT NULL, created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL)`,
		`CREATE UNIQUE INDEX people_email ON people (email)`,
	}
}
