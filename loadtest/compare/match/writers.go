package match

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
	"github.com/schemactor/schemactor/schema"
)

// failing is that every n-th row breaks a unique rule.
const failing = 10

// writers are many goroutines that create single rows at the same time.
func writers(ctx context.Context, g *ground, cfg Config) (*stage, error) {
	s := &stage{}
	k := &keys{random: cfg.Random}
	for _, database := range cfg.Databases {
		modes := []string{"NORMAL", "FULL"}
		if database != peer.SQLite {
			modes = []string{""}
		}
		for _, mode := range modes {
			contestants := peer.Named(false)
			at, err := s.open(ctx, g, contestants, database, mode)
			if err != nil {
				return nil, err
			}
			suffix := ""
			if mode != "" {
				suffix = ", " + mode
			}
			for _, n := range cfg.Sizes.Writers {
				s.writing(at, action{"create", func(time.Duration) int { return 0 }, creating}, n,
					Cell{Scenario: "writers", Database: database, Name: fmt.Sprintf("create, %s%s", goroutines(n), suffix)}, contestants, k)
			}
			if mode == "FULL" {
				continue
			}
			name := fmt.Sprintf("create, %s%s, %d %% fail", goroutines(cfg.Sizes.Failing), suffix, 100/failing)
			s.writing(at, action{"create", func(time.Duration) int { return 1 }, colliding}, cfg.Sizes.Failing,
				Cell{Scenario: "writers", Database: database, Name: name}, peer.Named(false, peer.Bare, peer.Own), k)
		}
	}
	return s, nil
}

func (s *stage) writing(at tables, a action, n int, cell Cell, contestants []peer.Contestant, k *keys) {
	cell.Unit = "rows/s"
	s.contests = append(s.contests, contest{
		Cell: cell, contestants: contestants,
		run: func(ctx context.Context, c peer.Contestant, length time.Duration) (Sample, error) {
			return at[c.Name].run(ctx, a, pace{goroutines: n, timed: true}, k, length)
		},
	})
}

// colliding creates rows of which every tenth has an email that is there already. Only the others count.
func colliding(b bout) (operation, verdict) {
	create, check := creating(b)
	op := func(ctx context.Context, worker, i int) error {
		if (worker+i)%failing != 0 {
			return create(ctx, worker, i)
		}
		p := b.keys.person(nil)
		p.Email = seedKey(0) + "@example.org"
		switch err := b.Create(ctx, p); {
		case err == nil:
			return errors.New("an email was stored twice")
		case duplicate(err):
			return errRefused
		default:
			return err
		}
	}
	return op, check
}

// duplicate reports whether an error is that of a unique rule, whoever's words it has.
func duplicate(err error) bool {
	text := strings.ToLower(err.Error())
	return errors.Is(err, schema.ErrDuplicate) || strings.Contains(text, "unique constraint") || strings.Contains(text, "duplicate entry")
}

func without(cs []peer.Contestant, name string) []peer.Contestant {
	var out []peer.Contestant
	for _, c := range cs {
		if c.Name != name {
			out = append(out, c)
		}
	}
	return out
}
