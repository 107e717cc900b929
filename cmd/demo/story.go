package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// cleanupTimeout bounds what the demo does after the story, also after an interrupt.
const cleanupTimeout = 30 * time.Second

// chapter is one part of the story: it shows something and gives the promises with what became of them. An error
// means that it could not be told to its end.
type chapter func(ctx context.Context, s *screen, db *stage, opts options) ([]promise, error)

// promise is one sentence that the database either bears out or not.
type promise struct {
	kept bool
	text string
}

// expect makes a promise of a condition.
func expect(kept bool, format string, args ...any) promise {
	return promise{kept: kept, text: fmt.Sprintf(format, args...)}
}

// tell opens the database, runs the chapters, prints every promise with its fate, and cleans up. It returns errBroken
// if any was broken.
func tell(ctx context.Context, s *screen, opts options, chapters []chapter) (err error) {
	db, err := openStage(ctx, opts.database)
	if err != nil {
		return err
	}
	defer func() {
		s.clear()
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		where, closeErr := db.close(cleanup, opts.keep)
		if where != "" {
			s.say("Kept in %s.", where)
		}
		if closeErr != nil {
			err = errors.Join(err, fmt.Errorf("clean up: %w", closeErr))
		}
	}()

	began := time.Now()
	s.say("schemactor on %s", db.label)
	var kept, broken int
	for _, chapter := range chapters {
		promises, err := chapter(ctx, s, db, opts)
		s.clear()
		for _, p := range promises {
			s.verdict(p)
			if p.kept {
				kept++
			} else {
				broken++
			}
		}
		if err != nil {
			return err
		}
	}
	s.say("")
	took := time.Since(began).Seconds()
	if broken > 0 {
		s.say("%d of %d promises BROKEN, in %.1f s.", broken, kept+broken, took)
		return errBroken
	}
	s.say("All %d promises kept, in %.1f s.", kept, took)
	return nil
}
