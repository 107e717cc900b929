// Package entpeople is ent's code for the table of people: all but this file and the folder schema is generated.
package entpeople

//go:generate go run -mod=mod entgo.io/ent/cmd/ent generate --feature sql/execquery ./schema
