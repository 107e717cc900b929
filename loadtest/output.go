package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/schemactor/schemactor/loadtest/load"
	"github.com/schemactor/schemactor/loadtest/report"
)

// files are where a result is to be written. They are opened before a run, so that it is not in vain.
type files struct {
	json, report *pending
	standard     bool // JSON goes to standard output
}

// pending is a file that gets its name when it is complete.
type pending struct {
	path string
	file *os.File
}

func openPending(flag, path string) (*pending, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, &load.InputError{Flag: flag, Text: fmt.Sprintf("names a folder: %s", path)}
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return nil, &load.InputError{Flag: flag, Text: fmt.Sprintf("cannot be written: %v", err)}
	}
	return &pending{path: path, file: file}, nil
}

// write fills the file by a function and gives it its name.
func (p *pending) write(fill func(io.Writer) error) error {
	err := errors.Join(fill(p.file), p.file.Chmod(0o644), p.file.Close())
	if err == nil {
		err = os.Rename(p.file.Name(), p.path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", p.path, err)
	}
	return nil
}

// discard removes the file if it has no name yet.
func (p *pending) discard() {
	if p != nil {
		_, _ = p.file.Close(), os.Remove(p.file.Name())
	}
}

func (f *flags) open() (*files, error) {
	out := &files{standard: f.json == standardOut}
	var err error
	if f.report == standardOut {
		return nil, &load.InputError{Flag: "report", Text: "must be a file"}
	}
	if f.json != "" && filepath.Clean(f.json) == filepath.Clean(f.report) {
		return nil, &load.InputError{Flag: "report", Text: "names the same file as --json"}
	}
	if f.json != "" && !out.standard {
		if out.json, err = openPending("json", f.json); err != nil {
			return nil, err
		}
	}
	if f.report != "" {
		if out.report, err = openPending("report", f.report); err != nil {
			out.json.discard()
			return nil, err
		}
	}
	return out, nil
}

func (f *files) write(run *report.Run, standard io.Writer) error {
	encode := func(w io.Writer) error { return report.Encode(w, run) }
	if f.standard {
		if err := encode(standard); err != nil {
			return err
		}
	}
	if f.json != nil {
		if err := f.json.write(encode); err != nil {
			return err
		}
	}
	if f.report != nil {
		return f.report.write(func(w io.Writer) error { return report.Write(w, *run) })
	}
	return nil
}

func (f *files) discard() {
	f.json.discard()
	f.report.discard()
}

// newReportCommand is the command that makes a page of results.
func newReportCommand(out io.Writer) *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "report FILE…",
		Short: "Makes one HTML page of the results of one or several runs, as --json has written them",
		Example: "  loadtest report run.json --out run.html\n" +
			"  loadtest report own.json check.json bare.json --out compared.html   # the first is what the others are measured by",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("report: names of files with results are missing, as --json has written them")
			}
			if path == "" || path == standardOut {
				return &load.InputError{Flag: "out", Text: "must name the file that the page is written to"}
			}
			var runs []report.Run
			for _, name := range args {
				run, err := readRun(name)
				if err != nil {
					return err
				}
				runs = append(runs, *run)
			}
			page, err := openPending("out", path)
			if err != nil {
				return err
			}
			defer page.discard()
			if err := page.write(func(w io.Writer) error { return report.Write(w, runs...) }); err != nil {
				return err
			}
			newScreen(out).say("%s of %s", path, counted(int64(len(runs)), "run"))
			return nil
		},
	}
	c.Flags().StringVar(&path, "out", "", "the `file` that the page is written to")
	c.SetUsageFunc(func(cmd *cobra.Command) error {
		_, err := fmt.Fprintf(cmd.OutOrStderr(), "Usage:\n  loadtest report FILE… --out FILE\n\nExamples:\n%s\n\nFlags:\n%s",
			cmd.Example, cmd.Flags().FlagUsages())
		return err
	})
	return c
}

func readRun(name string) (*report.Run, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	defer func() { _ = file.Close() }()
	run, err := report.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("report: %s: %w", name, err)
	}
	return run, nil
}
