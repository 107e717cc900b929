package daemon

// Storage is where a server keeps its files.
type Storage int

const (
	// OnDisk is where programs have temporary files.
	OnDisk Storage = iota
	// InMemory is a file system in memory, and OnDisk where the system has none with room for some servers. It is for those that make
	// and remove many files, as a database for each test is: on a disk that takes five times as long.
	InMemory
)
