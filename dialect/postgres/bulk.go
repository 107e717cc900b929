package postgres

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/schemactor/schemactor/dialect"
)

var (
	_ dialect.Copier = pooled{}
	_ dialect.Copier = transaction{}
)

// CopyIn implements dialect.Copier.
func (q pooled) CopyIn(ctx context.Context, table string, columns []string, rows [][]any) (int64, error) {
	conn, err := q.db.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	n, err := copyIn(ctx, conn.Conn(), table, columns, rows)
	return n, q.ended(conn.Conn(), err)
}

// CopyIn implements dialect.Copier.
func (t transaction) CopyIn(ctx context.Context, table string, columns []string, rows [][]any) (int64, error) {
	n, err := copyIn(ctx, t.tx.Conn(), table, columns, rows)
	if err != nil {
		return 0, t.failed(err)
	}
	return n, nil
}

// copyIn sends rows in COPY's text format. Unlike the binary one, which pgx's CopyFrom speaks, it needs no question about
// the columns' types beforehand, so that it is one round trip and the same in every query mode and behind a pooler.
func copyIn(ctx context.Context, conn *pgx.Conn, table string, columns []string, rows [][]any) (int64, error) {
	var text bytes.Buffer
	text.Grow(16 * len(columns) * len(rows))
	for _, row := range rows {
		for i, value := range row {
			if i > 0 {
				text.WriteByte('\t')
			}
			writeCopied(&text, value)
		}
		text.WriteByte('\n')
	}
	tag, err := conn.PgConn().CopyFrom(ctx, &text, "COPY "+table+" ("+strings.Join(columns, ", ")+") FROM STDIN")
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == "0A000" {
		err = errors.Join(errors.ErrUnsupported, err)
	}
	return tag.RowsAffected(), err
}

// writeCopied writes an encoded value as COPY reads it.
func writeCopied(b *bytes.Buffer, value any) {
	switch v := value.(type) {
	case nil:
		b.WriteString(`\N`)
	case bool:
		b.Write(strconv.AppendBool(b.AvailableBuffer(), v))
	case int64:
		b.Write(strconv.AppendInt(b.AvailableBuffer(), v, 10))
	case float64:
		b.Write(strconv.AppendFloat(b.AvailableBuffer(), v, 'g', -1, 64))
	case []byte:
		b.WriteString(`\\x`)
		b.Write(hex.AppendEncode(b.AvailableBuffer(), v))
	case pgtype.UUID:
		b.Write(hex.AppendEncode(b.AvailableBuffer(), v.Bytes[:]))
	case time.Time:
		writeInstant(b, v)
	case string:
		_, _ = copyEscaper.WriteString(b, v)
	default:
		_, _ = copyEscaper.WriteString(b, fmt.Sprint(v))
	}
}

// writeInstant writes a time in UTC; PostgreSQL has no year 0, but one before the first.
func writeInstant(b *bytes.Buffer, t time.Time) {
	t = t.UTC() // which may be in another year
	if year := t.Year(); year <= 0 {
		fmt.Fprintf(b, "%04d-%s BC", 1-year, t.Format("01-02 15:04:05.999999Z07:00"))
		return
	}
	b.Write(t.AppendFormat(b.AvailableBuffer(), "2006-01-02 15:04:05.999999Z07:00"))
}

// copyEscaper keeps a text from looking like the end of a value, of a row or of all, or like a null.
var copyEscaper = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)
