package actors

import "time"

// SetPatience has those who wait behind a batch wait for so long before they go by themselves.
func (l *Lane) SetPatience(patience time.Duration) { l.patience = patience }
