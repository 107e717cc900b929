// Package report is what came of a load test: the result of a run as Go types with a stable JSON form, and an HTML page of one
// run or of several beside each other.
//
// A page is one file. It asks no network for anything, and opens from a disk. Nothing in a result may be secret: names of tables,
// classes of errors and settings are shown as they are.
//
// All times of the JSON form are whole nanoseconds, in fields that end in _ns. Offsets are counted from the moment when all writers
// might begin. Fields may be added without a new Format; what a reader does not know of, it skips.
package report
