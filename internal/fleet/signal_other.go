//go:build !unix

package fleet

import (
	"errors"
	"os"
	"syscall"
)

func apart() *syscall.SysProcAttr { return nil }

func freeze(*os.Process) error { return errors.ErrUnsupported }

func thaw(*os.Process) error { return errors.ErrUnsupported }
