package nodes

import "github.com/schemactor/schemactor/dialect"

// WithDeleted gives the same node with a wider view: Get, First, List, All, Page, Count, Exists and Aggregate see rows
// that are marked deleted, too; the methods that write are as before. On a table without a deleted column it changes
// nothing. A cursor is good for either view.
func (n *Node[T, K]) WithDeleted() *Node[T, K] {
	seeing := *n
	seeing.marked = true
	return &seeing
}

// reading gives the statements of the rows that the node sees.
func (n *Node[T, K]) reading() *dialect.Statements {
	if n.marked {
		return n.core().seeing
	}
	return n.core().statements
}
