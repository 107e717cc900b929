package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// FormatError is a result in a format that this version does not read.
type FormatError struct{ Format int }

// Error names the format.
func (e *FormatError) Error() string {
	return fmt.Sprintf("the result has format %d, and only format %d is known", e.Format, Format)
}

// Encode writes the JSON form of a run, indented, with a line's end after it.
func Encode(w io.Writer, run *Run) error {
	stamped := *run
	stamped.Format = Format
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(&stamped)
}

// Decode reads the JSON form of one run. Another format is a *FormatError; text after the run is an error.
func Decode(r io.Reader) (*Run, error) {
	in := json.NewDecoder(r)
	var raw json.RawMessage
	if err := in.Decode(&raw); err != nil {
		return nil, fmt.Errorf("read the result: %w", err)
	}
	if _, err := in.Token(); err != io.EOF {
		return nil, fmt.Errorf("read the result: there is more after the first run")
	}
	// The format first: what another format has in its fields may be of another type.
	var stamp struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(raw, &stamp); err != nil {
		return nil, fmt.Errorf("read the result: %w", err)
	}
	if stamp.Format != Format {
		return nil, &FormatError{stamp.Format}
	}
	run := &Run{}
	if err := json.Unmarshal(raw, run); err != nil {
		return nil, fmt.Errorf("read the result: %w", err)
	}
	return run, nil
}
