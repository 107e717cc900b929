package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"

	"github.com/schemactor/schemactor/loadtest/compare/report"
)

// What stands between these in a Markdown file is written anew.
const (
	beginMark = "<!-- compare: begin -->\n"
	endMark   = "<!-- compare: end -->"
)

func writeJSON(path string, r *report.Report) error {
	var b bytes.Buffer
	if err := r.JSON(&b); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func writeMarkdown(path string, r *report.Report) error {
	var b bytes.Buffer
	if err := r.Markdown(&b); err != nil {
		return err
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, between(old, b.Bytes()), 0o644)
}

// between puts a text between the marks of another one, or in its place if there are none.
func between(old, text []byte) []byte {
	before, rest, begins := bytes.Cut(old, []byte(beginMark))
	_, after, ends := bytes.Cut(rest, []byte(endMark))
	if !begins || !ends {
		return text
	}
	return bytes.Join([][]byte{before, []byte(beginMark), text, []byte(endMark), after}, nil)
}
