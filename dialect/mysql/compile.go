package mysql

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
)

// readBackMark stands between an update and the query that reads what it has made. No name, no text and no
// statement of a program's own holds the byte in it.
const readBackMark = " /*\x00 schemactor: read back */ "

// piece is one statement as the server takes it.
type piece struct {
	sql  string
	args []int // which of the given values each of its marks binds; -1 is the statement's own number
	all  bool  // it binds the given values in their order, all of them where it has no args
}

// bind gives the piece's values.
func (p *piece) bind(args []any, number int64) ([]any, error) {
	if p.all && len(p.args) <= len(args) {
		if len(p.args) > 0 {
			args = args[:len(p.args)]
		}
		return args, nil
	}
	out := make([]any, len(p.args))
	for i, n := range p.args {
		if n < 0 {
			out[i] = number
			continue
		}
		if n >= len(args) {
			return nil, fmt.Errorf("the statement binds a %dth value, and %d are given", n+1, len(args))
		}
		out[i] = args[n]
	}
	return out, nil
}

// program is what a text becomes: one statement, or an update with the query that reads its row. Of an upsert there is also
// what is done where another row is in its way: an update with its query, and the insert that says why it fails. And a query
// for the name of its index, and what it is under that name.
type program struct {
	first   piece
	then    *piece
	instead *program
	last    *piece
	index   string
	renamed atomic.Pointer[piece]
}

// programs remembers what texts became. It is safe for concurrent use.
type programs struct {
	mu    sync.RWMutex
	known map[string]*program
	runs  atomic.Int64 // statements that were given a number
}

// numberAnew has the numbers begin at one that no other DB has used on the same connection.
func (p *programs) numberAnew() { p.runs.Store(rand.Int64N(1 << 62)) }

// mostPrograms is how many texts are remembered; once there are more, all are forgotten.
const mostPrograms = 1000

func (p *programs) of(text string) *program {
	p.mu.RLock()
	found := p.known[text]
	p.mu.RUnlock()
	if found != nil {
		return found
	}
	made := compile(text)
	if len(text) > 1<<16 {
		return made
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil || len(p.known) >= mostPrograms {
		p.known = map[string]*program{}
	}
	p.known[text] = made
	return made
}

// compile turns numbered marks into plain ones, and cuts a text with a query behind it in two. Plain marks stay what they
// are: a text has either the ones or the others.
func compile(text string) *program {
	if parts := strings.Split(text, insteadMark); len(parts) == 4 {
		last := plain(parts[2])
		return &program{first: plain(parts[0]), instead: compile(parts[1]), last: &last, index: parts[3]}
	}
	first, query, two := strings.Cut(text, readBackMark)
	made := &program{first: plain(first)}
	if two {
		then := plain(query)
		made.then = &then
	}
	return made
}

// plain gives one statement with plain marks.
func plain(text string) piece {
	var b strings.Builder
	p := piece{args: []int{}}
	from := 0
	for i := 0; i < len(text); {
		end, n := next(text, i)
		if n >= 0 {
			b.WriteString(text[from : i+1])
			from = end
			p.args = append(p.args, n-1)
		}
		i = end
	}
	if len(p.args) == 0 {
		return piece{sql: text, all: true}
	}
	b.WriteString(text[from:])
	p.sql = b.String()
	p.all = inOrder(p.args)
	return p
}

// inOrder reports whether marks bind one value after the other.
func inOrder(args []int) bool {
	for i, n := range args {
		if n != i {
			return false
		}
	}
	return true
}

// next gives the end of the quoted piece, comment, mark or single byte that begins at i, and the number of a mark that has
// one, or -1.
func next(text string, i int) (end, number int) {
	switch c := text[i]; {
	case c == '\'' || c == '"' || c == '`':
		for end = i + 1; end < len(text); end++ {
			if text[end] == c {
				return end + 1, -1 // a doubled quote begins the next piece
			}
		}
		return end, -1
	case strings.HasPrefix(text[i:], "-- "), c == '#':
		return after(text, i, "\n"), -1
	case strings.HasPrefix(text[i:], "/*"):
		return after(text, i+2, "*/"), -1
	case c == '?':
		end = i + 1
		for end < len(text) && '0' <= text[end] && text[end] <= '9' {
			number = number*10 + int(text[end]-'0')
			end++
		}
		if end == i+1 {
			return end, -1
		}
		return end, number
	}
	return i + 1, -1
}

// after gives the end of the mark that comes next, or of the text.
func after(text string, from int, mark string) int {
	if at := strings.Index(text[from:], mark); at >= 0 {
		return from + at + len(mark)
	}
	return len(text)
}
