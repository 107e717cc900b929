package faults

import (
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// maxPoint is how much of a statement the name of a point holds, in bytes.
const maxPoint = 60

// Points gives a listener that calls hit at each moment of the cold path, with the moment's name: a step that is come to
// ("lock", "commit"), a statement that is about to run or has run ("before CREATE TABLE …", "after CREATE TABLE …"), a batch
// that was done, and the memory that was stored ("ready"). What hit does holds the attempt up: it may end the program, or
// never return. It is called by several goroutines at once where several tables are made ready.
func Points(hit func(point string)) *schema.Listener {
	return &schema.Listener{
		Entered: func(e schema.Event) {
			if e.SQL != "" {
				hit("before " + Head(e.SQL))
				return
			}
			hit(string(e.Phase))
		},
		Applied:  func(e schema.Event) { hit("after " + Head(e.SQL)) },
		Progress: func(schema.Event) { hit("batch") },
		Ready:    func(schema.Event) { hit("ready") },
	}
}

// Head gives the beginning of a statement on one line, as the names of points have it.
func Head(sql string) string {
	text := strings.Join(strings.Fields(sql), " ")
	if len(text) > maxPoint {
		text = strings.ToValidUTF8(text[:maxPoint], "") + "…"
	}
	return text
}
