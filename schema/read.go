package schema

import "slices"

// Read turns what a driver gave for the column into its portable value, nil being null. Nothing of src is kept. The error
// is ErrInvalid and names the column.
func (c *Column) Read(src any) (any, error) {
	if src == nil {
		return nil, nil
	}
	d := c.domain()
	if d.kind == KindTime || d.kind == KindDate {
		return boxed(d.driverTime(src))
	}
	value, err := d.fromDriver(src)
	if raw, ok := value.([]byte); ok {
		return slices.Clone(raw), err
	}
	return value, err
}
