package database

import (
	"fmt"
	"net/url"
	"strings"
)

// Address is where a database is. The zero Address is none.
type Address struct {
	Kind Kind
	// Text is a URL, which may hold a password, or the path of a SQLite file.
	Text string
}

// Fault is a text that is no address. It repeats no more of it than a well-formed scheme, for the rest may be a password.
type Fault struct{ text string }

// Error says what is wrong as the end of a sentence about the address: "has the unknown scheme …".
func (f *Fault) Error() string { return f.text }

// Parse reads an address: a URL whose scheme is postgres, postgresql, mysql or mariadb, the path of a SQLite file, or sqlite: with
// such a path behind it. The error is a *Fault.
func Parse(text string) (Address, error) {
	scheme, rest, found := strings.Cut(text, ":")
	// One letter is a Windows drive, and a scheme has no separators.
	drive := len(scheme) < 2 && !strings.Contains(rest, "@tcp(") // nor is it a user's name, in the form of MariaDB's driver
	if !found || drive || strings.ContainsAny(scheme, `/\.`) {
		return Address{SQLite, text}, nil
	}
	scheme = strings.ToLower(scheme)
	isURL := strings.HasPrefix(rest, "//")
	switch {
	case scheme == "sqlite":
		path := strings.TrimPrefix(rest, "//")
		if path == "" {
			return Address{}, &Fault{"needs the path of a file behind sqlite:"}
		}
		return Address{SQLite, path}, nil
	case !isURL:
		return Address{}, &Fault{"is neither postgres://…, mysql://… nor the path of a SQLite file"}
	case scheme == "postgres", scheme == "postgresql":
		return Address{PostgreSQL, scheme + ":" + rest}, nil
	case scheme == "mysql", scheme == "mariadb":
		return Address{MariaDB, scheme + ":" + rest}, nil
	}
	return Address{}, &Fault{fmt.Sprintf("has the unknown scheme %q: want postgres://…, mysql://… or the path of a SQLite file", scheme)}
}

// String is the address for people, without user and password: the kind, and host and path.
func (a Address) String() string {
	if a.Kind == SQLite {
		return string(a.Kind) + " " + a.Text
	}
	u, err := url.Parse(a.Text)
	if err != nil {
		return string(a.Kind)
	}
	return strings.TrimSpace(string(a.Kind) + " " + u.Host + u.EscapedPath())
}

// Hidden is the address as a person may type it again, without what may be a password.
func (a Address) Hidden() string {
	if a.Kind == SQLite {
		return a.Text
	}
	scheme, _, _ := strings.Cut(a.Text, ":")
	return scheme + "://…"
}
