// Command demo shows what schemactor promises, on a real database, and checks every promise against it.
//
// Without arguments it works on a temporary SQLite file. It exits with 0 when every promise was kept, 1 when one was
// broken or the story could not be told, 2 for faulty arguments and 130 when it was interrupted.
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
)

// errBroken is the end of a story in which some promise was not kept; the story itself has said which.
var errBroken = errors.New("a promise was broken")

// errUsage marks faults of the command line.
var errUsage = errors.New("faulty arguments")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
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
	return exitCode(ctx, root.ExecuteContext(ctx), errOut)
}

// exitCode says how it went: by the exit code, and where something went wrong by one line for each fault.
func exitCode(ctx context.Context, err error, errOut io.Writer) int {
	var code outcome
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case ctx.Err() != nil && errors.Is(err, errHalfway):
		fmt.Fprintln(errOut, "demo:", errHalfway)
		return 130
	case ctx.Err() != nil:
		fmt.Fprintln(errOut, "demo: interrupted; what it made is cleaned up")
		return 130
	case errors.Is(err, errBroken):
		return 1
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(errOut, "demo:", strings.TrimRight(line, "\n"))
	}
	if errors.Is(err, errUsage) {
		return 2
	}
	return 1
}

// options are the flags.
type options struct {
	database   string
	keep       bool
	goroutines int
	tables     int
}

func newCommand(out io.Writer) *cobra.Command {
	var opts options
	root := &cobra.Command{
		Use:   "demo",
		Short: "Shows what schemactor promises, on a real database",
		Long: "Tells a story in four chapters and checks every promise against the database itself: the flaw\n" +
			"(a check before every operation), the herd, the dropped table, and the new version.\n\n" +
			"The commands plan, migrate, history, drift, verify and run work on a small shop of six tables, whose program\n" +
			"has three versions and which stays between commands: in ./" + shopFile + ", or where --database says.\n" +
			"The command serve runs a small service to copy.",
		Args:          noArguments,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return tell(cmd.Context(), newScreen(out), opts, []chapter{flawChapter, herdChapter, dropChapter, evolveChapter})
		},
	}
	root.PersistentFlags().StringVar(&opts.database, "database", "",
		"postgres://…, mysql://… or the path of a SQLite file (default a temporary one, for the shop ./"+shopFile+")")
	root.Flags().BoolVar(&opts.keep, "keep", false, "leave what the story made in the database")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %w", errUsage, err) })

	herd := &cobra.Command{
		Use:   "herd",
		Short: "Sends many goroutines to missing tables at once",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.tables < 1 || opts.goroutines < opts.tables {
				return fmt.Errorf("%w: want at least one table and a goroutine for each", errUsage)
			}
			return tell(cmd.Context(), newScreen(out), opts, []chapter{herdChapter})
		},
	}
	herd.Flags().IntVar(&opts.goroutines, "goroutines", herdGoroutines, "how many goroutines write one row each")
	herd.Flags().IntVar(&opts.tables, "tables", herdTables, "how many missing tables they write to")
	herd.Flags().BoolVar(&opts.keep, "keep", false, "leave what the herd made in the database")
	root.AddCommand(herd)
	root.AddCommand(shopCommands(out, &opts.database)...)
	root.AddCommand(runCommand(out, &opts.database))
	root.AddCommand(serveCommand(out, &opts.database))
	root.CompletionOptions.DisableDefaultCmd = true
	return root
}

func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%w: unknown command %q", errUsage, args[0])
	}
	return nil
}
