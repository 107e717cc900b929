package mysql

// InsertedExpr is empty: an upsert's RETURNING knows nothing of what was there before.
func (Grammar) InsertedExpr() string { return "" }
