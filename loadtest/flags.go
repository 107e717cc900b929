package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/schemactor/schemactor/loadtest/load"
	"github.com/schemactor/schemactor/loadtest/report"
)

const (
	defaultDuration  = 10 * time.Second
	defaultFreezeFor = 500 * time.Millisecond
	// standardOut is the name of the file that is none.
	standardOut = "-"
)

// flags are the settings of a run as the command line gives them.
type flags struct {
	cfg  load.Config
	mix  string
	drop bool

	json, report string // paths
}

// group is some flags that have to do with each other.
type group struct {
	title string
	flags *pflag.FlagSet
}

// add adds all flags to a command, and has its help show them in groups.
func (f *flags) add(root *cobra.Command) {
	groups := []group{
		{"How much", f.much()}, {"What is done", f.what()}, {"Where", f.where()}, {"Faults", f.faults()}, {"What comes of it", f.result()},
	}
	for _, g := range groups {
		g.flags.SortFlags = false
		root.Flags().AddFlagSet(g.flags)
	}
	root.Flags().SortFlags = false
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		out := cmd.OutOrStderr()
		fmt.Fprintf(out, "Usage:\n  loadtest [flags]\n  loadtest report FILE… --out FILE\n\nExamples:\n%s\n", cmd.Example)
		for _, g := range groups {
			fmt.Fprintf(out, "\n%s:\n%s", g.title, g.flags.FlagUsages())
		}
		return nil
	})
}

func (f *flags) much() *pflag.FlagSet {
	set := pflag.NewFlagSet("much", pflag.ContinueOnError)
	set.IntVar(&f.cfg.Writers, "writers", 64, "goroutines that write, in all processes together")
	set.IntVar(&f.cfg.Tables, "tables", 20, "tables that they write to")
	set.IntVar(&f.cfg.Processes, "processes", 4, "processes that they are spread over")
	set.DurationVar(&f.cfg.Duration, "duration", defaultDuration, "how long they write; with --count alone, as long as that takes")
	set.Int64Var(&f.cfg.Count, "count", 0, "operations in all, the warm-up's not counted (default no limit)")
	set.DurationVar(&f.cfg.WarmUp, "warm-up", 0, "time before that which is in no latency and no throughput (default none)")
	set.Float64Var(&f.cfg.Rate, "rate", 0, "operations to begin in a second (`ops/s`), whether others have ended or not; latencies are counted from the\n"+
		"moment when an operation was to begin (default as many as the writers can do one after another)")
	return set
}

func (f *flags) what() *pflag.FlagSet {
	set := pflag.NewFlagSet("what", pflag.ContinueOnError)
	mode := (*string)(&f.cfg.Mode)
	set.StringVar(mode, "mode", string(load.ModeCoordinator), "how tables come to be: coordinator, or for comparison check-every-op or if-not-exists")
	set.StringVar(&f.mix, "mix", load.DefaultMix().String(), "how often each operation is done, in relation to the others: `op=n,…`")
	keys := (*string)(&f.cfg.Keys)
	set.StringVar(keys, "keys", string(load.KeysUniform), "which tables and rows are chosen: uniform, zipf (a few very often) or sequential")
	set.IntVar(&f.cfg.RowSize, "row-size", 64, "`bytes` of text in each row, beside its other columns")
	set.IntVar(&f.cfg.Changes, "changes", 0, "newer versions of the model to deploy, one process after the other, spread over the run (default none)")
	set.Uint64Var(&f.cfg.Seed, "seed", 1, "decides what each writer does")
	return set
}

func (f *flags) where() *pflag.FlagSet {
	set := pflag.NewFlagSet("where", pflag.ContinueOnError)
	set.StringVar(&f.cfg.Database, "database", "", "postgres://…, mysql://…, the path of a SQLite file, or the word postgres or mysql for a\n"+
		"throw-away server from installed binaries (default a temporary SQLite file)")
	set.BoolVar(&f.cfg.Keep, "keep", false, "leave the tables in the database")
	set.BoolVar(&f.drop, "drop", false, "only remove what earlier runs have left in the database")
	return set
}

func (f *flags) faults() *pflag.FlagSet {
	set := pflag.NewFlagSet("faults", pflag.ContinueOnError)
	faults := &f.cfg.Faults
	set.DurationVar(&faults.Kill, "kill-every", 0, "kill -9 one process each so often, the first while tables are made (default never)")
	set.DurationVar(&faults.Freeze, "freeze-every", 0, "stop one process for a while each so often (default never)")
	set.DurationVar(&faults.FreezeFor, "freeze-for", 0, fmt.Sprintf("how long it stands still, at most half of that (default %v)", defaultFreezeFor))
	set.DurationVar(&faults.Drop, "drop-every", 0, "drop one table each so often (default never)")
	set.DurationVar(&faults.Cut, "cut-every", 0, "end all sessions of the processes on the server each so often (default never)")
	set.DurationVar(&faults.Restart, "restart-every", 0, "restart the server each so often, in turns by a crash and in order; with --database postgres or mysql (default never)")
	return set
}

func (f *flags) result() *pflag.FlagSet {
	set := pflag.NewFlagSet("result", pflag.ContinueOnError)
	set.StringVar(&f.cfg.Name, "name", "", "the run's name in reports (default its mode)")
	set.StringVar(&f.json, "json", "", "write the result as JSON to a `file`, or to standard output by -")
	set.StringVar(&f.report, "report", "", "write the result as an HTML page to a `file`")
	return set
}

// alone refuses what would be ignored beside --drop.
func alone(given *pflag.FlagSet) (err error) {
	given.Visit(func(flag *pflag.Flag) {
		if flag.Name != "drop" && flag.Name != "database" {
			err = &load.InputError{Flag: "drop", Text: "only removes what is there: it goes with --database, and not with --" + flag.Name}
		}
	})
	return err
}

// settle makes a Config of the flags.
func (f *flags) settle(given *pflag.FlagSet) (err error) {
	if given.Changed("mix") {
		if f.cfg.Mix, err = load.ParseMix(f.mix); err != nil {
			return err
		}
	}
	if given.Changed("count") && !given.Changed("duration") {
		f.cfg.Duration = 0
	}
	if f.cfg.Faults.Freeze > 0 && !given.Changed("freeze-for") {
		f.cfg.Faults.FreezeFor = min(defaultFreezeFor, f.cfg.Faults.Freeze/2)
	}
	given.VisitAll(func(flag *pflag.Flag) {
		switch flag.Name {
		case "help", "json", "report", "drop", "name":
			return
		}
		f.cfg.Settings = append(f.cfg.Settings, report.Setting{Flag: flag.Name, Value: f.shown(flag), Given: flag.Changed})
	})
	return nil
}

// shown is a flag's value without what may be secret.
func (f *flags) shown(flag *pflag.Flag) string {
	switch {
	case flag.Name == "duration" && f.cfg.Duration == 0:
		return "no limit"
	case flag.Name == "freeze-for":
		return f.cfg.Faults.FreezeFor.String()
	case flag.Name != "database":
		return flag.Value.String()
	}
	return load.Shown(f.cfg.Database)
}
