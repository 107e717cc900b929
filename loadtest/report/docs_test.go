package report

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestEveryFieldIsOnThePage holds docs/loadtest-result.md to the types.
func TestEveryFieldIsOnThePage(t *testing.T) {
	text, err := os.ReadFile("../../docs/loadtest-result.md")
	require.NoError(t, err)
	page := string(text)
	fields := 0
	eachField(reflect.TypeFor[Run](), func(of reflect.Type, field reflect.StructField) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		says(t, page, "`"+name+"`", of, field.Name)
		fields++
	})
	require.Greater(t, fields, 50)
	for _, phase := range []Phase{PhaseLooking, PhaseWaiting, PhaseLocked, PhaseApplying, PhaseReady, PhaseFailed} {
		says(t, page, "\n| `"+string(phase)+"` |")
	}
	for _, mode := range []string{ModeCoordinator, ModeCheckEveryOp, ModeIfNotExists} {
		says(t, page, "`"+mode+"`")
	}
}

// eachField calls look for every field of a type and of those that it is made of.
func eachField(of reflect.Type, look func(reflect.Type, reflect.StructField)) {
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		for of.Kind() == reflect.Slice || of.Kind() == reflect.Map || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of == reflect.TypeFor[time.Time]() || seen[of] {
			return
		}
		seen[of] = true
		for i := range of.NumField() {
			look(of, of.Field(i))
			walk(of.Field(i).Type)
		}
	}
	walk(of)
}
