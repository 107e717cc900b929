// Package mysql is MariaDB, from 10.6 on, through go-sql-driver/mysql. MySQL itself is refused: nothing here was tried on it.
//
//	d, err := mysql.Open(ctx, "mysql://app:password@localhost:3306/shop", nil)
//	if err != nil {
//		return err
//	}
//	defer d.Close()
//	c, err := coordinator.New(d, nil)
//
// Connections that Open makes speak standard SQL whatever the server's settings are: double quotes are for names, || joins
// texts, a backslash is a character like others, what does not fit is refused, and the clock is UTC's.
//
// A change of a table commits at once here. What an attempt has done before it was interrupted is found by the next one. What an
// account may need, how tables change and what others notice of it is in docs/mysql.md.
package mysql
