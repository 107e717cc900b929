package dashboard

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schemactor/schemactor/schema"
)

const (
	pageUsual = 50  // rows of a page where nothing is said
	pageMost  = 200 // rows of a page at most
)

// row is one table in an answer: its status, and where a running attempt is.
type row struct {
	schema.Status
	Phase schema.Phase `json:"phase,omitempty"`
}

// tablesAnswer is one page of the tables that were asked for.
type tablesAnswer struct {
	Now      time.Time            `json:"now"` // of the program's clock, which nextRetry is of, too
	Revision uint64               `json:"revision"`
	Total    int                  `json:"total"`   // registered tables
	Matched  int                  `json:"matched"` // those that q and state let through
	Offset   int                  `json:"offset"`
	Limit    int                  `json:"limit"`
	Counts   map[schema.State]int `json:"counts"` // of all tables that q lets through, whatever their state
	Tables   []row                `json:"tables"`
}

// stateOrder sorts what wants attention to the front.
var stateOrder = map[schema.State]int{
	schema.StateBlocked: 0, schema.StateFailed: 1, schema.StateEnsuring: 2, schema.StateUnknown: 3, schema.StateReady: 4, schema.StateClosed: 5,
}

// orders are what tables can be sorted by; those that are equal are sorted by name.
var orders = map[string]func(a, b schema.Status) int{
	"name":       nil,
	"state":      func(a, b schema.Status) int { return cmp.Compare(stateOrder[a.State], stateOrder[b.State]) },
	"generation": func(a, b schema.Status) int { return cmp.Compare(a.Generation, b.Generation) },
	"waiters":    func(a, b schema.Status) int { return cmp.Compare(a.Waiters, b.Waiters) },
	"attempts":   func(a, b schema.Status) int { return cmp.Compare(a.Attempts, b.Attempts) },
	"since":      func(a, b schema.Status) int { return a.Since.Compare(b.Since) },
	"retry":      compareRetry,
}

// compareRetry sorts those that are tried again soonest to the front, and those that are not to the end.
func compareRetry(a, b schema.Status) int {
	if a.NextRetry.IsZero() != b.NextRetry.IsZero() {
		if a.NextRetry.IsZero() {
			return 1
		}
		return -1
	}
	return a.NextRetry.Compare(b.NextRetry)
}

// choice is what is asked for of the tables.
type choice struct {
	words         []string // all must be in the name
	state         schema.State
	order         func(a, b schema.Status) int
	descending    bool
	offset, limit int
}

func readChoice(query url.Values) (*choice, error) {
	c := &choice{words: strings.Fields(strings.ToLower(query.Get("q"))), state: schema.State(query.Get("state"))}
	if _, known := stateOrder[c.state]; !known && c.state != "" {
		return nil, invalid("state", "must be one of unknown, ensuring, ready, failed, blocked, closed")
	}
	name := cmp.Or(query.Get("sort"), "name")
	name, c.descending = strings.CutPrefix(name, "-")
	known := false
	if c.order, known = orders[name]; !known {
		return nil, invalid("sort", "must be one of name, state, generation, waiters, attempts, since, retry; with - before it for descending")
	}
	var err error
	if c.offset, err = number(query, "offset", 0, 1<<31-1); err != nil {
		return nil, err
	}
	c.limit, err = number(query, "limit", pageUsual, pageMost)
	return c, err
}

// number reads a parameter; one that is too large counts as the largest.
func number(query url.Values, name string, usual, most int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // which gives the largest there is
		return 0, invalid(name, "must be a whole number, not negative")
	}
	return min(int(n), most), nil
}

func invalid(parameter, words string) error {
	return schema.Invalid("parameter "+parameter, "", "", "%s", words)
}

// choose gives the places of the tables that were asked for, sorted, and how many there are in each state whatever was asked.
func (t *tables) choose(c *choice) (chosen []int, counts map[schema.State]int) {
	counts = map[schema.State]int{}
	for i := range t.all {
		if slices.ContainsFunc(c.words, func(word string) bool { return !strings.Contains(t.names[i], word) }) {
			continue
		}
		counts[t.all[i].State]++
		if c.state == "" || c.state == t.all[i].State {
			chosen = append(chosen, i)
		}
	}
	if c.order != nil { // otherwise by name, as they are
		slices.SortStableFunc(chosen, func(a, b int) int { return c.order(t.all[a], t.all[b]) })
	}
	if c.descending {
		slices.Reverse(chosen)
	}
	return chosen, counts
}

func (h *Handler) serveTables(w http.ResponseWriter, r *http.Request) {
	asked, err := readChoice(r.URL.Query())
	if err != nil {
		failed(w, err)
		return
	}
	t, err := h.roster.look(r.Context())
	if err != nil {
		failed(w, err)
		return
	}
	chosen, counts := t.choose(asked)
	from := min(asked.offset, len(chosen))
	page := chosen[from:min(from+asked.limit, len(chosen))]
	rows := make([]row, len(page))
	for i, at := range page {
		rows[i] = h.row(t.all[at])
	}
	reply(w, &tablesAnswer{
		Now: time.Now().UTC(), Revision: t.revision, Total: len(t.all), Matched: len(chosen), Offset: from, Limit: asked.limit,
		Counts: counts, Tables: rows,
	})
}

func (h *Handler) row(s schema.Status) row {
	r := row{Status: s}
	if s.State == schema.StateEnsuring {
		r.Phase = h.ring.phase(s.Table)
	}
	return r
}

// named finds the table that a request is about, by its parameters namespace and name.
func (h *Handler) named(w http.ResponseWriter, r *http.Request) (schema.Status, bool) {
	query := r.URL.Query()
	return h.known(w, r, schema.Ref{Namespace: query.Get("namespace"), Name: query.Get("name")})
}

// known finds a registered table, or answers that it is not there. The source goes by names for people, so that a table cannot be
// asked for whose name is that of another one with its namespace.
func (h *Handler) known(w http.ResponseWriter, r *http.Request, ref schema.Ref) (schema.Status, bool) {
	t, err := h.roster.look(r.Context())
	if err != nil {
		failed(w, err)
		return schema.Status{}, false
	}
	at, found := t.find(ref)
	if !found {
		fail(w, http.StatusNotFound, "no-table", "no such table is registered")
		return schema.Status{}, false
	}
	if t.ambiguous(ref) {
		fail(w, http.StatusConflict, "ambiguous", "two tables go by the name "+ref.String())
		return schema.Status{}, false
	}
	return t.all[at], true
}

// ambiguous reports whether another table is written as this one is.
func (t *tables) ambiguous(ref schema.Ref) bool {
	name := ref.String()
	alike := []schema.Ref{{Name: name}}
	for i, r := range name {
		if r == '.' {
			alike = append(alike, schema.Ref{Namespace: name[:i], Name: name[i+1:]})
		}
	}
	return slices.ContainsFunc(alike, func(other schema.Ref) bool {
		_, found := t.find(other)
		return found && other != ref
	})
}

// tableAnswer is one table.
type tableAnswer struct {
	Now      time.Time `json:"now"`
	Revision uint64    `json:"revision"`
	Table    row       `json:"table"`
}

func (h *Handler) serveTable(w http.ResponseWriter, r *http.Request) {
	status, ok := h.named(w, r)
	if !ok {
		return
	}
	t, err := h.roster.look(r.Context())
	if err != nil {
		failed(w, err)
		return
	}
	reply(w, &tableAnswer{Now: time.Now().UTC(), Revision: t.revision, Table: h.row(status)})
}
