package mysql

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/dialect"
)

// loading is a transaction whose many rows go by LOAD DATA LOCAL; see Config.LoadData.
type loading struct{ *transaction }

var _ dialect.Copier = loading{}

// CopyIn implements dialect.Copier. Under LOAD DATA LOCAL the server leaves out rows that it would refuse, cuts texts that are too long and
// puts something in the place of a null, and counts a warning each time. Where it has counted any, nothing is stored, and the error
// matches errors.ErrUnsupported: the same rows by INSERT tell what is wrong. So it does where the server takes no LOAD DATA LOCAL, and
// for a value that is none of the encoders'.
func (l loading) CopyIn(ctx context.Context, table string, columns []string, rows [][]any) (int64, error) {
	text, binary, err := loadText(rows, len(columns))
	if err != nil {
		return 0, err
	}
	source := fmt.Sprintf("schemactor-%d", l.q.programs.runs.Add(1))
	mysql.RegisterReaderHandler(source, func() io.Reader { return text })
	defer mysql.DeregisterReaderHandler(source)
	const savepoint = "schemactor_load"
	if _, err := l.Exec(ctx, "SAVEPOINT "+savepoint); err != nil {
		return 0, err
	}
	n, err := l.load(ctx, loadStatement(source, table, columns, binary))
	if refused(err) {
		return 0, errors.Join(errors.ErrUnsupported, err) // nothing was done
	}
	if err != nil {
		return 0, err
	}
	var warnings int64
	if _, err := dialect.QueryRow(ctx, l, "SELECT @@warning_count", nil, &warnings); err != nil {
		return 0, err
	}
	end := "RELEASE SAVEPOINT "
	if warnings > 0 || n != int64(len(rows)) {
		end, err = "ROLLBACK TO SAVEPOINT ", errors.ErrUnsupported
	}
	if _, failed := l.Exec(ctx, end+savepoint); failed != nil {
		return 0, failed
	}
	return n, err
}

// load runs a text that no other is like, and that is not remembered.
func (l loading) load(ctx context.Context, text string) (int64, error) {
	if err := l.refusal(ctx); err != nil {
		return 0, err
	}
	result, err := l.q.ExecContext(ctx, text)
	if err != nil {
		return 0, l.failed(ctx, told(ctx, err))
	}
	return result.RowsAffected()
}

// refused reports whether a server takes no LOAD DATA LOCAL.
func refused(err error) bool { return is(err, 1148) || is(err, 4166) }

// loadStatement reads what loadText writes. Where a column is binary its digits are decoded.
func loadStatement(source, table string, columns []string, binary []bool) string {
	into, set := make([]string, len(columns)), []string{}
	for i, name := range columns {
		if into[i] = name; binary[i] {
			into[i] = "@schemactor_" + strconv.Itoa(i)
			set = append(set, name+" = unhex("+into[i]+")")
		}
	}
	text := "LOAD DATA LOCAL INFILE 'Reader::" + source + "' INTO TABLE " + table + " CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\t' " +
		"ESCAPED BY '\\' LINES TERMINATED BY '\n' (" + strings.Join(into, ", ") + ")"
	if len(set) > 0 {
		text += " SET " + strings.Join(set, ", ")
	}
	return text
}

// loadText writes encoded values as LOAD DATA reads them, and tells which columns are binary.
func loadText(rows [][]any, columns int) (text *bytes.Buffer, binary []bool, err error) {
	text, binary = &bytes.Buffer{}, make([]bool, columns)
	text.Grow(16 * columns * len(rows))
	for _, row := range rows {
		for i, value := range row {
			if i > 0 {
				text.WriteByte('\t')
			}
			switch v := value.(type) {
			case nil:
				text.WriteString(`\N`)
			case int64:
				text.Write(strconv.AppendInt(text.AvailableBuffer(), v, 10))
			case float64:
				text.Write(strconv.AppendFloat(text.AvailableBuffer(), v, 'g', -1, 64))
			case []byte:
				binary[i] = true
				text.Write(hex.AppendEncode(text.AvailableBuffer(), v))
			case string:
				_, _ = loadEscaper.WriteString(text, v)
			default:
				return nil, nil, fmt.Errorf("%w: a value of type %T by LOAD DATA", errors.ErrUnsupported, value)
			}
		}
		text.WriteByte('\n')
	}
	return text, binary, nil
}

// loadEscaper keeps a text from looking like the end of a value or of a row, or like a null.
var loadEscaper = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`)
