package report

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestARunIsReadAsItWasWritten(t *testing.T) {
	full := checking().run()
	full.Name, full.Interrupted, full.Warmup, full.TargetRate = `a "name"`, true, 2*time.Second, 12.5
	full.Unsaid, full.EnsuresLeftOut, full.Faults = 3, 4, []Mark{{time.Second, 2 * time.Second, "freeze", "process 2"}}
	for _, run := range []Run{{}, full} {
		var out bytes.Buffer
		require.NoError(t, Encode(&out, &run))
		require.True(t, strings.HasSuffix(out.String(), "}\n"))
		got, err := Decode(&out)
		require.NoError(t, err)
		run.Format = Format
		require.Equal(t, &run, got)
	}
}

func TestFieldsOfLaterVersionsAreSkipped(t *testing.T) {
	run, err := Decode(strings.NewReader(`{"format":1,"mode":"coordinator","colour":"blue","all":{"count":3,"taste":[]}}`))
	require.NoError(t, err)
	require.Equal(t, int64(3), run.All.Count)
}

func TestWhatIsNoResultIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"format":2,"series":"of another type"}`: "the result has format 2, and only format 1 is known",
		`{"mode":"coordinator"}`:                  "the result has format 0",
		`[]`:                                      "cannot unmarshal array",
		``:                                        "EOF",
		`{"format":1`:                             "unexpected EOF",
		`{"format":1}{"format":1}`:                "there is more after the first run",
		`{"format":1,"elapsed_ns":"soon"}`:        "elapsed_ns",
	} {
		_, err := Decode(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
		var unknown *FormatError
		require.Equal(t, strings.Contains(want, "has format"), errors.As(err, &unknown), text)
	}
	_, err := Decode(iotest.ErrReader(errors.New("no disk")))
	require.ErrorContains(t, err, "no disk")
}

// TestNamesOfFieldsSayTheirUnit holds each field of the JSON form to what the package promises of it.
func TestNamesOfFieldsSayTheirUnit(t *testing.T) {
	eachField(reflect.TypeFor[Run](), func(of reflect.Type, field reflect.StructField) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		require.Regexp(t, `^[a-z0-9_]+$`, name, "%s.%s", of, field.Name)
		require.Equal(t, field.Type == reflect.TypeFor[time.Duration](), strings.HasSuffix(name, "_ns"), "%s.%s", of, field.Name)
	})
}
