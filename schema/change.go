package schema

import (
	"fmt"
	"strings"
)

// ChangeKind names one way in which a live table can differ from its model.
type ChangeKind string

// The kinds of difference. A "missing" object is in the model and not in the database, an "extra" one the reverse.
const (
	MissingTable      ChangeKind = "missing table"
	MissingColumn     ChangeKind = "missing column"
	ExtraColumn       ChangeKind = "extra column"
	ColumnType        ChangeKind = "column type"
	ColumnNullability ChangeKind = "column nullability"
	ColumnDefault     ChangeKind = "column default"
	ColumnGenerated   ChangeKind = "column generated expression"
	ColumnIdentity    ChangeKind = "column identity"
	ColumnComment     ChangeKind = "column comment"
	PrimaryKey        ChangeKind = "primary key"
	MissingIndex      ChangeKind = "missing index"
	ExtraIndex        ChangeKind = "extra index"
	MissingUnique     ChangeKind = "missing unique index"
	ExtraUnique       ChangeKind = "extra unique index"
	MissingForeignKey ChangeKind = "missing foreign key"
	ExtraForeignKey   ChangeKind = "extra foreign key"
	MissingCheck      ChangeKind = "missing check"
	ExtraCheck        ChangeKind = "extra check"
	TableComment      ChangeKind = "table comment"
	RenamedTable      ChangeKind = "renamed table"   // the model's `was`
	RenamedColumn     ChangeKind = "renamed column"  // the model's `was=`
	RenameConflict    ChangeKind = "rename conflict" // both the old name and the new one are there
	NotValidated      ChangeKind = "constraint not validated"
	InvalidIndex      ChangeKind = "unfinished index"
)

// Change is one difference between a model and its live table.
type Change struct {
	Kind   ChangeKind `json:"kind"`
	Object string     `json:"object"`         // the column's name, or the structure of the index or constraint
	Want   string     `json:"want,omitempty"` // the model's side, in the server's words
	Have   string     `json:"have,omitempty"` // the live side
	// Harmless marks what the model does not know of and does not mind: an index someone added by hand, a nullable column
	// of a newer program, a comment.
	Harmless bool `json:"harmless,omitempty"`
	// Serves marks a difference under which the model's statements work all the same, as a missing index or a longer
	// text. All harmless ones do. It is what an older program asks for when a newer one has changed the table.
	Serves bool `json:"serves,omitempty"`
}

// Blocking reports whether the table does not match the model as long as the difference is there.
func (c Change) Blocking() bool { return !c.Harmless }

// String tells the difference in one line.
func (c Change) String() string {
	text := strings.TrimSpace(string(c.Kind) + " " + c.Object)
	switch {
	case c.Want != "" && c.Have != "":
		return fmt.Sprintf("%s: want %s, have %s", text, c.Want, c.Have)
	case c.Want != "":
		return text + ": want " + c.Want
	case c.Have != "":
		return text + ": have " + c.Have
	}
	return text
}
