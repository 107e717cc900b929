// Package mysql is MariaDB, from 10.6 on, through go-sql-driver/mysql.
//
// Connections that Open makes speak standard SQL whatever the server's settings are: double quotes are for names, || joins
// texts, a backslash is a character like others, what does not fit is refused, and the clock is UTC's.
package mysql
