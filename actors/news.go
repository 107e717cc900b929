package actors

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// News says how a System learns what other programs do to its tables.
type News string

// The ways; see the coordinator's.
const (
	NewsListen News = "listen"
	NewsPoll   News = "poll"
	NewsOff    News = "off"
)

const (
	// pollInterval is the pause between two looks at all tables; pollVersioned the same where a look costs next to nothing.
	pollInterval  = 30 * time.Second
	pollVersioned = time.Second
	// lookTimeout bounds one look.
	lookTimeout = 10 * time.Second
)

// news is how a System notices others' changes. They reach it by word, where the database carries any, and are looked
// for from time to time anyway. What is heard is a reason to look; only what is seen counts.
type news struct {
	start sync.Once
	look  chan struct{} // has a token while tables are to be looked at

	mu    sync.Mutex
	all   bool            // every table is to be looked at
	named map[*Table]bool // these are
}

func (n *news) init() {
	n.look = make(chan struct{}, 1)
	n.named = make(map[*Table]bool)
}

// startNews begins to listen and to poll, once, at the first use of a table: a System that is not used asks nothing.
func (s *System) startNews() {
	if s.config.News == NewsOff || s.config.Mode == ModeTrust {
		return
	}
	s.news.start.Do(func() {
		s.launch(s.poll)
		if notifier, ok := s.dialect.(dialect.Notifier); ok && s.config.News == NewsListen {
			s.launch(func() { s.listen(notifier) })
		}
	})
}

// listen hears news until the System is closed. After each silence everything is looked at.
func (s *System) listen(notifier dialect.Notifier) {
	for failures := 0; s.ctx.Err() == nil; {
		err := notifier.Listen(s.ctx, func(news *dialect.News) {
			failures = 0
			s.heard(news)
		})
		if s.ctx.Err() != nil {
			return
		}
		if errors.Is(err, dialect.ErrNoNews) {
			s.config.Logger.Info("others' changes are noticed by polling alone", zap.Error(err))
			return
		}
		failures++
		s.config.Logger.Debug("the connection for news was lost", zap.Error(s.classify(err)))
		if !pause(s.ctx, backoff(failures, s.config.BackoffMin, s.config.BackoffMax), nil) {
			return
		}
	}
}

// heard takes note of a piece of news, or, for nil, that there may have been some.
func (s *System) heard(news *dialect.News) {
	if news == nil {
		s.lookAt(nil)
		return
	}
	for _, t := range s.namesakes(news.Ref.Name) {
		// A table without namespace is in the current one, whatever that is called.
		if t.ref.Namespace != "" && t.ref.Namespace != news.Ref.Namespace {
			continue
		}
		t.bell.ring()
		switch seen := t.cell.Load(); {
		case seen == nil:
			t.hint()
		case seen.Generation != news.Generation || seen.CatalogHash != news.CatalogHash:
			s.lookAt(t)
		}
	}
}

// namesakes gives the tables of a stored name, in whatever namespace.
func (s *System) namesakes(name string) []*Table {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*Table
	for t := s.stored[name]; t != nil; t = t.namesake {
		out = append(out, t)
	}
	return out
}

// lookAt asks for a look at a table, or, for nil, at all of them.
func (s *System) lookAt(t *Table) {
	n := &s.news
	n.mu.Lock()
	if t == nil {
		n.all = true
	} else {
		n.named[t] = true
	}
	n.mu.Unlock()
	select {
	case n.look <- struct{}{}:
	default:
	}
}

// due gives the tables to be looked at: those of them that are remembered.
func (s *System) due() []*Table {
	n := &s.news
	n.mu.Lock()
	all, named := n.all, n.named
	n.all, n.named = false, make(map[*Table]bool)
	n.mu.Unlock()
	var tables []*Table
	for _, t := range s.Tables() {
		if (all || named[t]) && t.cell.Load() != nil {
			tables = append(tables, t)
		}
	}
	return tables
}

// poll looks at tables from time to time and when there is news of them. A look that fails is made up for by the next.
func (s *System) poll() {
	versioned, _ := s.dialect.(dialect.Versioned)
	var version int64
	known := false
	for {
		timer := time.NewTimer(backoff(1, s.config.PollInterval, s.config.PollInterval))
		select {
		case <-s.news.look:
			timer.Stop()
		case <-timer.C:
			s.nudge()
			if versioned != nil {
				now, err := s.schemaVersion(versioned)
				if err != nil || known && now == version {
					continue
				}
				version, known = now, true
			}
			s.lookAt(nil)
		case <-s.ctx.Done():
			timer.Stop()
			return
		}
		known = s.renew(s.due()) && known
	}
}

func (s *System) schemaVersion(versioned dialect.Versioned) (int64, error) {
	ctx, cancel := context.WithTimeout(s.ctx, lookTimeout)
	defer cancel()
	return versioned.SchemaVersion(ctx)
}

// renew looks at tables in one round trip. A memory that is no longer true is given up, and the table made ready again
// without waiting for a caller: a program that is sent callers only once its tables are ready would wait for ever. It
// reports whether it could look.
func (s *System) renew(tables []*Table) (looked bool) {
	if len(tables) == 0 {
		return true
	}
	seen := make([]*schema.Snapshot, len(tables))
	for i, t := range tables {
		seen[i] = t.cell.Load()
	}
	sightings, err := s.read(tables)
	if err != nil {
		s.config.Logger.Debug("a look for others' changes failed", zap.Error(s.classify(err)))
		return false
	}
	for i, t := range tables {
		if seen[i] == nil || s.holds(seen[i], sightings[i]) {
			continue
		}
		t.Invalidate(seen[i], schema.ErrChanged)
		s.launch(func() {
			_, _ = t.Ready(s.ctx) // who needs the table is told what came of it, and so is the Listener
		})
	}
	return true
}

// nudge asks for the tables whose last attempt failed, as a caller would: each decides by itself whether it is time to try
// again. A program that is sent callers only once its tables are ready would otherwise never learn that they can be.
func (s *System) nudge() {
	for _, t := range s.Tables() {
		switch t.condition.Load().state {
		case schema.StateFailed, schema.StateBlocked:
			s.launch(func() { _, _ = t.Ready(s.ctx) })
		}
	}
}

// holds reports whether a memory is what is seen.
func (s *System) holds(seen *schema.Snapshot, now dialect.Sighting) bool {
	if seen.CatalogHash != now.CatalogHash {
		return false
	}
	return s.config.Mode == ModeVerify || now.Entry != nil && now.Entry.Generation == seen.Generation
}

// tellOthers sends the ledger's new word on tables to other programs, once the transaction commits.
func (s *System) tellOthers(ctx context.Context, q dialect.Querier, entries ...schema.Entry) error {
	if notifier, ok := s.dialect.(dialect.Notifier); ok {
		return notifier.Notify(ctx, q, entries...)
	}
	return nil
}

// bell wakes those who wait for others to be done with a table.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

// next gives a channel that is closed at the next ring.
func (b *bell) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
