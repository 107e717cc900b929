//go:build !unix

package daemon

import (
	"errors"
	"syscall"
)

func attributes() *syscall.SysProcAttr { return nil }

func environment() []string { return nil }

// Folder makes none.
func Folder(Storage) (string, error) {
	return "", errors.New("a server can be started on Unix only")
}
