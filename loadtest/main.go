// Command loadtest puts a database under load through schemactor: several processes of many goroutines each, which begin
// with tables that are not there, and which are killed, frozen and cut off while they write, where that is asked for. At the end
// it holds the database against what was acknowledged.
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
	root := newCommand(out, errOut)
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

func newCommand(out, errOut io.Writer) *cobra.Command {
	var f flags
	root := &cobra.Command{
		Use:   "loadtest",
		Short: "Puts a database under load from many processes, disturbs them, and checks that nothing was lost",
		Long: "Starts processes whose goroutines create, read, change and delete rows in tables that are not there when they\n" +
			"begin. What is acknowledged is noted outside of the database. At the end the database is held against the\n" +
			"notes: each table made exactly once and as its model says, every acknowledged row there once, none half\n" +
			"written, nothing left behind.\n\n" +
			"The tables have names of their own (loadtest_…; on PostgreSQL they are in a namespace of their own) and are\n" +
			"dropped at the end. Exit code: 0 every promise kept, 1 one was broken, or a caller got an error, 2 it could\n" +
			"not run. An interrupt ends the load early; what there is is checked.",
		Example: "  loadtest                                              # ten seconds on a temporary SQLite file\n" +
			"  loadtest --database postgres                          # on a throw-away PostgreSQL, from installed binaries\n" +
			"  loadtest --database mysql                             # on a throw-away MariaDB, from installed binaries\n" +
			"  loadtest --database postgres://localhost/test         # on a server of yours\n" +
			"  loadtest --kill-every 200ms --duration 1m             # with kill -9 five times a second\n" +
			"  loadtest --database postgres --restart-every 5s --changes 3   # while the server restarts and the model changes\n" +
			"  loadtest --rate 2000 --warm-up 2s --report out.html   # at a rate, latencies without coordinated omission\n" +
			"  loadtest --mode check-every-op --json check.json      # the same load on what the library is compared with\n" +
			"  loadtest report own.json check.json --out both.html   # runs beside each other\n" +
			"  loadtest --database test.db --keep                    # leave the tables, to look at them\n" +
			"  loadtest --database test.db --drop                    # remove what was left",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown argument %q: there are only flags, and the command report", args[0])
			}
			return nil
		},
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.drop {
				if err := alone(cmd.Flags()); err != nil {
					return err
				}
				return dropAll(cmd.Context(), newScreen(out), f.cfg.Database)
			}
			if err := f.settle(cmd.Flags()); err != nil {
				return err
			}
			shown := out
			if f.json == standardOut {
				shown = errOut
			}
			return watch(cmd.Context(), newScreen(shown), out, &f)
		},
	}
	f.add(root)
	root.AddCommand(newReportCommand(out))
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "no-help"})
	return root
}

// watch runs the load, shows it, and says what came of it.
func watch(ctx context.Context, s *screen, out io.Writer, f *flags) error {
	files, err := f.open()
	if err != nil {
		return err
	}
	defer files.discard()
	cfg := f.cfg
	cfg.Live, cfg.Interval = s.sample, s.interval()
	cfg.Begun = func(database string) { s.opening(&cfg, database) }
	result, err := load.Run(ctx, cfg)
	s.clear()
	if err != nil {
		return err
	}
	s.report(result)
	if err := files.write(&result.Run, out); err != nil {
		return err
	}
	if !result.OK() {
		return errBroken
	}
	return nil
}

func dropAll(ctx context.Context, s *screen, database string) error {
	tables, err := load.Drop(ctx, database)
	if err != nil {
		return err
	}
	s.say("%s dropped", counted(int64(tables), "table"))
	return nil
}
