package faults_test

import (
	"context"
	"encoding/binary"
	"net"
	"strings"
	"sync"

	driver "github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/faults"
)

// openMySQL has the statements of a MariaDB as points. The driver knows no tracers; what is sent is read off the wire. Its
// dialling is the whole process's, which has one path.
func (p *path) openMySQL(ctx context.Context, address string) (dialect.Dialect, error) {
	driver.RegisterDialContext("tcp", func(ctx context.Context, address string) (net.Conn, error) {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", address)
		return &mysqlWire{Conn: conn, path: p, prepared: map[uint32]string{}}, err
	})
	return mysql.Open(ctx, address, &mysql.Config{MaxConns: 4})
}

// Commands of the protocol: the first byte of what is sent.
const (
	mysqlQuery   = 0x03
	mysqlPrepare = 0x16
	mysqlExecute = 0x17
)

// mysqlWire is a connection to a MariaDB server. It has the points that a wire has.
type mysqlWire struct {
	net.Conn
	path *path

	mu        sync.Mutex
	now       string            // the statement that is under way
	preparing string            // the one whose number is to come
	prepared  map[uint32]string // by their numbers
}

// Write implements net.Conn. The driver sends a command as a whole.
func (w *mysqlWire) Write(b []byte) (int, error) {
	w.mu.Lock()
	if len(b) > 5 && b[3] == 0 { // the first packet of a command
		switch text := string(b[5:]); b[4] {
		case mysqlQuery:
			w.now = text
		case mysqlPrepare:
			w.preparing = text
		case mysqlExecute:
			w.now = w.prepared[binary.LittleEndian.Uint32(b[5:])]
		}
	}
	now := w.now
	w.mu.Unlock()
	n, err := w.Conn.Write(b)
	if err == nil && mysqlChanges(now) {
		w.path.hit("sent " + faults.Head(now))
	}
	return n, err
}

// Read implements net.Conn.
func (w *mysqlWire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.mu.Lock()
	if w.preparing != "" && n >= 9 && b[4] == 0 {
		w.prepared[binary.LittleEndian.Uint32(b[5:])], w.preparing = w.preparing, ""
	}
	now := w.now
	w.now = ""
	w.mu.Unlock()
	if err == nil && mysqlChanges(now) {
		w.path.hit("answer to " + faults.Head(now))
	}
	return n, err
}

// mysqlChanges reports whether others can tell the moments before and after a statement from each other.
func mysqlChanges(sql string) bool {
	for _, word := range []string{"SHOW", "SET", "BEGIN NOT ATOMIC", "CREATE TEMPORARY", "DROP TEMPORARY"} {
		if strings.HasPrefix(sql, word) {
			return false
		}
	}
	return sql != "" && !reads(sql)
}
