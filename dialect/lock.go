package dialect

import "errors"

// ErrBusy is below the schema.ErrLockTimeout of a step that found another session at work on the table, one that may itself
// wait for whoever holds the table's lock: the lock is to be given up before the step is tried again.
var ErrBusy = errors.New("another session is at work on the table")
