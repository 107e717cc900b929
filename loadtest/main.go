// Command loadtest puts a database under load through schemactor: several processes of many goroutines each, which begin
// with tables that are not there, and some of which are killed while they write. At the end it holds the database against
// what was acknowledged.
//
// It exits with 0 when every promise was kept, 1 when one was broken, and 2 when it could not run.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/loadtest/load"
)

// errBroken is the end of a run in which some promise was not kept; the verdict has said which.
var errBroken = errors.New("a promise was broken")

func main() {
	if code, worker := fleet.Main(load.Roles()); worker {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program with its surroundings handed in; it gives the exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	root := newCommand(out)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	switch err := root.ExecuteContext(ctx); {
	case err == nil:
		return 0
	case errors.Is(err, errBroken):
		return 1
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(errOut, "loadtest: interrupted before it began")
		return 2
	default:
		fmt.Fprintln(errOut, "loadtest:", strings.ReplaceAll(err.Error(), "\n", "; "))
		return 2
	}
}

func newCommand(out io.Writer) *cobra.Command {
	var cfg load.Config
	var drop bool
	root := &cobra.Command{
		Use:   "loadtest",
		Short: "Puts a database under load from many processes, kills some, and checks that nothing was lost",
		Long: "Starts processes whose goroutines create, read, change and delete rows in tables that are not there when they\n" +
			"begin. What is acknowledged is noted outside of the database. At the end the database is held against the\n" +
			"notes: each table made exactly once and as its model says, every acknowledged row there once, none half\n" +
			"written, nothing left behind.\n\n" +
			"The tables have names of their own (loadtest_…; on PostgreSQL they are in a namespace of their own) and are\n" +
			"dropped at the end. Exit code: 0 every promise kept, 1 one was broken, or a caller got an error, 2 it could\n" +
			"not run. An interrupt ends the load early; what there is is checked.",
		Example: "  loadtest                                              # ten seconds on a temporary SQLite file\n" +
			"  loadtest --kill-every 200ms --duration 1m             # the same, with kill -9 five times a second\n" +
			"  loadtest --database postgres://localhost/test         # on a server\n" +
			"  loadtest --database test.db --keep                    # leave the tables, to look at them\n" +
			"  loadtest --database test.db --drop                    # remove what was left",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown argument %q: there are only flags", args[0])
			}
			return nil
		},
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if drop {
				return dropAll(cmd.Context(), newScreen(out), cfg)
			}
			return watch(cmd.Context(), newScreen(out), cfg)
		},
	}
	flags := root.Flags()
	flags.SortFlags = false
	flags.IntVar(&cfg.Writers, "writers", 64, "goroutines that write, in all processes together")
	flags.IntVar(&cfg.Tables, "tables", 20, "tables that they write to")
	flags.IntVar(&cfg.Processes, "processes", 4, "processes that they are spread over")
	flags.DurationVar(&cfg.Duration, "duration", defaultDuration, "how long they write")
	flags.StringVar(&cfg.Database, "database", "", "postgres://… or the path of a SQLite file (default a temporary one)")
	flags.DurationVar(&cfg.KillEvery, "kill-every", 0, "kill -9 one process each so often, the first while tables are made (default never)")
	flags.Uint64Var(&cfg.Seed, "seed", 1, "decides what each writer does")
	flags.BoolVar(&cfg.Keep, "keep", false, "leave the tables in the database")
	flags.BoolVar(&drop, "drop", false, "only remove what earlier runs have left in the database")
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}

// watch runs the load, shows it, and says what came of it.
func watch(ctx context.Context, s *screen, cfg load.Config) error {
	cfg.Live, cfg.Interval = s.sample, s.interval()
	cfg.Begun = func(database string) { s.opening(&cfg, database) }
	report, err := load.Run(ctx, cfg)
	s.clear()
	if err != nil {
		return err
	}
	s.report(report)
	if !report.OK() {
		return errBroken
	}
	return nil
}

func dropAll(ctx context.Context, s *screen, cfg load.Config) error {
	tables, err := load.Drop(ctx, cfg.Database)
	if err != nil {
		return err
	}
	s.say("%s dropped", counted(int64(tables), "table"))
	return nil
}
