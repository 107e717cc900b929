// Package mysqlserver runs a throw-away MariaDB from the installed binaries, as package daemon runs servers.
package mysqlserver
