package dialect

import (
	"context"
	"errors"

	"github.com/schemactor/schemactor/schema"
)

// Notifier is a database that carries news from one program to another. A dialect may implement it; without it, news
// come by polling alone.
type Notifier interface {
	// Notify has every program that listens told of entries once the transaction q commits.
	Notify(ctx context.Context, q Querier, entries ...schema.Entry) error
	// Listen hears news on a connection of its own beside the pool's, until ctx ends or the connection is lost, and says
	// why; it never returns nil. heard is called on one goroutine: first with nil, when it begins to hear — what happened
	// before is not told — and then for each piece of news. Where something in between, as a pooler, carries none, the
	// error matches ErrNoNews.
	Listen(ctx context.Context, heard func(news *News)) error
}

// ErrNoNews says that a connection carries no news, now and later.
var ErrNoNews = errors.New("this connection carries no news")

// News is the ledger's new word on one table, as the program that wrote it tells the others.
type News struct {
	Ref         schema.Ref // as the database stores it; the namespace is resolved
	Generation  int64
	CatalogHash string
}

// Versioned is a database that tells cheaply whether tables may have changed. A dialect may implement it.
type Versioned interface {
	// SchemaVersion is a number that is another one after any program has changed the shape of any table.
	SchemaVersion(ctx context.Context) (int64, error)
}
