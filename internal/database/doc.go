// Package database tells by its address which database is meant, and opens it. It is for the programs of this module, which take
// every database that there is a dialect of; a program that uses one opens it by that dialect.
package database
