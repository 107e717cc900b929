package dialecttest

import "github.com/schemactor/schemactor/dialect"

func compare(op dialect.Op, column string, values ...any) dialect.Cond {
	return dialect.Cond{Op: op, Column: column, Values: values}
}

func all(conds ...dialect.Cond) dialect.Cond {
	return dialect.Cond{Op: dialect.OpAnd, Conds: conds}
}

func some(conds ...dialect.Cond) dialect.Cond {
	return dialect.Cond{Op: dialect.OpOr, Conds: conds}
}

func not(cond dialect.Cond) dialect.Cond {
	return dialect.Cond{Op: dialect.OpNot, Conds: []dialect.Cond{cond}}
}

func equal(column string, value any) dialect.Cond { return compare(dialect.OpEq, column, value) }

func ascending(column string) dialect.Order { return dialect.Order{Column: column} }

func descending(column string) dialect.Order {
	return dialect.Order{Column: column, Descending: true}
}
