package coordinator

import (
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Mode says how much a coordinator does to have a table match its model.
type Mode = actors.Mode

// The modes.
const (
	// ModeMigrate makes and changes tables, as far as the policy allows.
	ModeMigrate = actors.ModeMigrate
	// ModeVerify never changes anything, the ledger included: a table that does not match is ErrSchemaMismatch, with
	// every difference that is not harmless. It is for databases that others look after, and for roles that may only read.
	ModeVerify = actors.ModeVerify
	// ModeTrust takes every table for ready and looks at none.
	ModeTrust = actors.ModeTrust
)

// News says how a coordinator learns what other programs do to its tables. Whatever it says, a statement that fails because
// its table has changed has the table looked at again.
type News = actors.News

// The ways to learn of others' changes.
const (
	// NewsListen hears of them at once, over one connection beside the pool where the database carries news (PostgreSQL's
	// LISTEN), and polls as well: what people do by hand tells nobody.
	NewsListen = actors.NewsListen
	// NewsPoll looks at all tables in one query every PollInterval.
	NewsPoll = actors.NewsPoll
	// NewsOff neither listens nor looks.
	NewsOff = actors.NewsOff
)

// Lane tunes how writes of single rows are put together. The zero value works.
type Lane = actors.LaneConfig

// Config tunes a Coordinator. The zero value, and a nil pointer, work. New copies it.
type Config struct {
	// Logger gets one entry for each thing that happens to a table, with the fields table, phase, generation,
	// duration, waiters, statements, error and retry. Warm calls log nothing. nil logs nothing at all.
	Logger *zap.Logger
	// Listener gets the same as callbacks; see schema.Listener for what they may do. nil is none.
	Listener *schema.Listener
	// Observer is told of the calls of nodes, and of transactions, for metrics and traces; see package coordinator/telemetry. nil is
	// none and costs a call nothing.
	Observer schema.Observer
	// Policy says which changes may be made to tables that are there; the zero value allows additive ones.
	Policy schema.Policy
	// Mode says what the coordinator does about tables: ModeMigrate, ModeVerify or ModeTrust; empty is ModeMigrate.
	Mode Mode
	// DDL is a second way into the same database, for a role that owns the tables: all that concerns their shapes and the
	// history goes there, rows go through the one given to New, whose role then needs no more than SELECT, INSERT, UPDATE and
	// DELETE. Both must resolve names alike. A pool of 2 is enough for it, and however many tables are made at once they
	// take no connection from the rows. It stays the caller's. nil has both go one way.
	DDL dialect.Dialect
	// News says how others' changes are noticed: NewsListen, NewsPoll or NewsOff; empty is NewsListen. It begins with the
	// first use of a table.
	News News
	// PollInterval is the pause between two looks at all tables, varied by a fifth. 0 is 30 s, or 1 s where the database tells
	// cheaply whether there is anything to see (SQLite).
	PollInterval time.Duration
	// Application is written into the history beside every change this program makes. Empty is the executable's name.
	Application string
	// Version of the application, written likewise. Empty is the main module's version, or the commit that the executable
	// was built from, where the build knows it.
	Version string
	// EnsureTimeout bounds one attempt to make a table ready, waiting for other processes included.
	// 0 is 1 minute.
	EnsureTimeout time.Duration
	// BackoffMin and BackoffMax bound how long the database is left alone after a failed attempt: the pause starts at
	// the first, doubles with each further failure and stops at the second. 0 is 100 ms and 10 s.
	BackoffMin, BackoffMax time.Duration
	// Lane tunes how writes of single rows that come at the same moment go to the database together. The zero value has it on;
	// Lane.Off, or Through(nil) of a single node, has each write go by itself.
	Lane Lane
}

// resolve checks a Config and gives a copy of it. Every fault is reported at once.
func resolve(cfg *Config) (Config, error) {
	var resolved Config
	if cfg != nil {
		resolved = *cfg
	}
	var faults []error
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"EnsureTimeout", resolved.EnsureTimeout},
		{"PollInterval", resolved.PollInterval},
		{"BackoffMin", resolved.BackoffMin},
		{"BackoffMax", resolved.BackoffMax},
	} {
		if d.value < 0 {
			faults = append(faults, schema.Invalid("new coordinator", "", "", "Config.%s is negative: %v", d.name, d.value))
		}
	}
	for _, n := range []struct {
		name  string
		value int
	}{{"MaxBatch", resolved.Lane.MaxBatch}, {"MaxWaiting", resolved.Lane.MaxWaiting}} {
		if n.value < 0 {
			faults = append(faults, schema.Invalid("new coordinator", "", "", "Config.Lane.%s is negative: %d", n.name, n.value))
		}
	}
	switch resolved.Mode {
	case "":
		resolved.Mode = ModeMigrate
	case ModeMigrate, ModeVerify, ModeTrust:
	default:
		faults = append(faults, schema.Invalid("new coordinator", "", "", "Config.Mode %q is not one of %s, %s, %s",
			resolved.Mode, ModeMigrate, ModeVerify, ModeTrust))
	}
	switch resolved.News {
	case "":
		resolved.News = NewsListen
	case NewsListen, NewsPoll, NewsOff:
	default:
		faults = append(faults, schema.Invalid("new coordinator", "", "", "Config.News %q is not one of %s, %s, %s",
			resolved.News, NewsListen, NewsPoll, NewsOff))
	}
	if err := resolved.Policy.Validate(); err != nil {
		faults = append(faults, err)
	}
	if resolved.BackoffMax > 0 && resolved.BackoffMin > resolved.BackoffMax {
		faults = append(faults, schema.Invalid("new coordinator", "", "", "Config.BackoffMin %v is longer than BackoffMax %v",
			resolved.BackoffMin, resolved.BackoffMax))
	}
	return resolved, errors.Join(faults...)
}
