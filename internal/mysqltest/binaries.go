package mysqltest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

var errNoBinaries = errors.New("no MariaDB server binaries: install the package mariadb-server " +
	"(apt-get install mariadb-server, brew install mariadb) or set SCHEMACTOR_TEST_MYSQL to a server's URL")

// binaries finds the two programs: the server, which Debian keeps where only root looks, and what makes its files.
func binaries() (server, install string, err error) {
	if server, err = find("mariadbd"); err != nil {
		return "", "", errNoBinaries
	}
	if install, err = find("mariadb-install-db"); err != nil {
		return "", "", errNoBinaries
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
	return "", errNoBinaries
}
