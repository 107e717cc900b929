// Command compare runs schemactor against the drivers it stands on, against GORM, ent and bun, and against limits written
// by hand. Rounds are interleaved, and after each run the database is asked whether all that was acknowledged is there.
//
// It exits with 0 when all was measured, 1 when a database does not hold what was acknowledged, and 2 when it could not
// run.
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
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/loadtest/compare/match"
	"github.com/schemactor/schemactor/loadtest/compare/peer"
	"github.com/schemactor/schemactor/loadtest/compare/report"
)

func main() {
	if code, worker := fleet.Main(match.Roles()); worker {
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
	root := newCommand()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(errOut, "compare:", strings.ReplaceAll(err.Error(), "\n", "; "))
	if errors.Is(err, match.ErrMismatch) {
		return 1
	}
	return 2
}

// options are the flags.
type options struct {
	match.Config
	database, keys, json, markdown string
}

func newCommand() *cobra.Command {
	var o options
	root := &cobra.Command{
		Use:           "compare",
		Short:         "Compare schemactor with drivers, other libraries, and limits written by hand",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Progress = cmd.ErrOrStderr()
			return o.compare(cmd.Context(), command(cmd.Flags()), cmd.OutOrStdout())
		},
	}
	flags := root.Flags()
	flags.StringVar(&o.database, "database", "all", "sqlite, postgres, mysql or all")
	flags.StringSliceVar(&o.Scenarios, "scenario", nil, "which of "+strings.Join(match.Scenarios(), ", ")+"; all by default")
	flags.IntVar(&o.Rounds, "rounds", 3, "how often each contestant runs each cell, as far as the budget allows")
	flags.DurationVar(&o.CellTime, "cell", 0, "how long a contestant runs a cell; by default what the budget allows")
	flags.DurationVar(&o.Budget, "budget", 4*time.Minute, "about how long all of it may take")
	flags.StringVar(&o.keys, "keys", "ordered", "keys in the order of time (ordered), or in none (random)")
	flags.StringVar(&o.json, "json", "", "a file to write every sample to")
	flags.StringVar(&o.markdown, "markdown", "", "a file to write the tables to: between its marks if it has them, otherwise as a whole")
	flags.Uint64Var(&o.Seed, "seed", 1, "of the order in which contestants take turns")
	return root
}

// command is the line that measures the same again; where its figures went is left out.
func command(flags *pflag.FlagSet) string {
	var given []string
	flags.Visit(func(f *pflag.Flag) {
		if f.Name != "json" && f.Name != "markdown" {
			given = append(given, "--"+f.Name+" "+strings.Trim(f.Value.String(), "[]"))
		}
	})
	if len(given) == 0 {
		return "make compare"
	}
	return "make compare ARGS='" + strings.Join(given, " ") + "'"
}

func (o *options) compare(ctx context.Context, command string, out io.Writer) (err error) {
	if err := o.read(); err != nil {
		return err
	}
	versions := map[peer.Database]string{}
	for database, address := range map[peer.Database]*string{peer.Postgres: &o.Postgres, peer.MySQL: &o.MySQL} {
		if o.database != "all" && o.database != string(database) {
			continue
		}
		server, err := openServer(ctx, database)
		if err != nil {
			return err
		}
		defer server.close()
		*address, versions[database] = server.url, server.version
	}
	begin := time.Now()
	result, err := match.Run(ctx, o.Config)
	if result == nil {
		return err
	}
	r := &report.Report{
		Command: command, Date: begin, Took: time.Since(begin).Round(time.Second).String(),
		Seed: o.Seed, Keys: o.keys, Machine: report.ThisMachine(versions[peer.Postgres], versions[peer.MySQL]), Result: result,
	}
	return errors.Join(err, r.Text(out), o.write(r))
}

// read checks the flags that are words.
func (o *options) read() error {
	switch o.database {
	case "all":
	case string(peer.SQLite), string(peer.Postgres), string(peer.MySQL):
		o.Databases = []peer.Database{peer.Database(o.database)}
	default:
		return fmt.Errorf("--database is sqlite, postgres, mysql or all, not %q", o.database)
	}
	switch o.keys {
	case "ordered", "random":
		o.Random = o.keys == "random"
	default:
		return fmt.Errorf("--keys is ordered or random, not %q", o.keys)
	}
	return nil
}

// write writes the files that were asked for.
func (o *options) write(r *report.Report) error {
	var failed error
	for path, write := range map[string]func(path string, r *report.Report) error{o.json: writeJSON, o.markdown: writeMarkdown} {
		if path != "" {
			failed = errors.Join(failed, write(path, r))
		}
	}
	return failed
}
