// Package checker looks at a database after everything that used it has ended, and says whether the promises were kept: one
// history without holes for each table, a catalogue that equals the models, every acknowledged row there once, and nothing
// left behind. It reads only, and believes no program's word but the acknowledgements it is given.
package checker
