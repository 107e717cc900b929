package dashboard

import (
	"net/http"
	"strings"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// The defaults of Config.
const (
	DefaultPrefix    = "/schema/"
	DefaultTitle     = "Schema"
	DefaultTimeout   = 15 * time.Second
	DefaultReads     = 2
	DefaultStreams   = 32
	DefaultRecent    = 2048
	DefaultHeartbeat = 2 * time.Second
)

// Config says how a dashboard is shown, to whom, and how much of the program it may use. The zero value is a read-only page below
// DefaultPrefix. It is copied by New.
type Config struct {
	// Prefix is the path below which the handler is mounted, DefaultPrefix where empty. Behind http.StripPrefix it is not needed
	// and does no harm: all links of the page are relative.
	Prefix string
	// Title is what the page calls itself, DefaultTitle where empty: the name of the service, say.
	Title string
	// Middleware, if set, is put around all that the handler serves, its assets too: the place for authentication. It must pass
	// http.Flusher on, by itself or by Unwrap, or the page cannot be live. Security headers are set before it is called.
	Middleware func(http.Handler) http.Handler

	// Actions turns the actions on. Authorize must then be set; it is asked before each one, with the request that asks for it,
	// and forbids it by an error, whose text is shown to who asked. It is called from the goroutines of requests.
	Actions   bool
	Authorize func(*http.Request, Action) error
	// TrustedOrigins are origins, as "https://admin.example.org", from whose pages actions may be asked for beside the page's own.
	TrustedOrigins []string

	// Timeout bounds each question to the database, DefaultTimeout where 0; an Action that applies a plan has no bound but the
	// handler's Close. Reads is how many questions there may be at a time, DefaultReads where 0; others wait for their turn
	// within Timeout.
	Timeout time.Duration
	Reads   int
	// Streams is how many pages may be live at a time, DefaultStreams where 0. Further ones are told to come back.
	Streams int
	// Recent is how many events are kept for pages that are slow or come back, DefaultRecent where 0.
	Recent int
	// Heartbeat is how often a live page hears something where nothing happens, DefaultHeartbeat where 0.
	Heartbeat time.Duration
}

// resolve fills in the defaults of a copy, and reports every fault as one schema.ErrInvalid.
func resolve(given *Config) (Config, error) {
	var c Config
	if given != nil {
		c = *given
	}
	if c.Timeout < 0 || c.Reads < 0 || c.Streams < 0 || c.Recent < 0 || c.Heartbeat < 0 {
		return c, schema.Invalid("new dashboard", "", "", "a limit is negative")
	}
	if c.Actions && c.Authorize == nil {
		return c, schema.Invalid("new dashboard", "", "", "Config.Actions needs Config.Authorize: who may do what")
	}
	or(&c.Prefix, DefaultPrefix)
	or(&c.Title, DefaultTitle)
	or(&c.Timeout, DefaultTimeout)
	or(&c.Reads, DefaultReads)
	or(&c.Streams, DefaultStreams)
	or(&c.Recent, DefaultRecent)
	or(&c.Heartbeat, DefaultHeartbeat)
	c.Prefix = strings.TrimRight("/"+strings.TrimLeft(c.Prefix, "/"), "/") + "/"
	return c, nil
}

// or puts the default where nothing was said.
func or[T comparable](field *T, usual T) {
	var zero T
	if *field == zero {
		*field = usual
	}
}
