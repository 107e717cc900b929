//go:build !unix

package postgrestest

import (
	"errors"
	"syscall"
)

func attributes() *syscall.SysProcAttr { return nil }

func environment() []string { return nil }

func makeFolder() (string, error) {
	return "", errors.New("a server for tests can be started on Unix only: set SCHEMACTOR_TEST_POSTGRES")
}
