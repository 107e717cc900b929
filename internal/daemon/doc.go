// Package daemon runs a server as a process of this program's: in a folder and on a port of its own, as an account that is not
// root's, and with an end at the latest with the program that started it, however that ends: a small shell holds the other end
// of a pipe, and takes down server and files when the pipe closes.
package daemon
