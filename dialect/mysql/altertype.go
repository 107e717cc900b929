package mysql

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// span is what a type can hold.
type span struct {
	family      string
	size, scale int // of texts the characters, of numbers the digits; a size of 0 is without limit
}

var sizedType = regexp.MustCompile(`^(varchar|varbinary|decimal)\((\d+)(?:,(\d+))?\)$`)

func spanOf(kind string) span {
	parts := sizedType.FindStringSubmatch(kind)
	switch {
	case parts != nil:
	case kind == "longtext":
		return span{family: "text"}
	case kind == "longblob":
		return span{family: "blob"}
	default:
		return span{family: kind}
	}
	s := span{family: map[string]string{"varchar": "text", "varbinary": "blob", "decimal": "decimal"}[parts[1]]}
	s.size, _ = strconv.Atoi(parts[2])
	s.scale, _ = strconv.Atoi(parts[3])
	return s
}

// widens reports whether every value of one type is the same value of the other.
func widens(from, to string) bool {
	a, b := spanOf(from), spanOf(to)
	whole := []string{"tinyint(1)", "smallint", "int", "bigint"}
	switch {
	case a.family == "text" && b.family == "text", a.family == "blob" && b.family == "blob":
		return b.size == 0 || a.size > 0 && a.size <= b.size
	case a.family == "decimal" && b.family == "decimal":
		return a.size-a.scale <= b.size-b.scale && a.scale <= b.scale
	case from == "float" && to == "double":
		return true
	}
	i, j := slices.Index(whole, from), slices.Index(whole, to)
	return i >= 0 && j > i
}

// widening is how a column gets a type that holds all its values.
func widening(from, to string) way {
	a, b := spanOf(from), spanOf(to)
	if a.family != b.family || a.size == 0 || b.size == 0 || a.family == "decimal" {
		return copying
	}
	// From 256 bytes on a value has its length in front of it in two bytes; up to 127 it is written so that there is room for more.
	bytes := map[string]int{"text": 4, "blob": 1}[a.family]
	if a.size*bytes >= 128 && a.size*bytes < 256 && b.size*bytes >= 256 {
		return copying
	}
	return instant
}

// holds reports whether a column of one type can be used as one of the other.
func holds(have, want string) bool {
	wider := map[string][]string{"smallint": {"int", "bigint"}, "int": {"bigint"}}
	a, b := spanOf(want), spanOf(have)
	same := a.family == b.family && a.scale == b.scale && widens(want, have)
	return same || slices.Contains(wider[want], have)
}

// convert sees to it that the values of a column become values of another type, or that the plan stops before they are lost.
func (a *alteration) convert(d schema.ColumnDelta) {
	if d.Want.Generated != "" {
		return
	}
	column := a.Quote(d.Want.Name)
	uuid := d.Have.Type == "binary(16)" || d.Have.Type == spelledUUID
	switch {
	case !a.online():
		return
	case uuid && spanOf(d.Want.Type).family == "text":
		a.spell(d)
		return
	}
	if condition := unfit(spanOf(d.Have.Type), spanOf(d.Want.Type), column); condition != "" {
		a.refuse(" WHERE "+condition, fmt.Sprintf("column %q holds values that do not fit %s", d.Want.Name, d.Want.Type))
	}
}

// unfit is the condition for a value that the server would change without a word when it stores it in another type. What it
// refuses by itself is not asked for.
func unfit(from, to span, column string) string {
	whole := func(family string) bool {
		return slices.Contains([]string{"tinyint(1)", "smallint", "int", "bigint"}, family)
	}
	broken := from.family == "decimal" || from.family == "double" || from.family == "float"
	switch {
	case to.family == "text" && to.size > 0:
		return fmt.Sprintf("char_length(CAST(%s AS CHAR)) > %d", column, to.size)
	case to.family == "blob" && to.size > 0:
		return fmt.Sprintf("octet_length(%s) > %d", column, to.size)
	case whole(to.family) && broken:
		return fmt.Sprintf("%[1]s <> round(%[1]s)", column)
	case whole(to.family) && from.family == "text":
		return column + ` NOT REGEXP '^[-+]?[0-9]+$'`
	case to.family == "decimal" && broken && from.scale != to.scale:
		return fmt.Sprintf("%[1]s <> round(%[1]s, %[2]d)", column, to.scale)
	case to.family == "decimal" && from.family == "text":
		return fmt.Sprintf(`%s NOT REGEXP '^[-+]?[0-9]+([.][0-9]{0,%d}0*)?$'`, column, to.scale)
	case to.family == "date" && strings.HasPrefix(from.family, "datetime"):
		return fmt.Sprintf("%[1]s <> CAST(%[1]s AS DATE)", column)
	case to.family == "float" && from.family == "double":
		return fmt.Sprintf("%[1]s <> CAST(%[1]s AS FLOAT)", column)
	}
	return ""
}

// spelledUUID is the type of a column whose UUIDs are being turned into texts: both have room in it, and are told apart by their
// length. An interrupted plan is known by it.
const spelledUUID = "varbinary(36)"

// spell turns the UUIDs of a column into texts, so that it can become one.
func (a *alteration) spell(d schema.ColumnDelta) {
	column := a.Quote(d.Want.Name)
	if to := spanOf(d.Want.Type); to.size > 0 && to.size < 36 {
		a.refuse(" WHERE "+column+" IS NOT NULL", fmt.Sprintf("column %q holds UUIDs, which do not fit %s", d.Want.Name, d.Want.Type))
	}
	h := []schema.Hazard{hazard(schema.HazardRetypeColumn, d.Want.Name)}
	if d.Have.Type != spelledUUID {
		plain := d.Have
		plain.Default = ""
		a.add(schema.Statement{
			SQL:      "ALTER TABLE " + a.table + " MODIFY COLUMN " + a.spelled(plain, spelledUUID) + ", ALGORITHM=COPY, LOCK=SHARED",
			Rewrites: true, Scans: true, Hazards: h,
		})
	}
	hex := "hex(" + column + ")"
	for _, at := range []int{21, 17, 13, 9} {
		hex = fmt.Sprintf("insert(%s, %d, 0, '-')", hex, at)
	}
	sixteen := "octet_length(" + column + ") = 16"
	a.add(a.fill(a.live.Key, d.Want.Name, "lower("+hex+")", sixteen, h...))
	a.refuse(" WHERE "+sixteen, fmt.Sprintf("column %q has got UUIDs meanwhile: plan again", d.Want.Name))
}
