package dialect

// Wrapped is a transaction that stands in front of another one, to which it passes statements on.
type Wrapped interface {
	// Behind gives the transaction behind this one, or an error where it may not be used any more.
	Behind() (Tx, error)
}

// Innermost gives a database's own transaction behind those that stand in front of it, for what it can do beyond a Querier,
// as COPY. It is for the present call alone. The error is that of a transaction that has ended.
func Innermost(tx Tx) (Tx, error) {
	for {
		wrapped, ok := tx.(Wrapped)
		if !ok {
			return tx, nil
		}
		var err error
		if tx, err = wrapped.Behind(); err != nil {
			return nil, err
		}
	}
}
