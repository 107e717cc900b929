// Package workflow puts operations of nodes together: named steps, each an operation on a model by their names or a Go
// function, and connections from what one step gives to what another takes.
//
// Build looks at all of it before anything runs: names of models, operations, inputs, outputs and columns are looked up,
// values that are known already are tried, and every fault is reported at once. Run then takes the steps in an order that
// the connections allow, those that do not depend on each other at the same time; or, where the workflow asks for it, one
// after the other in one transaction.
//
// Models are found in a Registry, by name: a coordinator.Coordinator that was told to Expose their nodes. A failure is an
// *Error, which names run and step. The same can be written as a JSON document, which Parse reads.
package workflow
