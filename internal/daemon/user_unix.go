//go:build unix

package daemon

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// socketPathLimit is the room that a Unix socket's path leaves for the folder.
const socketPathLimit = 80

// account is the user that a server runs as where this program runs as root, which PostgreSQL refuses.
func account() (uid, gid int, drop bool) {
	if os.Geteuid() != 0 {
		return 0, 0, false
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, errUID := strconv.Atoi(u.Uid)
			gid, errGID := strconv.Atoi(u.Gid)
			if errUID == nil && errGID == nil {
				return uid, gid, true
			}
		}
	}
	return 65534, 65534, true
}

// attributes give a process its account, and a group of its own so that an interrupt at the terminal is not its end.
func attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if uid, gid, drop := account(); drop {
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return attr
}

// Folder makes a folder that the server's account owns and can reach, short enough for a Unix socket.
func Folder(storage Storage) (string, error) {
	uid, gid, drop := account()
	parent := ""
	if storage == InMemory {
		parent = inMemory()
	}
	if parent == "" {
		parent = os.TempDir()
	}
	if len(parent) > socketPathLimit-20 || drop && !open(parent) {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "schemactor-server-")
	if err != nil {
		return "", err
	}
	if drop {
		if err := os.Chown(dir, uid, gid); err != nil {
			return "", fmt.Errorf("hand %s to the server's account: %w", dir, err)
		}
	}
	return dir, nil
}

// open reports whether everyone may walk to a folder.
func open(folder string) bool {
	for ; ; folder = filepath.Dir(folder) {
		info, err := os.Stat(folder)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if folder == filepath.Dir(folder) {
			return true
		}
	}
}

// environment keeps what concerns other servers away from ours.
func environment() []string { return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"} }
