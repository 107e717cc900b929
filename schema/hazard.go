package schema

import (
	"slices"
	"strings"
)

// HazardKind names one way in which a statement can hurt: people allow hazards by these names.
type HazardKind string

// The hazards. What is none of them — creating a table, adding a nullable or defaulted column or a plain index, widening
// a type without rewriting the table, comments — is additive and allowed by the zero Policy. Those marked "over rows"
// are hazards only of a table that holds rows.
const (
	// AnyHazard in an Allowance stands for all of them.
	AnyHazard HazardKind = "any"

	HazardDropColumn     HazardKind = "drop-column"
	HazardDropIndex      HazardKind = "drop-index"
	HazardDropUnique     HazardKind = "drop-unique"
	HazardDropForeignKey HazardKind = "drop-foreign-key" // also of one over the columns of another that the model wants now
	HazardDropCheck      HazardKind = "drop-check"
	HazardDropDefault    HazardKind = "drop-default"
	HazardDropComment    HazardKind = "drop-comment"

	HazardRenameTable  HazardKind = "rename-table"  // programs that know the old name fail from then on
	HazardRenameColumn HazardKind = "rename-column" // likewise

	HazardRetypeColumn    HazardKind = "retype-column"     // values may not fit or change
	HazardRewriteTable    HazardKind = "rewrite-table"     // under a lock that nobody passes, as long as it takes
	HazardSetNotNull      HazardKind = "set-not-null"      // over rows; fails if one has NULL there
	HazardDropNotNull     HazardKind = "drop-not-null"     // programs that do not expect NULL may read one
	HazardLeftoverNotNull HazardKind = "leftover-not-null" // NOT NULL is taken off a column that the model does not know
	HazardChangeDefault   HazardKind = "change-default"
	HazardChangeGenerated HazardKind = "change-generated"
	HazardChangeIdentity  HazardKind = "change-identity"
	HazardChangeKey       HazardKind = "change-key"
	HazardChangeCheck     HazardKind = "change-check" // another condition takes the place of one over the same columns

	HazardAddUnique     HazardKind = "add-unique"      // over rows; fails on duplicates
	HazardAddCheck      HazardKind = "add-check"       // over rows; fails if one does not meet it
	HazardAddForeignKey HazardKind = "add-foreign-key" // over rows; fails if one points nowhere

	// HazardRevert is on every plan for a model that the ledger has seen before the present one.
	HazardRevert HazardKind = "revert"
)

// HazardKinds are all hazards that an Allowance can name, AnyHazard first.
func HazardKinds() []HazardKind {
	return []HazardKind{
		AnyHazard, HazardDropColumn, HazardDropIndex, HazardDropUnique, HazardDropForeignKey, HazardDropCheck,
		HazardDropDefault, HazardDropComment, HazardRenameTable, HazardRenameColumn, HazardRetypeColumn, HazardRewriteTable,
		HazardSetNotNull, HazardDropNotNull, HazardLeftoverNotNull, HazardChangeDefault, HazardChangeGenerated,
		HazardChangeIdentity, HazardChangeKey, HazardChangeCheck, HazardAddUnique, HazardAddCheck, HazardAddForeignKey,
		HazardRevert,
	}
}

// Hazard is one hazard of a statement, with the columns concerned; without columns it concerns the table as a whole.
type Hazard struct {
	Kind    HazardKind `json:"kind"`
	Columns []string   `json:"columns,omitempty"`
}

// String gives the hazard as "drop-column(legacy)".
func (h Hazard) String() string {
	if len(h.Columns) == 0 {
		return string(h.Kind)
	}
	return string(h.Kind) + "(" + strings.Join(h.Columns, ", ") + ")"
}

// same reports whether two hazards are one.
func (h Hazard) same(other Hazard) bool {
	return h.Kind == other.Kind && slices.Equal(h.Columns, other.Columns)
}
