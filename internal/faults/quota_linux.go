package faults

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Unlimited is the size of files that nothing limits.
const Unlimited = unix.RLIM_INFINITY

// LimitFileSize keeps another process of the same user from writing any file beyond a size in bytes, as a quota that is full
// would; Unlimited lifts it. A process that does not ignore SIGXFSZ is ended by it when it tries. It is for Linux alone.
func LimitFileSize(pid int, bytes uint64) error {
	limit := unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		return fmt.Errorf("limit the files of process %d: %w", pid, err)
	}
	return nil
}
