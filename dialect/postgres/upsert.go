package postgres

// InsertedExpr looks at the mark that a row version bears of who deletes or locks it. One that was just inserted bears
// none. One that ON CONFLICT DO UPDATE has made bears at least our own lock: the old version is locked before the update,
// and a lock that still holds, as does that of the transaction itself, is carried over to the new one. Foreign keys lock
// rows only at the statement's end, when RETURNING has been evaluated.
func (Grammar) InsertedExpr() string { return "(xmax = 0)" }
