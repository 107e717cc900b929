package actors

import "time"

// SetPatience has those who wait behind a batch wait for so long before they go by themselves.
func (l *Lane) SetPatience(patience time.Duration) { l.patience = patience }

// Lose is the end of the patience with the batch that runs.
func (l *Lane) Lose() { l.lose() }
