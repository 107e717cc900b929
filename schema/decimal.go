package schema

import (
	"strconv"
	"strings"
)

// maxExponent bounds what "1e…" may unfold to; columns hold at most 38 digits.
const maxExponent = 1000

// decimal gives the canonical text of a decimal number: a minus only where it is below zero, no needless zeros in
// front, exactly scale digits behind the point. It never rounds.
func (d *domain) decimal(s string) (string, error) {
	if d.canonical(s) {
		return s, nil
	}
	negative, whole, fraction, ok := splitDecimal(s)
	if !ok {
		return "", d.fault("text is not a decimal number")
	}
	whole = strings.TrimLeft(whole, "0")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > d.scale {
		return "", d.fault("number has more than %d digits behind the point", d.scale)
	}
	if d.precision > 0 && len(whole) > d.precision-d.scale {
		return "", d.fault("number has more than %d digits before the point", d.precision-d.scale)
	}
	zero := whole == "" && fraction == ""
	var b strings.Builder
	b.Grow(len(whole) + d.scale + 3)
	if negative && !zero {
		b.WriteByte('-')
	}
	if whole == "" {
		whole = "0"
	}
	b.WriteString(whole)
	if d.scale > 0 {
		b.WriteByte('.')
		b.WriteString(fraction)
		for range d.scale - len(fraction) {
			b.WriteByte('0')
		}
	}
	return b.String(), nil
}

// canonical reports whether s is already what decimal would make of it, so that it can be used as it is.
func (d *domain) canonical(s string) bool {
	body := strings.TrimPrefix(s, "-")
	point := len(body)
	if d.scale > 0 {
		point -= d.scale + 1
		if point < 1 || body[point] != '.' {
			return false
		}
	}
	zero := true
	for i := range len(body) {
		if i == point {
			continue
		}
		if body[i] < '0' || body[i] > '9' {
			return false
		}
		zero = zero && body[i] == '0'
	}
	switch {
	case point < 1, point > 1 && body[0] == '0', zero && len(body) < len(s):
		return false
	case body[0] == '0':
		return true
	}
	return d.precision == 0 || point <= d.precision-d.scale
}

// splitDecimal reads [sign] digits [. digits] [e exponent] and gives the digits on both sides of the point.
func splitDecimal(s string) (negative bool, whole, fraction string, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	exponent := 0
	if e := strings.IndexAny(s, "eE"); e >= 0 {
		n, err := strconv.Atoi(s[e+1:])
		if err != nil || n > maxExponent || n < -maxExponent {
			return false, "", "", false
		}
		s, exponent = s[:e], n
	}
	whole, fraction, _ = strings.Cut(s, ".")
	if whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return false, "", "", false
	}
	switch {
	case exponent > 0:
		fraction += strings.Repeat("0", max(0, exponent-len(fraction)))
		whole, fraction = whole+fraction[:exponent], fraction[exponent:]
	case exponent < 0:
		whole = strings.Repeat("0", max(0, -exponent-len(whole))) + whole
		cut := len(whole) + exponent
		whole, fraction = whole[:cut], whole[cut:]+fraction
	}
	return negative, whole, fraction, true
}
