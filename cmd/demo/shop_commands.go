package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// outcome is an exit code that needs no words: the command has said everything.
type outcome int

func (o outcome) Error() string { return fmt.Sprintf("exit code %d", int(o)) }

// errHalfway marks a migration that was interrupted.
var errHalfway = errors.New("interrupted; the next migrate goes on from what is there")

// joinClose adds the error of a close.
func joinClose(err, closeErr error) error {
	if closeErr == nil {
		return err
	}
	return errors.Join(err, fmt.Errorf("close: %w", closeErr))
}

// atMostOneTable refuses a second argument.
func atMostOneTable(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%w: one table at most, not also %q", errUsage, args[1])
	}
	return nil
}

// shopCommands are the commands on the evolving shop. database is the flag of the whole program.
func shopCommands(out io.Writer, database *string) []*cobra.Command {
	commands := []*cobra.Command{
		planFlags(out, database), migrateFlags(out, database), historyFlags(out, database), driftFlags(out, database),
		verifyFlags(out, database),
	}
	for _, cmd := range commands {
		cmd.Args = noArguments
	}
	commands[2].Args = atMostOneTable
	return commands
}

// job is what a command does with its flags read.
type job func(ctx context.Context, s *screen, opts shopOptions, args []string) error

// shopCommand is what all of them have; the flags are read into opts.
func shopCommand(out io.Writer, database *string, opts *shopOptions, use, short, long string, do job) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: long, RunE: func(cmd *cobra.Command, args []string) error {
		opts.database = *database
		if opts.given = cmd.Flags().Changed("to"); opts.given {
			if err := checkVersion(opts.to); err != nil {
				return err
			}
		}
		return do(cmd.Context(), newScreen(out), *opts, args)
	}}
	cmd.Flags().StringVar(&opts.namespace, "namespace", "", "where the shop is on PostgreSQL (default "+shopNamespace+")")
	return cmd
}

func planFlags(out io.Writer, database *string) *cobra.Command {
	var opts shopOptions
	cmd := shopCommand(out, database, &opts, "plan", "Prints what migrate would do to the shop, and what needs somebody's word",
		"Prints, table by table, what migrate would do, with locks and hazards, and what the policy refuses.\n"+
			"It changes nothing. The exit code is 0 unless it could not plan; with --exit-code it is 2, and no\n"+
			"word on standard error, if there is something to do.", planCommand)
	cmd.Flags().BoolVar(&opts.json, "json", false, "print the plans as JSON")
	cmd.Flags().BoolVar(&opts.exitCode, "exit-code", false, "exit with 2 if there is something to do")
	cmd.Flags().IntVar(&opts.to, "to", shopVersions, "version of the shop, 1 to 3")
	allowFlags(cmd, &opts)
	return cmd
}

func migrateFlags(out io.Writer, database *string) *cobra.Command {
	var opts shopOptions
	cmd := shopCommand(out, database, &opts, "migrate", "Makes the shop what a version of its program wants",
		"Carries out what plan prints. Hazards that no --allow covers are refused before anything is changed, with\n"+
			"exit code 1. A new shop of version 1 gets a few sample rows. It may be interrupted at any time: the next\n"+
			"migrate goes on from what is there.", migrateCommand)
	cmd.Example = "  demo migrate --to 3 --allow drop-column:products.legacy --allow rename-column:customers.full_name \\\n" +
		"    --reason \"agreed with the shop\""
	cmd.Flags().IntVar(&opts.to, "to", shopVersions, "version of the shop, 1 to 3")
	cmd.Flags().IntVar(&opts.rows, "rows", 0, "put so many rows into products and orders first, so that steps take a while")
	allowFlags(cmd, &opts)
	return cmd
}

// allowFlags are what plan and migrate share.
func allowFlags(cmd *cobra.Command, opts *shopOptions) {
	cmd.Flags().StringArrayVar(&opts.allow, "allow", nil,
		"accept a hazard: hazard, hazard:table or hazard:table.column; the hazard \"any\" is all of them")
	cmd.Flags().StringVar(&opts.reason, "reason", "", "why, for the history; migrate wants it with --allow")
}

func historyFlags(out io.Writer, database *string) *cobra.Command {
	var opts shopOptions
	cmd := shopCommand(out, database, &opts, "history [table]", "Prints who changed the shop's tables, when, and why", "",
		historyCommand)
	cmd.Flags().BoolVar(&opts.sql, "sql", false, "print the statements too")
	return cmd
}

func driftFlags(out io.Writer, database *string) *cobra.Command {
	var opts shopOptions
	cmd := shopCommand(out, database, &opts, "drift",
		"Prints what differs between ledger, database and model; exit code 1 if anything does", "", driftCommand)
	cmd.Flags().IntVar(&opts.to, "to", 0, "version of the shop, 1 to 3 (default the one that the ledger knows)")
	return cmd
}

func verifyFlags(out io.Writer, database *string) *cobra.Command {
	var opts shopOptions
	cmd := shopCommand(out, database, &opts, "verify",
		"Holds the shop against a version and changes nothing; exit code 1 if it does not match", "", verifyCommand)
	cmd.Flags().IntVar(&opts.to, "to", shopVersions, "version of the shop, 1 to 3")
	return cmd
}
