package coordinator_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
)

// These make the test binary a program of its own that plays a part at a database.
const (
	programPart    = "SCHEMACTOR_TEST_PROGRAM"
	programAddress = "SCHEMACTOR_TEST_PROGRAM_ADDRESS"
	programStop    = "SCHEMACTOR_TEST_PROGRAM_STOP"
)

// The parts.
const (
	partOlder    = "older"    // serves with the first version of Member
	partNewer    = "newer"    // serves with the second one
	partRebuild  = "rebuild"  // makes boxes strict and stops for ever on the way
	partStepwise = "stepwise" // makes loads strict and stops for ever on the way
	partIndex    = "index"    // adds an index to loads, likewise
	partMembers  = "members"  // makes the second version of Member, likewise
	partBatch    = "batch"    // makes many tables, likewise
)

// playPart is the program; it ends with its standard input, or never.
func playPart(part, address string) error {
	ctx := context.Background()
	d, err := openAt(ctx, address)
	if err != nil {
		return err
	}
	switch part {
	case partOlder:
		err = serveMembers(ctx, d, olderMember)
	case partNewer:
		err = serveMembers(ctx, d, newerMember)
	case partRebuild:
		err = halfway(ctx, d, rebuildBoxes)
	case partStepwise:
		err = halfway(ctx, d, alterLoads)
	case partIndex:
		err = halfway(ctx, d, indexLoads)
	case partMembers:
		err = halfway(ctx, d, newerMembers)
	case partBatch:
		err = makeBatch(ctx, d)
	default:
		err = fmt.Errorf("no part %q", part)
	}
	return errors.Join(err, d.Close())
}

// openAt opens the database at a path or a URL.
func openAt(ctx context.Context, address string) (dialect.Dialect, error) {
	if strings.HasPrefix(address, "postgres") {
		return postgres.Open(ctx, address, nil)
	}
	if strings.HasPrefix(address, "mysql") {
		return mysql.Open(ctx, address, nil)
	}
	return sqlite.Open(ctx, address, nil)
}

// program is a running one, seen from the test.
type program struct {
	command *osexec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// launch starts a program. It ends with the test at the latest.
func launch(t testing.TB, part, address string, environment ...string) (*program, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &program{command: osexec.CommandContext(t.Context(), self)}
	p.command.Env = append(append(os.Environ(), programPart+"="+part, programAddress+"="+address), environment...)
	p.command.Stderr = os.Stderr
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	return p, p.command.Start()
}

// hear waits for the program's next line.
func (p *program) hear() (string, error) {
	line, err := p.out.ReadString('\n')
	if err != nil {
		return "", errors.Join(fmt.Errorf("the program says nothing more: %w", err), p.command.Wait())
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// ask says something to the program and waits for its answer.
func (p *program) ask(line string) (string, error) {
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		return "", err
	}
	return p.hear()
}

// end lets the program end by itself. An exit code other than 0 is an error.
func (p *program) end() error { return errors.Join(p.in.Close(), p.command.Wait()) }

// kill ends the program as kill -9 does.
func (p *program) kill(t testing.TB) {
	require.NoError(t, p.command.Process.Kill())
	require.Error(t, p.command.Wait(), "it was killed")
}
