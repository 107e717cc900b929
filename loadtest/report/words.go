package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// none stands where there is nothing to show.
const none = "–"

// number writes a count with a comma between thousands.
func number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// counted writes a count with its noun.
func counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(n) + " " + noun + "s"
}

// perSecond writes a rate with the digits that matter.
func perSecond(rate float64) string {
	if rate > 0 && rate < 10 {
		return strconv.FormatFloat(rate, 'f', 1, 64) + "/s"
	}
	return number(int64(math.Round(rate))) + "/s"
}

// span writes a duration with three digits; nothing was measured where it is 0.
func span(d time.Duration) string {
	if d == 0 {
		return none
	}
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"s", time.Second}, {"ms", time.Millisecond}, {"µs", time.Microsecond}} {
		if d >= unit.size {
			return digits(float64(d)/float64(unit.size)) + " " + unit.name
		}
	}
	return strconv.FormatInt(int64(d), 10) + " ns"
}

// digits writes a number that is not below 1 with three digits, or with all that are before the point.
func digits(x float64) string {
	switch {
	case x < 10:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case x < 100:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return number(int64(math.Round(x)))
}

// seconds writes an offset.
func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

// ratio writes how many times as much value is as first; it is empty where that says nothing.
func ratio(value, first float64) string {
	if value <= 0 || first <= 0 {
		return ""
	}
	x := value / first
	switch {
	case x >= 100:
		return number(int64(math.Round(x))) + "×"
	case x >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64) + "×"
	case x >= 0.01:
		return strconv.FormatFloat(x, 'f', 2, 64) + "×"
	}
	return strconv.FormatFloat(x, 'g', 2, 64) + "×"
}

// percent writes a quantile.
func percent(quantile float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(quantile*100, 'f', 5, 64), "0"), ".") + " %"
}

// joinedWords writes a list as a person would: "a", "a and b", "a, b and c".
func joinedWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
