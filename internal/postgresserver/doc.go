// Package postgresserver runs a throw-away PostgreSQL from the installed binaries: its own folder, its own port of this machine,
// and an end at the latest with the program that started it, however that ends: a small shell holds the other end of a pipe, and
// takes down server and files when the pipe closes.
package postgresserver
