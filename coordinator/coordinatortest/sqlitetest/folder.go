package sqlitetest

import (
	"errors"
	"hash/fnv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const folderName = "schemactor-sqlitetest-"

// newFolder makes a folder in the system's folder for temporary files, whose name tells which process it belongs to.
func newFolder() (string, error) {
	return os.MkdirTemp("", folderName+hostMark()+"-"+strconv.Itoa(os.Getpid())+"-*")
}

// removeLeftovers removes the folders of processes of this machine that are gone, as of a test run that was killed. What cannot
// be removed, as another account's, stays.
func removeLeftovers() {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), folderName+hostMark()+"-*"))
	for _, folder := range folders {
		fields := strings.Split(strings.TrimPrefix(filepath.Base(folder), folderName), "-")
		if pid, err := strconv.Atoi(fields[1]); err == nil && pid > 0 && gone(pid) {
			_ = os.RemoveAll(folder)
		}
	}
}

// gone reports whether a process has ended. Where it cannot be told it has not.
func gone(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	defer func() { _ = process.Release() }()
	err = process.Signal(syscall.Signal(0))
	return errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH)
}

// hostMark tells machines apart that share a folder, for a process number means something on one of them alone.
func hostMark() string {
	name, _ := os.Hostname()
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name))
	return strconv.FormatUint(uint64(sum.Sum32()), 16)
}
