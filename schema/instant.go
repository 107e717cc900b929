package schema

import "time"

// stampLayouts are the spellings of a point in time that are understood besides the library's own, each with or
// without a fraction of a second. What has no zone is UTC.
var stampLayouts = [...]string{
	"2006-01-02T15:04:05Z07:00",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05Z07",
	"2006-01-02 15:04:05",
	"2006-01-02T15:04:05",
	"2006-01-02 15:04Z07:00",
	"2006-01-02T15:04Z07:00",
	"2006-01-02 15:04",
	"2006-01-02T15:04",
	time.DateOnly,
}

// instant makes a time portable. A date is the day that the value's own clock shows, at midnight UTC.
func (d *domain) instant(t time.Time) (time.Time, error) {
	t = d.utc(t)
	if year := t.Year(); year < 0 || year > 9999 {
		return time.Time{}, d.fault("year is outside 0 to 9999")
	}
	return t, nil
}

// utc is instant without the range, for what a database already holds.
func (d *domain) utc(t time.Time) time.Time {
	if d.kind == KindDate {
		year, month, day := t.Date()
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	return t.UTC().Truncate(time.Microsecond)
}

// readTime reads a time in any of the known spellings.
func (d *domain) readTime(s string) (time.Time, error) {
	if t, ok := readStamp(s); ok {
		return d.instant(t)
	}
	for _, layout := range stampLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return d.instant(t)
		}
	}
	return time.Time{}, d.fault("text is not a time as in RFC 3339")
}

// driverTime reads a time from a driver without boxing it.
func (d *domain) driverTime(src any) (time.Time, error) {
	switch src := src.(type) {
	case time.Time:
		return d.utc(src), nil
	case string:
		return d.readTime(src)
	case []byte:
		if t, ok := readStamp(src); ok {
			return d.instant(t)
		}
		return d.readTime(string(src))
	default:
		return time.Time{}, d.mismatch(src)
	}
}

// readStamp reads exactly "2006-01-02 15:04:05.000000" or "2006-01-02", the forms that SQLite columns hold, several
// times faster than time.Parse does.
func readStamp[S ~string | ~[]byte](s S) (time.Time, bool) {
	if len(s) != len("2006-01-02 15:04:05.000000") && len(s) != len(time.DateOnly) {
		return time.Time{}, false
	}
	if s[4] != '-' || s[7] != '-' {
		return time.Time{}, false
	}
	year, month, day := digits(s, 0, 4), digits(s, 5, 7), digits(s, 8, 10)
	if year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return time.Time{}, false
	}
	var hour, minute, second, micro int
	if len(s) > len(time.DateOnly) {
		if s[10] != ' ' || s[13] != ':' || s[16] != ':' || s[19] != '.' {
			return time.Time{}, false
		}
		hour, minute, second, micro = digits(s, 11, 13), digits(s, 14, 16), digits(s, 17, 19), digits(s, 20, 26)
		if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || micro < 0 {
			return time.Time{}, false
		}
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, micro*1000, time.UTC), true
}

// digits reads s[from:to] as a number, or gives -1.
func digits[S ~string | ~[]byte](s S, from, to int) int {
	n := 0
	for i := from; i < to; i++ {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}
