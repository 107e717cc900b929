// Package faults disturbs what runs between a program and its database, and its tests show what schemactor makes of
// that: processes killed at every step of the cold path, frozen lock holders, servers that stop, connections that stall or
// are cut, files that are full or cannot be written, and foreign hands at the tables.
//
// The points at which a program can be killed are the steps that a schema.Listener is told of: they have names, and
// cost nothing where nobody listens.
package faults
