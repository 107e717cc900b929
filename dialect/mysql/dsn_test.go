package mysql

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzParse reads addresses of any kind: none makes it panic, no error tells the password, and what a URL says is what the
// driver is given.
func FuzzParse(f *testing.F) {
	for _, seed := range [][6]string{
		{"u", "p", "h:3306", "d", "timeout=1s", "mysql"},
		{"a:b", "@/:?#%", "[::1]", "ü?/&", "tls=skip-verify&charset=latin1", "mariadb"},
		{"", "://", "h:99999", "", "x", "postgres"},
		{"u@tcp(", ")/", "unix(/s)", "%zz", "=&&", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5])
	}
	const mark = "s3cr3t-5f1c"
	f.Fuzz(func(t *testing.T, user, password, host, database, parameters, scheme string) {
		for _, part := range []string{user, host, database, parameters, scheme} {
			if strings.Contains(part, mark) {
				return
			}
		}
		password = mark + password
		rest := user + ":" + password + "@" + host + "/" + database + "?" + parameters
		for _, text := range []string{
			scheme + "://" + rest, "mysql://" + rest, rest, user + ":" + password + "@tcp(" + host + ")/" + database + "?" + parameters,
		} {
			if _, err := parse(text); err != nil {
				require.NotContains(t, err.Error(), mark)
			}
		}
		if database == "" || strings.Contains(database, "/") || !utf8.ValidString(user+password+database) {
			return
		}
		u := url.URL{Scheme: "mysql", User: url.UserPassword(user, password), Host: "h:3307", Path: "/" + database}
		config, err := parse(u.String())
		require.NoError(t, err)
		require.Equal(t, []string{user, password, "h:3307", database}, []string{config.User, config.Passwd, config.Addr, config.DBName})
	})
}
