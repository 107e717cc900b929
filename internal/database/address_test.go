package database_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/database"
)

// secret is a password that nothing may tell.
const secret = "s3cr3t"

func TestParse(t *testing.T) {
	for text, want := range map[string]struct {
		kind          database.Kind
		label, hidden string
	}{
		"":                                        {database.SQLite, "SQLite ", ""},
		"shop.db":                                 {database.SQLite, "SQLite shop.db", "shop.db"},
		`C:\shop.db`:                              {database.SQLite, `SQLite C:\shop.db`, `C:\shop.db`},
		"./a:b.db":                                {database.SQLite, "SQLite ./a:b.db", "./a:b.db"},
		"sqlite:shop.db":                          {database.SQLite, "SQLite shop.db", "shop.db"},
		"sqlite:///shop.db":                       {database.SQLite, "SQLite /shop.db", "/shop.db"},
		"postgres://u:" + secret + "@h:1/d?x=y":   {database.PostgreSQL, "PostgreSQL h:1/d", "postgres://…"},
		"POSTGRESQL://u:" + secret + "@h/d":       {database.PostgreSQL, "PostgreSQL h/d", "postgresql://…"},
		"mysql://u:" + secret + "@h:3306/d":       {database.MariaDB, "MariaDB h:3306/d", "mysql://…"},
		"MariaDB://u:" + secret + "@h/d":          {database.MariaDB, "MariaDB h/d", "mariadb://…"},
		"mysql://u:%zz" + secret + "@h/d":         {database.MariaDB, "MariaDB", "mysql://…"},
		"postgres://u:" + secret + "@[::1]:5432/": {database.PostgreSQL, "PostgreSQL [::1]:5432/", "postgres://…"},
	} {
		address, err := database.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want.kind, address.Kind, text)
		require.Equal(t, want.label, address.String(), text)
		require.Equal(t, want.hidden, address.Hidden(), text)
	}
	for text, want := range map[string]string{
		"oracle://u:" + secret + "@h/d":  `has the unknown scheme "oracle"`,
		"u:" + secret + "@tcp(h:3306)/d": "is neither postgres://…, mysql://… nor the path of a SQLite file",
		"mysql:u:" + secret + "@h":       "is neither postgres://…, mysql://… nor the path of a SQLite file",
		"sqlite:":                        "needs the path of a file behind sqlite:",
	} {
		_, err := database.Parse(text)
		var fault *database.Fault
		require.ErrorAs(t, err, &fault, text)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), secret)
	}
}
