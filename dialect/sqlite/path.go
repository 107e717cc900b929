package sqlite

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// memory is the path that stands for a private database without a file.
const memory = ":memory:"

// schemePattern is what may stand before "://" in a URL; anything else there belongs to a path.
var schemePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)

// pathOf takes a path or URL apart and gives the absolute path, or memory. What stands behind an unknown scheme is not
// repeated: it may hold a password.
func pathOf(address string) (string, error) {
	path := address
	scheme, rest, found := strings.Cut(address, "://")
	switch {
	case found && strings.EqualFold(scheme, "sqlite"):
		if strings.Contains(rest, "://") {
			return "", schema.Invalid("open", "", "", "URL inside a URL")
		}
		if strings.Contains(rest, "?") {
			return "", schema.Invalid("open", "", "", "sqlite: takes a path without parameters")
		}
		path = rest
	case strings.HasPrefix(address, "file:"):
		var err error
		if path, err = fileURL(strings.TrimPrefix(address, "file:")); err != nil {
			return "", err
		}
	case found && schemePattern.MatchString(scheme):
		return "", schema.Invalid("open", "", "", "unknown URL scheme %q", scheme)
	}
	switch {
	case path == "":
		return "", schema.Invalid("open", "", "", "empty path")
	case strings.ContainsRune(path, 0):
		return "", schema.Invalid("open", "", "", "path with a NUL byte") // SQLite would end it there
	case path == memory:
		return memory, nil
	}
	// Readers open later, when the working directory may be another one.
	full, err := filepath.Abs(path)
	if err != nil {
		return "", &schema.Error{Op: "open", Kind: schema.ErrUnavailable, Detail: "no working directory", Cause: err}
	}
	return full, nil
}

// fileURL gives the path of a file: URL, its escapes resolved.
func fileURL(rest string) (string, error) {
	if strings.ContainsAny(rest, "?#") {
		return "", schema.Invalid("open", "", "", "file: takes a path without parameters")
	}
	if behind, ok := strings.CutPrefix(rest, "//"); ok {
		rest = strings.TrimPrefix(behind, "localhost")
		if !strings.HasPrefix(rest, "/") {
			return "", schema.Invalid("open", "", "", "file:// takes an absolute path")
		}
	}
	path, err := url.PathUnescape(rest)
	if err != nil {
		return "", schema.Invalid("open", "", "", "file: with a broken %% escape")
	}
	return path, nil
}

// source is the name under which the driver opens a path with parameters. All that SQLite's own URLs give a meaning is
// escaped; the empty authority keeps a path that begins with two slashes from being taken for a host.
func source(path string, query url.Values) string {
	if path == memory {
		return memory + "?" + query.Encode()
	}
	escaped := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	if strings.HasPrefix(escaped, "/") {
		escaped = "//" + escaped
	}
	return "file:" + escaped + "?" + query.Encode()
}
