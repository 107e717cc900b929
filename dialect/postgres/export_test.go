package postgres

import "time"

// SetTimeouts shortens what a test would otherwise wait for.
func SetTimeouts(d *DB, to time.Duration) { d.closeTimeout, d.acquireTimeout = to, to }

// SetFullTimeout sets how long a full server is waited out.
func SetFullTimeout(d *DB, to time.Duration) { d.fullTimeout = to }

// SetListening sets after how long without news a listener's connection is probed, and how long that may take.
func SetListening(d *DB, silence, probe time.Duration) {
	d.listenSilence, d.probeTimeout = silence, probe
}

// Epoch is how often prepared statements were found stale.
func Epoch(d *DB) int64 { return d.epoch.Load() }

// Forget has the pool close its connections.
func Forget(d *DB) { d.pool.Reset() }
