package mysqlserver

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrNoBinaries is a machine without a MariaDB server that could be started.
var ErrNoBinaries = errors.New("no MariaDB server binaries: install the package mariadb-server " +
	"(apt-get install mariadb-server, brew install mariadb)")

// binaries finds the two programs: the server, which Debian keeps where only root looks, and what makes its files.
func binaries() (server, install string, err error) {
	if server, err = find("mariadbd"); err != nil {
		return "", "", ErrNoBinaries
	}
	if install, err = find("mariadb-install-db"); err != nil {
		return "", "", ErrNoBinaries
	}
	return server, install, nil
}

func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, folder := range []string{"/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"} {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
	}
	return "", ErrNoBinaries
}
