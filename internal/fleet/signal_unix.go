//go:build unix

package fleet

import (
	"os"
	"syscall"
)

// apart gives a worker a process group of its own, which signals of the terminal do not reach.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func thaw(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
