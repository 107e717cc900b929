package match

import (
	"context"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// bulkRepeated is the number of rows up to which a call is repeated for the time of the cell.
const bulkRepeated = 10_000

// bulks store many rows by one call.
func bulks(ctx context.Context, g *ground, cfg Config) (*stage, error) {
	s := &stage{}
	k := &keys{random: cfg.Random}
	for _, database := range cfg.Databases {
		contestants := peer.Named(false)
		if database != peer.SQLite {
			contestants = without(contestants, peer.Limit) // the bare driver's way is it
		}
		at, err := s.open(ctx, g, contestants, database, "NORMAL")
		if err != nil {
			return nil, err
		}
		for _, rows := range cfg.Sizes.Bulk {
			s.contests = append(s.contests, contest{
				Cell:        Cell{Scenario: "bulk", Database: database, Name: fmt.Sprintf("bulk create, %d rows", rows), Unit: "rows/s"},
				contestants: contestants,
				run: func(ctx context.Context, c peer.Contestant, length time.Duration) (Sample, error) {
					return at[c.Name].bulk(ctx, k, rows, length)
				},
			})
		}
	}
	return s, nil
}

// bulk stores so many rows by each call; making the rows takes no time of the contestant's.
func (t *table) bulk(ctx context.Context, k *keys, rows int, length time.Duration) (Sample, error) {
	if err := t.fresh(ctx, 0); err != nil {
		return Sample{}, err
	}
	t.seeded = -1
	var sample Sample
	var took time.Duration
	age := int64(36)
	for took < length {
		given := make([]peer.Person, rows)
		for i := range given {
			given[i] = *k.person(&age)
		}
		begin := time.Now()
		err := t.BulkCreate(ctx, given)
		took += time.Since(begin)
		if err != nil {
			sample.Failed++
			sample.Error = err.Error()
			break
		}
		sample.Done++
		if rows > bulkRepeated {
			break
		}
	}
	stored := sample.Done * int64(rows)
	sample.Value = float64(stored) / took.Seconds()
	return sample, t.judge.expect(ctx, float64(stored), sample.Failed*int64(rows), "SELECT count(*) FROM people")
}
