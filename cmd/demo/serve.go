package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/schemactor/schemactor/cmd/demo/service"
	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/database"
)

const (
	// serviceFile is where the service keeps its rows unless --database says otherwise.
	serviceFile = "schemactor-service.db"
	// serviceNamespace is where its tables are on PostgreSQL unless --namespace says otherwise.
	serviceNamespace = "schemactor_service"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	database, databaseFile string
	namespace              string
	address                string
	migrate, verify        bool
	level                  zapcore.Level
	grace, drain           time.Duration
}

// serveCommand runs the service of package service.
func serveCommand(out io.Writer, database *string) *cobra.Command {
	var opts serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Runs a small service over three tables: HTTP, JSON, readiness, an orderly end",
		Long: "Runs a small service to copy: customers, orders and their items over HTTP and JSON, below /v1/.\n" +
			"It starts also while the database is down, and says at /readyz when it can serve. The first SIGTERM or\n" +
			"interrupt ends it in order, with exit code 0; a second one ends it at once. Logs go to standard error.\n" +
			"There is no authentication: put it behind yours.",
		Example: "  demo serve\n  demo serve --database postgres://… --address :8080 --grace 5s\n" +
			"  demo serve --database mysql://… --migrate",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.database = *database
			return serve(cmd.Context(), out, cmd.ErrOrStderr(), opts)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.address, "address", "127.0.0.1:8080", "where to listen; port 0 is any free one, which is printed")
	flags.StringVar(&opts.databaseFile, "database-file", "", "read --database from this file, for secrets that are mounted")
	flags.StringVar(&opts.namespace, "namespace", "", "where the tables are on PostgreSQL (default "+serviceNamespace+")")
	flags.BoolVar(&opts.migrate, "migrate", false, "make the tables match, print what was done, and end: for a job before a deployment")
	flags.BoolVar(&opts.verify, "verify", false, "never make or change a table: be ready once they match")
	flags.DurationVar(&opts.grace, "grace", 0, "when told to end: take requests for so long while /readyz already says no")
	flags.DurationVar(&opts.drain, "drain", 15*time.Second, "when told to end: how long requests that were begun may take")
	flags.TextVar(&opts.level, "log-level", zapcore.InfoLevel, "debug, info, warn or error")
	return cmd
}

// serve opens the database, runs the service until ctx ends, and closes in the opposite order.
func serve(ctx context.Context, out, errOut io.Writer, opts serveOptions) (err error) {
	if err := opts.check(); err != nil {
		return err
	}
	d, label, err := opts.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = joinClose(err, d.Close()) }()
	logger := newLogger(errOut, opts.level)
	cfg := service.Config{Logger: logger, Namespace: opts.namespace, Grace: opts.grace, Drain: opts.drain}
	if opts.migrate {
		return service.Migrate(ctx, d, cfg, out)
	}
	if opts.verify {
		cfg.Mode = coordinator.ModeVerify
	}
	s, err := service.New(d, cfg)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", opts.address)
	if err != nil {
		return joinClose(err, s.Close(ctx))
	}
	fmt.Fprintf(out, "Serving at http://%s on %s\n", listener.Addr(), label)
	// From the first signal on, the next one has the effect that it has on programs that do not handle it: also one that comes as soon
	// as somebody can see that the service ends.
	told, tell := context.WithCancel(context.WithoutCancel(ctx))
	defer tell()
	defer context.AfterFunc(ctx, func() {
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		tell()
	})()
	if err := s.Serve(told, listener); err != nil {
		logger.Error("did not end in order", zap.Error(err))
		return outcome(1)
	}
	logger.Info("ended")
	return nil
}

// check refuses flags that make no sense, and reads the database's address from its file.
func (o *serveOptions) check() error {
	switch {
	case o.migrate && o.verify:
		return fmt.Errorf("%w: --migrate and --verify are opposites", errUsage)
	case o.drain <= 0 || o.grace < 0:
		return fmt.Errorf("%w: --drain must be more than 0 and --grace not less", errUsage)
	case o.databaseFile == "":
		return nil
	case o.database != "":
		return fmt.Errorf("%w: --database or --database-file, not both", errUsage)
	}
	var err error
	o.database, err = readAddress(o.databaseFile)
	return err
}

// open opens the database, and settles the namespace. A server that is down is no reason not to start.
func (o *serveOptions) open(ctx context.Context) (d dialect.Dialect, label string, err error) {
	text := o.database
	if text == "" {
		text = serviceFile
	}
	address, err := parseDatabase(text)
	if err != nil {
		return nil, "", err
	}
	if o.namespace, err = namespaceIn(address, o.namespace, serviceNamespace); err != nil {
		return nil, "", err
	}
	d, err = database.Open(ctx, address, database.Options{Lazy: true})
	return d, address.String(), err
}

// newLogger writes JSON, and of lines that repeat within a second the first hundred and then every hundredth.
func newLogger(to io.Writer, level zapcore.Level) *zap.Logger {
	encoder := zap.NewProductionEncoderConfig()
	encoder.EncodeTime, encoder.EncodeDuration = zapcore.RFC3339NanoTimeEncoder, zapcore.StringDurationEncoder
	core := zapcore.NewCore(zapcore.NewJSONEncoder(encoder), zapcore.Lock(zapcore.AddSync(to)), level)
	return zap.New(zapcore.NewSamplerWithOptions(core, time.Second, 100, 100))
}
