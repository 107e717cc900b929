package actors

import (
	"context"
	"fmt"
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
)

// bridge gives Proto.Actor a logger that ends in zap.
func bridge(logger *zap.Logger) *slog.Logger {
	return slog.New(discreet{zapslog.NewHandler(logger.Core(), zapslog.WithName("protoactor"))})
}

// discreet puts the type in the place of values that come from messages and panics: they may hold row values.
type discreet struct {
	slog.Handler
}

// Handle passes a record on.
func (h discreet) Handle(ctx context.Context, record slog.Record) error {
	clean := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	record.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(withoutValue(a))
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

// WithAttrs keeps the handler discreet.
func (h discreet) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = withoutValue(a)
	}
	return discreet{h.Handler.WithAttrs(clean)}
}

// WithGroup keeps the handler discreet.
func (h discreet) WithGroup(name string) slog.Handler { return discreet{h.Handler.WithGroup(name)} }

func withoutValue(a slog.Attr) slog.Attr {
	switch a.Key {
	case "message", "reason", "exception", "error":
		return slog.String(a.Key, fmt.Sprintf("%T", a.Value.Any()))
	}
	return a
}
