package dialect

import (
	"context"

	"github.com/schemactor/schemactor/schema"
)

// Dialect is one database as the library sees it. Everything is safe for concurrent use.
type Dialect interface {
	// Name is "sqlite", "postgres" or "mysql".
	Name() string
	// Capability tells what may differ.
	Capability() Capability
	// Reader is the pool for statements that write nothing; Writer the pool for all others. They may be the same.
	Reader() Querier
	Writer() Querier
	// Begin opens a transaction on the Writer: BeginTx with no options.
	Begin(ctx context.Context) (Tx, error)
	// BeginTx opens a transaction of the kind that the options say, on the Writer unless it is read-only. Unknown options
	// are schema.ErrInvalid. What the database refuses because of others' transactions, a deadlock included, is
	// schema.ErrSerialization: the transaction must be run again from its start.
	BeginTx(ctx context.Context, options TxOptions) (Tx, error)
	// Close ends what the dialect itself opened, and nothing else.
	Close() error

	Grammar
	Planner
	Inspector
	Locker
	Surveyor
	Classifier
}

// Grammar spells SQL. It is pure.
type Grammar interface {
	// FitName is how an identifier is stored: fitted to the limit, unquoted.
	FitName(name string) string
	// Quote fits and quotes an identifier.
	Quote(name string) string
	// QuoteTable fits, qualifies and quotes a table.
	QuoteTable(ref schema.Ref) string
	// Placeholder is the n-th bound value, from 1.
	Placeholder(n int) string
	// NamespaceExpr is the SQL for a namespace bound at a placeholder, with the empty one resolved to the current one
	// where the database has such a thing: what the ledger stores and looks up.
	NamespaceExpr(placeholder string) string
	// ValueExpr wraps a placeholder that holds a value of the column, with the cast the database needs to know its
	// type in any place: "$1::bigint", or "?" where no cast is needed.
	ValueExpr(c *schema.Column, placeholder string) string
	// DefaultExpr is the SQL expression of the column's default (Column.Default is not empty), DefaultNow resolved.
	DefaultExpr(c *schema.Column) string
	// SelectExpr is how the column is read: its quoted name, or a cast of it.
	SelectExpr(c *schema.Column) string
	// OrderExpr is the expression by which values of the column sort and compare with < and >; ordered is false for
	// kinds that have no order (JSON). It works for a quoted column and, through OrderValue, for a bound value.
	OrderExpr(c *schema.Column) (expr string, ordered bool)
	// OrderValueExpr is what a placeholder becomes when it is compared with OrderExpr.
	OrderValueExpr(c *schema.Column, placeholder string) string
	// MatchExpr is a case-sensitive pattern match of a string column against a pattern bound at the placeholder.
	MatchExpr(column, placeholder string) string
	// Pattern turns pattern parts into the text that MatchExpr takes.
	Pattern(parts []PatternPart) string
	// Encoder converts a column's portable value (never nil) into what the driver binds; nil where it is the value itself.
	Encoder(c *schema.Column) func(value any) any
	// InsertedExpr is an expression for the RETURNING list of INSERT … ON CONFLICT DO UPDATE that is true for a row that was
	// inserted and false for one that was updated; empty where the database cannot tell. Then whoever has begun to write
	// must keep all others from writing until the end of the transaction.
	InsertedExpr() string

	Aggregator
	Idiom
}

// PatternPart is a piece of a match pattern: a literal text, or one wildcard.
type PatternPart struct {
	Literal string // matched as it is; empty for a wildcard
	Wild    Wild
}

// Wild is a wildcard.
type Wild uint8

// The wildcards; None marks a literal part.
const (
	None   Wild = iota
	Any         // any run of characters, also none
	Single      // exactly one character
)

// Planner turns models and catalogue readings into plans. It is pure: the same input gives the same plan.
type Planner interface {
	// Create says how a missing table is made.
	Create(model *schema.Table) *schema.Plan
	// Alter says how a table that is there becomes the model. The plan is empty where nothing is to be done, and a
	// carried-out plan is followed by an empty one. It also finishes what an interrupted plan has left behind.
	Alter(t Transition) *schema.Plan
}

// Transition is what a Planner knows of a table that is to change.
type Transition struct {
	Model *schema.Table
	Born  *schema.Live // the model as this server would have made it, by Inspector.Born
	Live  *schema.Live // the table; under its former name (Ref) where it is to be renamed
	// Rows is how many rows the table holds, counted no further than needed; what is harmless for an empty table may be
	// a hazard for one with rows.
	Rows int64
	// Policy says which extras of the live table are to be removed: those whose removal it allows. All else is planned
	// whatever it says.
	Policy schema.Policy
}

// Inspector reads the catalogue.
type Inspector interface {
	// Inspect reads the named tables in one query and gives them in the order asked for, nil for a missing one.
	Inspect(ctx context.Context, q Querier, refs ...schema.Ref) ([]*schema.Live, error)
	// Born gives the model as this server would have made it: created in a scratch place that leaves no trace, and read
	// back, with the names that its indexes and constraints would have in the model's own table. tx may be used and is
	// left as it was. The result's Hash is not comparable with a live table's. For a role that may make nothing anywhere it is
	// put together from the model alone (Live.Parsed).
	Born(ctx context.Context, tx Tx, model *schema.Table) (*schema.Live, error)
}

// Locker takes the cross-process locks of tables.
type Locker interface {
	// Locked runs fn inside one transaction that holds the lock of every ref, taken in sorted order, and commits if fn
	// returns nil. A lock that is not had at once, or within a short bounded time (300 ms), is schema.ErrLockTimeout, with
	// nothing held; the caller waits and comes again. Locks end with the transaction, also when the process dies.
	// Errors of fn come back as they are; all others are classified.
	Locked(ctx context.Context, refs []schema.Ref, fn func(ctx context.Context, tx Tx) error) error
	// Aside runs fn in a transaction that takes no table's lock, keeps nobody waiting and is always rolled back: for
	// planning, verifying and other looks at several things at one moment. Errors are as with Locked.
	Aside(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Applier carries out the parts of a plan that stand outside the lock's transaction. A dialect whose plans have such
// parts (Plan.Stepwise) implements it; for others it is not needed.
type Applier interface {
	// Step carries out one of Plan.Steps outside the lock's transaction; ctx is that of the function inside Locked. A lock that keeps others waiting is waited for no longer
	// than a short bounded time (300 ms), after which the step is undone and schema.ErrLockTimeout; the caller comes
	// again. progress is called after each batch with the rows looked at so far; nil is allowed. A statement's
	// Refuse is a *schema.Error with that Detail. Errors are classified.
	Step(ctx context.Context, step []schema.Statement, progress func(rows int64)) error
	// Beside runs fn on a connection other than that of a Locked that runs, outside any transaction, also where the pool
	// has no second one. Errors are classified.
	Beside(ctx context.Context, fn func(ctx context.Context, q Querier) error) error
}

// Surveyor reads what is known of many tables at once.
type Surveyor interface {
	// Survey reads ledger entry and catalogue hash of all refs in one round trip. It writes nothing, takes no lock, and
	// works where the ledger does not exist yet. Sightings are in the order of refs.
	Survey(ctx context.Context, refs []schema.Ref) (*Survey, error)
}

// Survey is the answer to one boot read.
type Survey struct {
	HasLedger bool // false: the library's own tables are not there yet
	Sightings []Sighting
}

// Sighting is what was seen of one table.
type Sighting struct {
	Entry       *schema.Entry // nil where the ledger has none
	CatalogHash string        // Live.Hash; empty where the table does not exist
}

// Classifier knows the driver's errors.
type Classifier interface {
	// Classify gives the driver's error in the library's words, nil for nil. An error that is or wraps a *schema.Error
	// already comes back as that; one it does not know has a nil Kind. A context error keeps matching errors.Is.
	Classify(err error) *schema.Error
}
