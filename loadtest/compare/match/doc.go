// Package match lets the contestants of package peer run against each other: cell by cell, in rounds, in an order that is
// shuffled anew each time, and with the database asked after each run whether all that was acknowledged is there.
package match
