package daemon

import "syscall"

const (
	memory = "/dev/shm"
	// roomInMemory is how many bytes must be free there. A server takes some hundred megabytes.
	roomInMemory = 4 << 30
)

// inMemory gives where files are kept in memory; empty where there is no room for them.
func inMemory() string {
	const tmpfs = 0x01021994
	var found syscall.Statfs_t
	if err := syscall.Statfs(memory, &found); err != nil || found.Type != tmpfs || found.Bavail*uint64(found.Bsize) < roomInMemory {
		return ""
	}
	return memory
}
