package dashboard

// diffLine is one line of a comparison: Op is "+" for one that came, "-" for one that went, and " " for one that stayed.
type diffLine struct {
	Op   string `json:"op"`
	Text string `json:"text"`
}

// diffMost is how many lines a side may have beyond what begins and ends alike. Longer ones are shown as gone and come as a whole:
// the work grows with the product of both.
const diffMost = 2000

// diff compares lines, by the longest sequence that both sides have.
func diff(before, after []string) []diffLine {
	head := 0
	for head < len(before) && head < len(after) && before[head] == after[head] {
		head++
	}
	tail := 0
	for tail < len(before)-head && tail < len(after)-head && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	out := mark(nil, " ", before[:head])
	out = middle(out, before[head:len(before)-tail], after[head:len(after)-tail])
	return mark(out, " ", after[len(after)-tail:])
}

func mark(out []diffLine, op string, lines []string) []diffLine {
	for _, line := range lines {
		out = append(out, diffLine{Op: op, Text: line})
	}
	return out
}

func middle(out []diffLine, before, after []string) []diffLine {
	if len(before) == 0 || len(after) == 0 || len(before) > diffMost || len(after) > diffMost {
		return mark(mark(out, "-", before), "+", after)
	}
	// common[i][j] is how many lines before[i:] and after[j:] have in common, in order.
	common := make([][]uint16, len(before)+1)
	for i := range common {
		common[i] = make([]uint16, len(after)+1)
	}
	for i := len(before) - 1; i >= 0; i-- {
		for j := len(after) - 1; j >= 0; j-- {
			if before[i] == after[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(before) && j < len(after) {
		switch {
		case before[i] == after[j]:
			out = append(out, diffLine{Op: " ", Text: before[i]})
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			out = append(out, diffLine{Op: "-", Text: before[i]})
			i++
		default:
			out = append(out, diffLine{Op: "+", Text: after[j]})
			j++
		}
	}
	return mark(mark(out, "-", before[i:]), "+", after[j:])
}
