package actors

import "time"

// Waiting is how many writes are in the mailbox.
func (l *Lane) Waiting() int { return len(l.mailbox) }

// Direct is how many writes go by themselves.
func (l *Lane) Direct() int { return int(l.direct.Load()) }

// SetPatience has those who wait behind a batch wait for so long before they go by themselves.
func (l *Lane) SetPatience(patience time.Duration) { l.patience = patience }
