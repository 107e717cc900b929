package nodes

import (
	"cmp"
	"slices"
)

// places tells which of the rows that were sent are those that have come back: they are known by their keys or, where they are
// numbered, by the order of their numbers, which were given in the order in which the rows were sent. ok is false for what
// only a trigger or rule of somebody else may lead to.
func (c *core[T, K]) places(come []T, sent []*T, numbered bool) (places []int, ok bool, err error) {
	if numbered {
		return c.placesByNumber(come)
	}
	places, err = c.placesByKey(come, sent)
	return places, !slices.Contains(places, -1), err
}

// placesByKey gives -1 for a row whose key was not sent.
func (c *core[T, K]) placesByKey(come []T, sent []*T) ([]int, error) {
	at := make(map[string]int, len(sent))
	for i, row := range sent {
		key, err := c.identity(row)
		if err != nil {
			return nil, err
		}
		if _, taken := at[key]; !taken { // of two that are the same the first is stored
			at[key] = i
		}
	}
	places := make([]int, len(come))
	for n := range come {
		key, err := c.identity(&come[n])
		if err != nil {
			return nil, err
		}
		i, known := at[key]
		if !known {
			i = -1
		}
		delete(at, key)
		places[n] = i
	}
	return places, nil
}

// placesByNumber gives the lowest number's row the first place, and so on.
func (c *core[T, K]) placesByNumber(come []T) (places []int, ok bool, err error) {
	numbers, order := make([]int64, len(come)), make([]int, len(come))
	for at := range come {
		value, err := c.rows.Value(&come[at], c.auto)
		if err != nil {
			return nil, false, err
		}
		if numbers[at], ok = value.(int64); !ok {
			return nil, false, nil
		}
		order[at] = at
	}
	slices.SortFunc(order, func(x, y int) int { return cmp.Compare(numbers[x], numbers[y]) })
	places = make([]int, len(come))
	for n, at := range order {
		places[at] = n
	}
	return places, true, nil
}

// identity gives what a row is known by among others of its table.
func (c *core[T, K]) identity(row *T) (string, error) {
	values, err := c.rows.Append(nil, row, c.keys)
	if err != nil {
		return "", err
	}
	return string(appendIdentity(nil, values)), nil
}
