package postgres

import "time"

// SetTimeouts shortens what a test would otherwise wait for.
func SetTimeouts(d *DB, to time.Duration) { d.closeTimeout, d.acquireTimeout = to, to }
