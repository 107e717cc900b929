// Package dynamic is nodes for callers that learn only when they run what is to be done: operations by their names, with
// inputs and outputs as JSON has them. Workflows are made of them, and whatever speaks JSON can be.
//
// New makes the Handler of a node. Names of operations, inputs and columns are found by look-up in one list and in the
// model, so that nothing a caller says reaches SQL as text; Check says what is wrong with a call before it is made.
package dynamic
