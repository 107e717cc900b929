package actors

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/zap"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Config tunes a System. The zero value works. It is copied by Start.
type Config struct {
	// Logger receives panics and what Proto.Actor itself has to say; nil is no logging. Values of messages are left
	// out. What happens to tables is told to the Listener only.
	Logger *zap.Logger
	// Listener is told what happens to tables; nil is none. A callback that panics is logged and skipped.
	Listener *schema.Listener
	// Policy says which changes may be made to tables that are there.
	Policy schema.Policy
	// Mode says what is done about tables at all; empty is ModeMigrate.
	Mode Mode
	// News says how others' changes are noticed; empty is NewsListen.
	News News
	// PollInterval is the pause between two looks at all tables that are remembered, varied by a fifth; 0 is 30 s, or 1 s
	// where the database tells cheaply whether there is anything to see.
	PollInterval time.Duration
	// Precondition is looked at before the first table is, until it holds; its error is every caller's. nil always holds.
	Precondition func(ctx context.Context) error
	// Application is written to the ledger beside every change; empty is the executable's base name.
	Application string
	// Version of the application, likewise; empty is what the build knows of it.
	Version string
	// EnsureTimeout bounds one attempt to make a table ready, the wait for other processes included; 0 is 1 minute.
	EnsureTimeout time.Duration
	// BackoffMin is how long the database is left alone after a first transient failure, 0 is 100 ms. Each further
	// failure doubles it up to BackoffMax, 0 is 10 s; both are varied by a fifth, so that processes do not meet again.
	BackoffMin, BackoffMax time.Duration
}

// Mode says what a System does about tables.
type Mode string

// The modes; see the coordinator's.
const (
	ModeMigrate Mode = "migrate"
	ModeVerify  Mode = "verify"
	ModeTrust   Mode = "trust"
)

// lockedAtOnce is how many attempts of one System hold a database transaction at the same time. It keeps a herd of
// cold tables from taking every connection of the pool, and from waiting for each other inside the database.
const lockedAtOnce = 4

// System owns the schema actors of one database and every goroutine they start. It is safe for concurrent use.
type System struct {
	dialect dialect.Dialect
	config  Config
	ledger  *dialect.Ledger
	actors  *actor.ActorSystem
	host    string
	pid     int64
	now     func() time.Time

	ctx    context.Context // of all work; ends with cause ErrClosed
	cancel context.CancelCauseFunc
	work   sync.WaitGroup // attempts, surveys and actors; added to under mu while open
	ended  chan struct{}  // closed when all work has ended and Proto.Actor was shut down

	audience   audience
	held       atomic.Bool // the precondition was
	survey     survey
	news       news
	convoy     convoy
	turns      chan struct{} // lockedAtOnce tokens
	ledgerTurn chan struct{} // one token: who has it makes the ledger
	hasLedger  atomic.Bool

	mu      sync.RWMutex
	closed  bool
	tables  []*Table
	byName  map[schema.Ref]*Table   // by folded reference
	formers map[schema.Ref]*Table   // those that are to be renamed, by their folded former reference
	stored  map[string]*Table       // by stored name without namespace: the first, then along Table.namesake
	pointed map[schema.Ref][]*Table // those whose foreign keys lead to a folded reference
	version atomic.Int64            // counts registrations

	supervision actor.SupervisorStrategy
}

// Start makes a System for a database, which stays the caller's. It touches no database. Close ends it.
func Start(d dialect.Dialect, cfg Config) *System {
	s := &System{
		dialect: d, config: cfg.withDefaults(d), ledger: dialect.LedgerOf(d), pid: int64(os.Getpid()), now: time.Now,
		ended: make(chan struct{}), turns: make(chan struct{}, lockedAtOnce), ledgerTurn: make(chan struct{}, 1),
		byName: make(map[schema.Ref]*Table), formers: make(map[schema.Ref]*Table),
		stored: make(map[string]*Table), pointed: make(map[schema.Ref][]*Table), supervision: supervision(),
	}
	// A host without a name is no reason to refuse work: the ledger says so by an empty host.
	s.host, _ = os.Hostname()
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	if cfg.Listener != nil {
		s.audience.each = []*schema.Listener{cfg.Listener}
	}
	s.audience.current.Store(schema.Tee(s.audience.each...))
	s.survey.init()
	s.news.init()
	s.convoy.init(d.Capability())
	s.actors = actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return bridge(s.config.Logger) }),
		// Its throttle keeps a goroutine for this long after a lost message, also after Shutdown.
		actor.WithDeadLetterThrottleInterval(time.Millisecond),
	)
	return s
}

func (c Config) withDefaults(d dialect.Dialect) Config {
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	if c.Mode == "" {
		c.Mode = ModeMigrate
	}
	if c.News == "" {
		c.News = NewsListen
	}
	if c.PollInterval <= 0 {
		c.PollInterval = pollInterval
		if _, ok := d.(dialect.Versioned); ok {
			c.PollInterval = pollVersioned
		}
	}
	if c.Application == "" {
		c.Application = filepath.Base(os.Args[0])
	}
	if c.Version == "" {
		c.Version = buildVersion()
	}
	if c.EnsureTimeout <= 0 {
		c.EnsureTimeout = time.Minute
	}
	if c.BackoffMin <= 0 {
		c.BackoffMin = 100 * time.Millisecond
	}
	if c.BackoffMax <= 0 {
		c.BackoffMax = 10 * time.Second
	}
	c.BackoffMax = max(c.BackoffMin, c.BackoffMax)
	return c
}

// buildVersion is the main module's version, or the commit it was built from; empty where the build does not know.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return ""
}

// Add registers a table and gives its handle; nothing is sent to the database. A second model for the same table is
// ErrRegistered, a namespace where the database has none, a name that the library keeps for itself and a model that the
// database cannot have, as for a key that is too wide, are ErrInvalid, and a closed System is ErrClosed. Names are compared as the database stores them. On PostgreSQL a table without
// namespace and the same table under the current schema's name are one table to the database and two to Add.
func (s *System) Add(t *schema.Table) (*Table, error) {
	const op = "register"
	ref := t.Ref()
	if ref.Namespace != "" && !s.dialect.Capability().Namespaces {
		return nil, schema.Invalid(op, ref.String(), "", "%s has no namespaces", s.dialect.Name())
	}
	folded := s.fold(ref)
	if folded.Name == dialect.LedgerTable || folded.Name == dialect.RevisionsTable {
		return nil, schema.Invalid(op, ref.String(), "", "the name belongs to the library's own history")
	}
	if faults := s.dialect.Create(t).Faults; len(faults) > 0 {
		return nil, schema.Invalid(op, ref.String(), "", "%s", strings.Join(faults, "; "))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, &schema.Error{Op: op, Table: ref.String(), Kind: schema.ErrClosed}
	}
	if other, ok := s.byName[folded]; ok {
		return nil, &schema.Error{
			Op: op, Table: ref.String(), Kind: schema.ErrRegistered,
			Detail: fmt.Sprintf("by the model of %s from %s", other.model, other.model.GoType()),
		}
	}
	handle := newTable(s, t)
	if err := s.contradicts(handle, folded); err != nil {
		return nil, err
	}
	s.note(handle, folded)
	s.version.Add(1)
	return handle, nil
}

// note keeps a handle where it is looked for. The caller holds s.mu.
func (s *System) note(t *Table, folded schema.Ref) {
	s.byName[folded] = t
	if t.former.Name != "" {
		s.formers[s.fold(t.former)] = t
	}
	t.namesake, s.stored[t.ref.Name] = s.stored[t.ref.Name], t
	for _, key := range t.model.ForeignKeys() {
		target := s.fold(key.References)
		if to := s.pointed[target]; len(to) == 0 || to[len(to)-1] != t {
			s.pointed[target] = append(to, t)
		}
	}
	s.tables = append(s.tables, t)
}

// contradicts refuses a table that another one is to be renamed from, and the reverse. The caller holds s.mu.
func (s *System) contradicts(t *Table, folded schema.Ref) error {
	refuse := func(was schema.Ref, by *Table) error {
		return schema.Invalid("register", t.model.String(), "", "%s is registered, and %s says that it was called so",
			was, by.model)
	}
	if other, is := s.formers[folded]; is {
		return refuse(t.model.Ref(), other)
	}
	if t.former.Name == "" {
		return nil
	}
	former := s.fold(t.former)
	if _, taken := s.byName[former]; taken {
		return refuse(t.former, t)
	}
	if other, is := s.formers[former]; is {
		return schema.Invalid("register", t.model.String(), "", "%s says that it was called %s, too", other.model, t.former)
	}
	return nil
}

// Table finds the handle of a registered table, by the name that its model has or the one the database stores.
func (s *System) Table(ref schema.Ref) (*Table, bool) {
	folded := s.fold(ref)
	s.mu.RLock()
	defer s.mu.RUnlock()
	t, ok := s.byName[folded]
	return t, ok
}

// Tables gives all handles in the order of their registration. The slice is the caller's.
func (s *System) Tables() []*Table {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return append([]*Table(nil), s.tables...)
}

// fit gives a reference as the database stores it.
func (s *System) fit(ref schema.Ref) schema.Ref {
	fitted := schema.Ref{Name: s.dialect.FitName(ref.Name)}
	if ref.Namespace != "" {
		fitted.Namespace = s.dialect.FitName(ref.Namespace)
	}
	return fitted
}

// fold gives a reference as the database tells tables apart: SQLite does not see the case of letters.
func (s *System) fold(ref schema.Ref) schema.Ref {
	ref = s.fit(ref)
	if s.dialect.Name() == "sqlite" {
		ref.Name = strings.Map(lowerASCII, ref.Name)
	}
	return ref
}

func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

// launch runs fn in a goroutine that Close waits for. It reports false, and runs nothing, once Close was called.
func (s *System) launch(fn func()) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return false
	}
	s.work.Go(fn)
	return true
}

// Close ends all attempts, answers everyone who waits with ErrClosed, and waits until every goroutine of the System
// has ended, no longer than ctx allows; then the error is the context's cause, and the rest ends by itself. The
// database stays open. A second call waits like the first.
func (s *System) Close(ctx context.Context) error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	tables := s.tables
	s.mu.Unlock()
	if first {
		// Before the actors are told, so that an attempt in their way ends.
		s.cancel(schema.ErrClosed)
		for _, t := range tables {
			t.poison()
		}
		go func() {
			defer close(s.ended)
			s.work.Wait()
			s.actors.Shutdown()
		}()
	}
	select {
	case <-s.ended:
		return nil
	default:
	}
	select {
	case <-s.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close schema actors: %w", context.Cause(ctx))
	}
}
