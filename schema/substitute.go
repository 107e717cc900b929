package schema

import "strings"

// Substitute gives a canonical expression with another piece of SQL in every place where it names a column. All else stays
// as it is written. It finds what Mentions finds.
func Substitute(expr, column, by string) string {
	var b strings.Builder
	eachPiece(expr, func(piece, identifier string) {
		if identifier != "" && identifier == column {
			piece = by
		}
		b.WriteString(piece)
	})
	return b.String()
}
