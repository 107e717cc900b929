package dialect

import (
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// Groups knows what the rows of an Aggregate query mean. It is immutable and safe for concurrent use.
type Groups struct {
	figures []figure
	cells   int
}

// figure is one named value of a group, made of one or more columns of the result.
type figure struct {
	name   string
	column *schema.Column // nil for a count of rows
	cells  int
	radix  int64 // of a sum's parts
	read   func(f *figure, cells []cell) (any, error)
}

func (g *Groups) add(f figure) {
	g.figures = append(g.figures, f)
	g.cells += f.cells
}

// again gives a name that two figures have, or nothing.
func (g *Groups) again() string {
	for i, f := range g.figures {
		if slices.ContainsFunc(g.figures[:i], func(other figure) bool { return other.name == f.name }) {
			return f.name
		}
	}
	return ""
}

// Floats names the columns whose sums are computed in floating point, where PostgreSQL refuses what does not fit.
func (g *Groups) Floats() string {
	var names []string
	for _, f := range g.figures {
		if f.column != nil && f.floats() && !slices.Contains(names, f.column.Name) && f.radix > 0 {
			names = append(names, f.column.Name)
		}
	}
	return strings.Join(names, ", ")
}

// Reader makes a reader for one result. It is for one goroutine.
func (g *Groups) Reader() *GroupReader {
	r := &GroupReader{groups: g, cells: make([]cell, g.cells), dest: make([]any, g.cells)}
	for i := range r.cells {
		r.dest[i] = &r.cells[i]
	}
	return r
}

// GroupReader reads groups row by row.
type GroupReader struct {
	groups *Groups
	cells  []cell
	dest   []any
}

// Dest gives what the next row is scanned into.
func (r *GroupReader) Dest() []any { return r.dest }

// Group gives the row that was scanned last, by the names of columns and terms. Columns, minima and maxima are portable
// values (see schema.Kind) and counts int64. A sum of integers is int64, of decimals exact text with the column's digits
// behind the point, of floats float64; an average is float64. Of no values all but counts are nil. A sum that its type
// cannot hold is ErrInvalid and names the column, but no operation and table.
func (r *GroupReader) Group() (map[string]any, error) {
	out := make(map[string]any, len(r.groups.figures))
	at := 0
	for i := range r.groups.figures {
		f := &r.groups.figures[i]
		value, err := f.read(f, r.cells[at:at+f.cells])
		if err != nil {
			return nil, err
		}
		out[f.name] = value
		at += f.cells
	}
	return out, nil
}

// cell keeps what a driver gives.
type cell struct{ value any }

// Scan implements sql.Scanner.
func (c *cell) Scan(src any) error {
	if raw, ok := src.([]byte); ok {
		src = slices.Clone(raw)
	}
	c.value = src
	return nil
}

func (f *figure) floats() bool {
	return f.column.Kind == schema.KindFloat32 || f.column.Kind == schema.KindFloat64
}

func (f *figure) summable() bool {
	return f.column.Kind.Integer() || f.column.Kind == schema.KindDecimal || f.floats()
}

// fault is an ErrInvalid of the column; operation and table are the node's to add.
func (f *figure) fault(text string) error { return schema.Invalid("", "", f.column.Name, "%s", text) }

func readCount(f *figure, cells []cell) (any, error) {
	if n, ok := cells[0].value.(int64); ok {
		return n, nil
	}
	return nil, schema.Invalid("", "", f.name, "the count is a %T", cells[0].value)
}

func readValue(f *figure, cells []cell) (any, error) { return f.column.Read(cells[0].value) }

func readExtreme(f *figure, cells []cell) (any, error) {
	if f.column.Kind != schema.KindDecimal || cells[0].value == nil {
		return f.column.Read(cells[0].value)
	}
	digits, err := f.whole(cells)
	if err != nil {
		return nil, err
	}
	return f.column.Read(pointed(digits, f.column.Scale))
}

// whole puts the parts of a whole number together; nil is none.
func (f *figure) whole(parts []cell) (*big.Int, error) {
	sum, radix := new(big.Int), big.NewInt(f.radix)
	for _, part := range parts {
		next := new(big.Int)
		ok := true
		switch v := part.value.(type) {
		case nil:
			return nil, nil
		case int64:
			next.SetInt64(v)
		case string:
			_, ok = next.SetString(v, 10)
		case []byte:
			_, ok = next.SetString(string(v), 10)
		default:
			ok = false
		}
		if !ok {
			return nil, f.fault("the column holds what is no number of its kind")
		}
		sum.Add(sum.Mul(sum, radix), next)
	}
	return sum, nil
}

// pointed writes digits with scale of them behind the point.
func pointed(digits *big.Int, scale int) string {
	text, sign := new(big.Int).Abs(digits).String(), ""
	if digits.Sign() < 0 {
		sign = "-"
	}
	if scale == 0 {
		return sign + text
	}
	if short := scale + 1 - len(text); short > 0 {
		text = strings.Repeat("0", short) + text
	}
	return sign + text[:len(text)-scale] + "." + text[len(text)-scale:]
}

func (f *figure) float(c cell) (sum float64, err error) {
	sum, ok := c.value.(float64)
	if !ok || math.IsInf(sum, 0) || math.IsNaN(sum) {
		return 0, f.fault("the sum does not fit a float64")
	}
	return sum, nil
}

func readSum(f *figure, cells []cell) (any, error) {
	if cells[0].value == nil {
		return nil, nil
	}
	if f.floats() {
		sum, err := f.float(cells[0])
		if err != nil {
			return nil, err
		}
		return sum, nil
	}
	sum, err := f.whole(cells)
	switch {
	case err != nil || sum == nil:
		return nil, err
	case f.column.Kind == schema.KindDecimal:
		return pointed(sum, f.column.Scale), nil
	case !sum.IsInt64():
		return nil, f.fault("the sum does not fit an int64")
	}
	return sum.Int64(), nil
}

// readAverage divides the sum by the count, which comes last: so all databases round alike.
func readAverage(f *figure, cells []cell) (any, error) {
	last := len(cells) - 1
	count, ok := cells[last].value.(int64)
	switch {
	case !ok:
		return nil, f.fault("the average has no count")
	case count == 0:
		return nil, nil
	}
	if f.floats() {
		sum, err := f.float(cells[0])
		if err != nil {
			return nil, err
		}
		return sum / float64(count), nil
	}
	sum, err := f.whole(cells[:last])
	if err != nil || sum == nil {
		return nil, err
	}
	parts := big.NewInt(count)
	if f.column.Kind == schema.KindDecimal {
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(f.column.Scale)), nil)
		parts.Mul(parts, scale)
	}
	average, _ := new(big.Rat).SetFrac(sum, parts).Float64()
	return average, nil
}
