package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/schemactor/schemactor/dialect"
)

// sendMany is send for what is most common, by statements that were prepared and arrays in their binary form.
func (f *flusher) sendMany(ctx context.Context, p *part) (done []*dialect.Write, at int, err error) {
	wait, err := f.conn.Prepare(ctx, boundedWait, boundedWait)
	if err != nil {
		return nil, 1, err
	}
	sql := p.many.SQL(p.lenient)
	insert, err := f.conn.Prepare(ctx, sql, sql)
	if err != nil {
		return nil, 1, err
	}
	values, formats := manyArgs(p.many, p.sent())
	pipeline := f.conn.PgConn().StartPipeline(ctx)
	pipeline.SendQueryStatement(wait, nil, nil, nil)
	pipeline.SendQueryStatement(insert, values, formats, resultFormats(f.conn, insert))
	if err := pipeline.Sync(); err != nil {
		return nil, 1, sent(errors.Join(err, pipeline.Close()))
	}
	if _, err := f.result(pipeline, nil); err != nil {
		_ = pipeline.Close() // it says the same again
		return nil, 1, sent(err)
	}
	if done, err = f.result(pipeline, p); err != nil {
		_ = pipeline.Close()
		return nil, 0, sent(err)
	}
	_, err = pipeline.GetResults() // the commit
	return done, 1, sent(errors.Join(err, pipeline.Close()))
}

// result reads the next result of a pipeline for a part, or past it.
func (f *flusher) result(pipeline *pgconn.Pipeline, p *part) ([]*dialect.Write, error) {
	next, err := pipeline.GetResults()
	if err != nil {
		return nil, err
	}
	reader, ok := next.(*pgconn.ResultReader)
	if !ok {
		return nil, errors.New("a statement gave no result")
	}
	if p == nil || !p.back() {
		tag, err := reader.Close()
		if p == nil || err != nil {
			return nil, err
		}
		return p.counted(tag), nil
	}
	return f.take(p, pgx.RowsFromResultReader(f.conn.TypeMap(), reader))
}

// resultFormats asks for the binary form of what comes back, as pgx does.
func resultFormats(conn *pgx.Conn, sd *pgconn.StatementDescription) []int16 {
	formats := make([]int16, len(sd.Fields))
	for i := range sd.Fields {
		formats[i] = conn.TypeMap().FormatCodeForOID(sd.Fields[i].DataTypeOID)
	}
	return formats
}

// manyArgs gives what the statement of a Many binds: for each column an array, in its binary form where one is known.
func manyArgs(many dialect.Many, writes []*dialect.Write) (values [][]byte, formats []int16) {
	columns := many.Columns()
	values, formats = make([][]byte, len(columns)), make([]int16, len(columns))
	for at, c := range columns {
		if array, ok := wire(c, writes, at); ok {
			values[at], formats[at] = array, pgx.BinaryFormatCode
			continue
		}
		values[at] = []byte(textArray(writes, at))
	}
	return values, formats
}

// textArray gives the values of a column as an array's text.
func textArray(writes []*dialect.Write, at int) string {
	values := make([]any, len(writes))
	for i, w := range writes {
		values[i] = w.Args[at]
	}
	return Grammar{}.Array(nil, values).(string)
}

// manyTexts gives the same as texts alone, which pgx sends in every query mode as they are.
func manyTexts(many dialect.Many, writes []*dialect.Write) []any {
	args := make([]any, len(many.Columns()))
	for at := range args {
		args[at] = textArray(writes, at)
	}
	return args
}
