package mysqltest

import (
	"fmt"
	"io"
	"os"

	"github.com/schemactor/schemactor/internal/mysqltest"
)

// Main wraps the tests of a package: its Run runs them, closes the templates, and stops the server if one was started. Give it to
// os.Exit, as os.Exit(mysqltest.Main(m, shops).Run()), or to goleak.VerifyTestMain. Without it the server ends
// with the process, and templates on a server of yours are dropped by the next run. m is the *testing.M, or what the Main of another
// database gave.
func Main(m interface{ Run() int }, templates ...io.Closer) *Tests {
	return &Tests{main: mysqltest.Main(closing{m, templates})}
}

// Tests are the tests of a package; see Main.
type Tests struct{ main *mysqltest.Tests }

// Run runs the tests and gives the exit code, which is 1 where they passed and a template could not be dropped.
func (t *Tests) Run() int { return t.main.Run() }

// closing closes templates once the tests have run.
type closing struct {
	m         interface{ Run() int }
	templates []io.Closer
}

func (c closing) Run() int {
	code := c.m.Run()
	for _, template := range c.templates {
		if err := template.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "mysqltest:", err)
			code = max(code, 1)
		}
	}
	return code
}
