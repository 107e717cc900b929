// Package postgresserver runs a throw-away PostgreSQL from the installed binaries, as package daemon runs servers.
package postgresserver
