// Package report shows what package match has measured: as text, as Markdown, and as JSON.
package report
