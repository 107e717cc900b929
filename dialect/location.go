package dialect

import "context"

// Located is a database that tells where its connections lead. A dialect may implement it.
type Located interface {
	// Location names the database and where in it names without a namespace are looked for, in words for people and without
	// credentials. Two that are equal lead to the same place, by whatever way and for whatever role.
	Location(ctx context.Context) (string, error)
}
