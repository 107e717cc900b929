// Package peer holds the contestants of the comparison: the bare drivers, GORM, ent and bun as people write them, limits
// written by hand, and schemactor. Each does the same to the same tables, through pools of the same size.
package peer
