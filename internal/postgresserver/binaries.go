package postgresserver

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrNoBinaries is a machine without a PostgreSQL server that could be started.
var ErrNoBinaries = errors.New("no PostgreSQL server binaries: install the package postgresql " +
	"(apt-get install postgresql, brew install postgresql)")

// usualFolders are where Debian, Homebrew and Postgres.app keep servers that are not on the PATH.
var usualFolders = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// binaries finds the folder that holds both initdb and postgres, the newest version where there are several.
func binaries() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(initdb); err == nil && complete(filepath.Dir(real)) {
			return filepath.Dir(real), nil
		}
	}
	for _, pattern := range usualFolders {
		folders, _ := filepath.Glob(pattern)
		slices.SortFunc(folders, func(a, b string) int { return version(b) - version(a) })
		for _, folder := range folders {
			if complete(folder) {
				return folder, nil
			}
		}
	}
	return "", ErrNoBinaries
}

func complete(folder string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

// version is the first number in a folder's name, 0 where there is none.
func version(folder string) int {
	fields := strings.FieldsFunc(folder, func(r rune) bool { return r < '0' || r > '9' })
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(fields[0])
	return n
}
