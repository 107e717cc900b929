package dynamic

import "slices"

// list gives all operations of a handler: the one place where they are listed.
func (h *handler[T, K]) list() []operation[T, K] {
	return slices.Concat(h.rowOperations(), h.readOperations(), h.bulkOperations())
}

func (h *handler[T, K]) rowOperations() []operation[T, K] {
	var f fields[T, K]
	row := []FieldSpec{outRow, outKey}
	return []operation[T, K]{
		{"create", "stores a new row", f.of(f.row("the new row; columns left out take their defaults")), row, h.create},
		{"get", "reads the row of a key", f.of(f.key(), f.withDeleted()), row, h.get},
		{"update", "stores all columns of a row that is there", f.of(f.row("the whole row, found by its key")), row, h.update},
		{"patch", "changes some columns of the row of a key", f.of(f.key(), f.set(), f.ifVersion()), row, h.patch},
		{"delete", "removes the row of a key, or marks it", f.of(f.key(), f.ifVersion()), []FieldSpec{outKey}, h.delete},
		{"restore", "takes back the mark of a deleted row", f.of(f.key()), []FieldSpec{outKey}, h.restore},
		{"purge", "removes the row of a key for good", f.of(f.key()), []FieldSpec{outKey}, h.purge},
		{
			"upsert", "stores a row, whether or not it is there already",
			f.of(f.row("the row; columns left out stay as they are where it is there"), f.onConflict(), f.updateOnly(), f.doNothing()),
			[]FieldSpec{outRow, outKey, {Name: "created", Kind: FieldFlag, Meaning: "whether it was inserted"}},
			h.upsert,
		},
	}
}

func (h *handler[T, K]) readOperations() []operation[T, K] {
	var f fields[T, K]
	query := f.of(f.where(), f.orderBy(), f.limit("the most rows to give"), f.offset("rows to skip"), f.only(), f.withDeleted())
	matching := f.of(f.where(), f.withDeleted())
	return []operation[T, K]{
		{"list", "reads all rows that match", append(slices.Clone(query), f.distinct()), []FieldSpec{outRows, outCount}, h.many},
		{"first", "reads the first row that matches", f.of(f.where(), f.orderBy(), f.only(), f.withDeleted()), []FieldSpec{outRow, outKey}, h.first},
		{
			"page", "reads some rows that match, and where to go on", append(slices.Clone(query), f.after()),
			[]FieldSpec{outRows, outCount, {Name: "next", Kind: FieldText, Meaning: "what after of the next page must be; empty after the last"}},
			h.page,
		},
		{"count", "counts the rows that match", append(slices.Clone(matching), f.only(), f.distinct()), []FieldSpec{outCount}, h.count},
		{
			"exists", "tells whether any row matches", matching,
			[]FieldSpec{{Name: "exists", Kind: FieldFlag, Meaning: "whether there is one"}},
			h.exists,
		},
		{
			"aggregate", "computes figures for groups of rows",
			f.of(f.where(), f.by(), f.terms(), f.limit("the most groups to give"), f.offset("groups to skip"), f.withDeleted()),
			[]FieldSpec{{Name: "groups", Kind: FieldList, Meaning: "a value for each column of by and each term, by its name"}, outCount},
			h.aggregate,
		},
	}
}

func (h *handler[T, K]) bulkOperations() []operation[T, K] {
	var f fields[T, K]
	failed := []FieldSpec{
		{Name: "failed", Kind: FieldList, Meaning: "with per_row: {index, error} of rows left out, the first thousand"},
		{Name: "failures", Kind: FieldNumber, Meaning: "with per_row: how many rows were left out"},
	}
	count := []FieldSpec{outCount}
	rows := append([]FieldSpec{outRows, outCount}, failed...)
	results := append([]FieldSpec{
		outRows,
		{Name: "inserted", Kind: FieldNumber, Meaning: "rows that are new"},
		{Name: "updated", Kind: FieldNumber, Meaning: "rows that were there"},
		{Name: "skipped", Kind: FieldNumber, Meaning: "rows left as they were, or given twice"},
	}, failed...)
	return []operation[T, K]{
		{"bulk_create", "stores new rows", f.of(f.rows("the new rows; columns left out take their defaults"), f.perRow()), rows, h.bulkCreate},
		{"bulk_update", "sets some columns of all rows that match", f.of(f.sweep(), f.set(), f.allRows()), count, h.bulkUpdate},
		{"bulk_update_rows", "stores all columns of rows that are there", f.of(f.rows("the rows, which all name the same columns"), f.perRow()), rows, h.bulkUpdateRows},
		{"bulk_delete", "removes or marks all rows that match", f.of(f.sweep(), f.allRows()), count, h.bulkDelete},
		{"bulk_purge", "removes all rows that match for good, marked ones too", f.of(f.sweep(), f.allRows()), count, h.bulkPurge},
		{
			"bulk_upsert", "stores rows, whether or not they are there already",
			f.of(f.rows("the rows, which all name the same columns"), f.onConflict(), f.updateOnly(), f.doNothing(), f.perRow()), results, h.bulkUpsert,
		},
	}
}
