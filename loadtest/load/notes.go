package load

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The notes that a worker takes. What was acknowledged is noted afterwards; what is about to be deleted before as well.
const (
	noteCreated  = 'c' // table, key, when its creation was begun
	noteUpdated  = 'u' // table, key, how often it has been changed
	noteDeleting = 'd' // table, key
	noteDeleted  = 'D' // table, key
	noteMissed   = 'm' // table, key, when it was found not to be there
)

// notes is a worker's file. A note is one write of the operating system, so that a killed worker loses at most the one that
// it was about to take. It is safe for concurrent use.
type notes struct{ file *os.File }

func newNotes(path string) (*notes, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("take notes: %w", err)
	}
	return &notes{file}, nil
}

// take notes one thing; more is what the kind says beyond table and key. Times are nanoseconds since the run's begin.
func (n *notes) take(kind rune, table int, key, more int64) error {
	_, err := fmt.Fprintf(n.file, "%c %d %d %d\n", kind, table, key, more)
	return err
}

func (n *notes) close() error { return n.file.Close() }

// account is what the notes say of one table.
type account struct {
	created map[int64]time.Duration // when it was begun
	turns   map[int64]int64         // of rows that were changed
	fleeing map[int64]bool          // rows whose deletion was begun: they may be there or not
	deleted map[int64]bool          // rows whose deletion was acknowledged
	missed  []miss
	drops   drops
}

// miss is a row that was not found by the writer who had created it.
type miss struct {
	key int64
	at  time.Duration
}

// must are the keys of the rows that must be there: acknowledged, not deleted, and begun after the table was dropped last.
func (a *account) must() []int64 {
	var keys []int64
	for key, begun := range a.created {
		if !a.fleeing[key] && !a.drops.took(begun) {
			keys = append(keys, key)
		}
	}
	return keys
}

// lost counts the acknowledged rows that went, or may have gone, with their table.
func (a *account) lost() (n int64) {
	for key, begun := range a.created {
		if !a.fleeing[key] && a.drops.took(begun) {
			n++
		}
	}
	return n
}

// unexplained are the rows that were missed though no drop can have taken them.
func (a *account) unexplained() (keys []int64) {
	for _, m := range a.missed {
		if begun, known := a.created[m.key]; !known || !a.drops.between(begun, m.at) {
			keys = append(keys, m.key)
		}
	}
	return keys
}

// readNotes reads the notes of all workers, whose files are in a folder.
func readNotes(folder string, tables int) ([]account, error) {
	accounts := make([]account, tables)
	for i := range accounts {
		accounts[i] = account{
			created: map[int64]time.Duration{}, turns: map[int64]int64{}, fleeing: map[int64]bool{}, deleted: map[int64]bool{},
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "notes-*"))
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		if err := readFile(path, accounts); err != nil {
			return nil, fmt.Errorf("read the notes: %w", err)
		}
	}
	return accounts, nil
}

func readFile(path string, accounts []account) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadString('\n')
		switch {
		case errors.Is(err, io.EOF): // a last line without an end was being written when its worker was killed
			return nil
		case err != nil:
			return err
		}
		if err := enter(strings.TrimSuffix(line, "\n"), accounts); err != nil {
			return err
		}
	}
}

// enter takes one note into account.
func enter(line string, accounts []account) error {
	var kind rune
	var table int
	var key, more int64
	if n, err := fmt.Sscanf(line, "%c %d %d %d", &kind, &table, &key, &more); n != 4 || table < 0 || table >= len(accounts) {
		return fmt.Errorf("no note: %q: %w", line, err)
	}
	a := &accounts[table]
	switch kind {
	case noteCreated:
		a.created[key] = time.Duration(more)
	case noteUpdated:
		a.turns[key] = max(a.turns[key], more)
	case noteDeleting:
		a.fleeing[key] = true
	case noteDeleted:
		a.deleted[key] = true
	case noteMissed:
		a.missed = append(a.missed, miss{key, time.Duration(more)})
	default:
		return fmt.Errorf("no note: %q", line)
	}
	return nil
}
