package coordinator

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/schemactor/schemactor/schema"
)

// logListener writes what happens to tables into a log. What a person must know is info or above: a table was made,
// a memory was given up, an attempt failed. What happens at every start is debug.
func logListener(logger *zap.Logger) *schema.Listener {
	if logger == nil {
		return nil
	}
	entry := func(level zapcore.Level, message string, e schema.Event) {
		if checked := logger.Check(level, message); checked != nil {
			checked.Write(fields(e)...)
		}
	}
	return &schema.Listener{
		Ensuring:    func(e schema.Event) { entry(zap.DebugLevel, "ensuring table", e) },
		LockWaiting: func(e schema.Event) { entry(zap.InfoLevel, "waiting for another process", e) },
		Applied:     func(e schema.Event) { entry(zap.DebugLevel, "statement applied", e) },
		Progress:    func(e schema.Event) { entry(zap.InfoLevel, "rows gone through", e) },
		Ready: func(e schema.Event) {
			if e.Statements > 0 {
				entry(zap.InfoLevel, "table made or changed", e)
				return
			}
			entry(zap.DebugLevel, "table ready", e)
		},
		Failed: func(e schema.Event) {
			if e.Retry < 0 {
				entry(zap.ErrorLevel, "table blocked until ensured by hand", e)
				return
			}
			entry(zap.WarnLevel, "table not ready", e)
		},
		Invalidated: func(e schema.Event) { entry(zap.WarnLevel, "memory of table given up", e) },
	}
}

// fields are the event's non-zero parts under the names that people search for.
func fields(e schema.Event) []zap.Field {
	out := make([]zap.Field, 0, 9)
	out = append(out, zap.Stringer("table", e.Table))
	if e.Phase != "" {
		out = append(out, zap.String("phase", string(e.Phase)))
	}
	if e.Generation != 0 {
		out = append(out, zap.Int64("generation", e.Generation))
	}
	if e.Duration != 0 {
		out = append(out, zap.Duration("duration", e.Duration))
	}
	if e.Waiters != 0 {
		out = append(out, zap.Int("waiters", e.Waiters))
	}
	if e.Statements != 0 {
		out = append(out, zap.Int("statements", e.Statements))
	}
	if e.Rows != 0 {
		out = append(out, zap.Int64("rows", e.Rows))
	}
	if e.SQL != "" {
		out = append(out, zap.String("sql", e.SQL))
	}
	if e.Retry > 0 {
		out = append(out, zap.Duration("retry", e.Retry))
	}
	if e.Err != nil {
		// As text: zap.Error would also print the verbose form of an error that has one, and with it a driver's words.
		out = append(out, zap.String("error", e.Err.Error()))
	}
	return out
}
