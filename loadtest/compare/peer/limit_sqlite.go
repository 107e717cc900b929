package peer

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"
)

// limitSQLite speaks to connections of go-sqlite3 itself, over statements that are prepared once. Times are texts of fixed
// width. Rows that are created at the same time share a transaction.
type limitSQLite struct {
	readers chan *rawConn
	mu      sync.Mutex // of writer
	writer  *rawConn
	group   *group
}

// rawConn is a connection with what it has prepared.
type rawConn struct {
	*sqlite3.SQLiteConn
	begin, commit, rollback, changes         *sqlite3.SQLiteStmt
	get, list, insert, several, update, gone *sqlite3.SQLiteStmt
	args                                     []driver.Value // used again by each statement
}

const limitPeople = `CREATE TABLE IF NOT EXISTS people (id TEXT NOT NULL PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL,
	age INTEGER, score REAL NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL) STRICT;
	CREATE UNIQUE INDEX IF NOT EXISTS people_email ON people (email)`

func openLimit(ctx context.Context, site Site) (People, error) {
	switch site.Database {
	case Postgres:
		return openLimitPostgres(ctx, site)
	case MySQL:
		return openLimitMySQL(ctx, site)
	}
	l := &limitSQLite{readers: make(chan *rawConn, Readers())}
	var err error
	if l.writer, err = openRaw(site, limitPeople); err != nil {
		return nil, err
	}
	for range Readers() {
		c, err := openRaw(site, "")
		if err != nil {
			return nil, errors.Join(err, l.closeAll())
		}
		l.readers <- c
	}
	l.group = newGroup(l.store)
	return l, nil
}

// openRaw opens a connection that one goroutine uses at a time, so that SQLite need not lock it.
func openRaw(site Site, first string) (*rawConn, error) {
	opened, err := (&sqlite3.SQLiteDriver{}).Open(sqliteSource(site, url.Values{"_mutex": {"no"}}))
	if err != nil {
		return nil, err
	}
	c := &rawConn{SQLiteConn: opened.(*sqlite3.SQLiteConn)}
	if first != "" {
		if _, err := c.Exec(first, nil); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	several := strings.Replace(insertSQLite, "INSERT", "INSERT OR FAIL", 1)
	for range together - 1 {
		several += ", (?, ?, ?, ?, ?, ?, ?)"
	}
	for into, text := range map[**sqlite3.SQLiteStmt]string{
		&c.begin:    "BEGIN IMMEDIATE",
		&c.commit:   "COMMIT",
		&c.rollback: "ROLLBACK",
		&c.changes:  "SELECT changes()",
		&c.get:      "SELECT " + columns + " FROM people WHERE id = ?",
		&c.list:     "SELECT " + columns + " FROM people ORDER BY id LIMIT ?",
		&c.insert:   insertSQLite,
		&c.several:  several,
		&c.update:   "UPDATE people SET email = ?, name = ?, age = ?, score = ?, updated_at = ? WHERE id = ?",
		&c.gone:     "DELETE FROM people WHERE id = ?",
	} {
		made, err := c.Prepare(text)
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		*into = made.(*sqlite3.SQLiteStmt)
	}
	return c, nil
}

// together is how many rows one statement stores where there are so many.
const together = 16

// instant is the form of a time, with room for the year 9999.
const instant = "2006-01-02 15:04:05.000000"

// bindNew adds a new row to what is bound.
func (c *rawConn) bindNew(p *Person) {
	p.stamp()
	at := p.CreatedAt.Format(instant)
	c.args = append(c.args, p.ID, p.Email, p.Name, number(p.Age), p.Score, at, at)
}

func number(n *int64) driver.Value {
	if n == nil {
		return nil
	}
	return *n
}

// store is what the group does with a batch.
func (l *limitSQLite) store(rows []*Person) ([]error, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.writer
	if len(rows) == 1 {
		return nil, c.create(rows[0])
	}
	if _, err := c.begin.Exec(nil); err != nil {
		return nil, err
	}
	errs, err := c.insertAll(rows)
	if err != nil {
		return nil, errors.Join(err, c.undo())
	}
	_, err = c.commit.Exec(nil)
	return errs, err
}

func (c *rawConn) create(p *Person) error {
	c.args = c.args[:0]
	c.bindNew(p)
	_, err := c.insert.Exec(c.args)
	return err
}

// insertAll stores rows, several by one statement. That keeps what it has stored before a row that fails, so that SQLite
// need not remember how to undo it, and the rows behind are stored by the next.
func (c *rawConn) insertAll(rows []*Person) (errs []error, err error) {
	for at := 0; at < len(rows); {
		if len(rows)-at < together {
			if err := c.create(rows[at]); err != nil {
				errs = failed(errs, len(rows), at, err)
			}
			at++
			continue
		}
		c.args = c.args[:0]
		for _, p := range rows[at : at+together] {
			c.bindNew(p)
		}
		if _, err := c.several.Exec(c.args); err != nil {
			stored, unknown := c.stored()
			if unknown != nil {
				return nil, errors.Join(err, unknown)
			}
			errs = failed(errs, len(rows), at+stored, err)
			at += stored + 1
			continue
		}
		at += together
	}
	return errs, nil
}

func failed(errs []error, of, at int, err error) []error {
	if errs == nil {
		errs = make([]error, of)
	}
	errs[at] = err
	return errs
}

// stored gives how many rows the last statement has stored.
func (c *rawConn) stored() (int, error) {
	rows, err := c.changes.Query(nil)
	if err != nil {
		return 0, err
	}
	var value [1]driver.Value
	err = rows.Next(value[:])
	n, _ := value[0].(int64)
	return int(n), errors.Join(err, rows.Close())
}

func (c *rawConn) undo() error {
	_, err := c.rollback.Exec(nil)
	return err
}

func (l *limitSQLite) Create(_ context.Context, p *Person) error { return l.group.create(p) }

func (l *limitSQLite) Get(_ context.Context, id string) (string, error) {
	c := <-l.readers
	defer func() { l.readers <- c }()
	c.args = append(c.args[:0], id)
	var p Person
	n, err := c.read(c.get, func() *Person { return &p })
	if err == nil && n != 1 {
		err = fmt.Errorf("%d rows instead of one", n)
	}
	return p.Email, err
}

func (l *limitSQLite) List(_ context.Context, limit int) (int, error) {
	c := <-l.readers
	defer func() { l.readers <- c }()
	c.args = append(c.args[:0], int64(limit))
	out := make([]Person, 0, limit)
	return c.read(c.list, func() *Person {
		out = append(out, Person{})
		return &out[len(out)-1]
	})
}

// read runs a statement over what is bound, and reads its rows into where into points.
func (c *rawConn) read(statement *sqlite3.SQLiteStmt, into func() *Person) (n int, err error) {
	rows, err := statement.Query(c.args)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var values [7]driver.Value
	for {
		switch err := rows.Next(values[:]); {
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return n, err
		}
		if err := into().take(values[:]); err != nil {
			return n, err
		}
		n++
	}
}

func (p *Person) take(v []driver.Value) (err error) {
	p.ID, p.Email, p.Name, p.Score = v[0].(string), v[1].(string), v[2].(string), v[4].(float64)
	if age, there := v[3].(int64); there {
		p.Age = &age
	}
	if p.CreatedAt, err = time.Parse(instant, v[5].(string)); err == nil {
		p.UpdatedAt, err = time.Parse(instant, v[6].(string))
	}
	return err
}

func (l *limitSQLite) Update(_ context.Context, p *Person) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.UpdatedAt = time.Now().UTC()
	return l.writer.one(l.writer.update, p.Email, p.Name, number(p.Age), p.Score, p.UpdatedAt.Format(instant), p.ID)
}

func (l *limitSQLite) Delete(_ context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writer.one(l.writer.gone, id)
}

func (c *rawConn) one(statement *sqlite3.SQLiteStmt, args ...driver.Value) error {
	return one(statement.Exec(args))
}

func (l *limitSQLite) BulkCreate(_ context.Context, rows []Person) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	pointers := make([]*Person, len(rows))
	for i := range rows {
		pointers[i] = &rows[i]
	}
	if _, err := l.writer.begin.Exec(nil); err != nil {
		return err
	}
	errs, err := l.writer.insertAll(pointers)
	if err = errors.Join(append(errs, err)...); err != nil {
		return errors.Join(err, l.writer.undo())
	}
	_, err = l.writer.commit.Exec(nil)
	return err
}

func (l *limitSQLite) Close() error {
	l.group.close()
	return l.closeAll()
}

func (l *limitSQLite) closeAll() error {
	var failed error
	for range len(l.readers) {
		failed = errors.Join(failed, (<-l.readers).Close())
	}
	return errors.Join(failed, l.writer.Close())
}
