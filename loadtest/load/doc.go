// Package load puts a database under load and judges it afterwards: worker processes that create, read, change and delete
// rows through schemactor, some of which are killed while they do; notes of what was acknowledged, kept outside of the
// database; and a verdict that rests on the database and these notes alone.
//
// Run is the whole of it. A program that calls Run must let fleet.Main play Roles before anything else, for its workers are
// processes of its own binary.
package load
