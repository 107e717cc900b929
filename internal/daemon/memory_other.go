//go:build !linux

package daemon

func inMemory() string { return "" }
