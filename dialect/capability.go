package dialect

// Capability is what may differ between databases without code above the seam noticing more than these values.
type Capability struct {
	// IdentifierLimit is the longest name in bytes; longer ones get a hash tail (schema.FitName). 0 is no limit.
	IdentifierLimit int
	// MaxParameters is how many values one statement may bind.
	MaxParameters int
	// Namespaces reports whether tables may live in a namespace other than the connection's own.
	Namespaces bool
	// ShapesCommit tells that a statement which changes a shape commits what its transaction has done so far, and is not taken
	// back with what follows: what an attempt has left is found by inspection, and finished by the next one.
	ShapesCommit bool
	// NoSetDefault tells that foreign keys have no SET DEFAULT.
	NoSetDefault bool
	// BatchesRows tells that a write lane gains by new rows alone, which are put into one statement: other writes of single rows
	// are faster by themselves.
	BatchesRows bool
	// TablesAtOnce is how many missing tables are best made in one transaction: each holds locks until its end, and others
	// may be kept waiting. 0 is one.
	TablesAtOnce int
	// BatchesAtOnce is how many such transactions are worth running at the same time. 0 is one.
	BatchesAtOnce int
}
