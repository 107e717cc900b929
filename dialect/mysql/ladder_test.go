package mysql_test

import (
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

// rung is the table of which each class of change is made, of parts of which another table can have some.
type rung struct {
	numbered
	optional
	filled
	texts
	looked
}

type (
	numbered struct {
		ID int64 `db:"id" schema:"pk"`
	}
	optional struct {
		N *int32 `db:"n"`
	}
	filled struct {
		Must int32 `db:"must"`
	}
	texts struct {
		Short *string `db:"short" schema:"size=31"`
		Mid   *string `db:"mid"   schema:"size=32"`
		Long  *string `db:"long"  schema:"size=100"`
	}
	looked struct {
		Index int32 `db:"index" schema:"index"`
	}
)

func of[T any](t *testing.T, options ...schema.TableOption) *schema.Table {
	return tableOf[T](t, append(options, schema.Named("rungs"))...)
}

const (
	asInstant = ", ALGORITHM=INSTANT"
	asInPlace = ", ALGORITHM=INPLACE, LOCK=NONE"
	asCopy    = ", ALGORITHM=COPY, LOCK=SHARED"
)

// A change takes the lightest way that the server has for it: it refuses all lighter ones. Whoever keeps others from writing is a
// hazard.
func TestAChangeTakesTheLightestWay(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	base := tableOf[rung](t)
	for _, c := range []struct {
		name, way string
		model     *schema.Table
	}{
		{"a column", asInstant, of[struct {
			rung
			More *string `db:"more" schema:"size=9,default='x'"`
		}](t)},
		{"a computed column", asCopy, of[struct {
			rung
			More *int32 `db:"more" schema:"generated=n + 1"`
		}](t)},
		{"a column less", asInstant, of[struct {
			numbered
			filled
			texts
			looked
		}](t)},
		{"another name", asInstant, of[struct {
			numbered
			filled
			texts
			looked
			M *int32 `db:"m" schema:"was=n"`
		}](t)},
		{"a default", asInstant, of[struct {
			numbered
			filled
			texts
			looked
			N *int32 `db:"n" schema:"default=7"`
		}](t)},
		{"a wider number", asCopy, of[struct {
			numbered
			filled
			texts
			looked
			N *int64 `db:"n"`
		}](t)},
		{"another type", asCopy, of[struct {
			numbered
			filled
			texts
			looked
			N *string `db:"n"`
		}](t)},
		{"no NULL", asInPlace, of[struct {
			numbered
			filled
			texts
			looked
			N int32 `db:"n"`
		}](t)},
		{"an index", asInPlace, of[rung](t, schema.WithIndex("n", "long"))},
		{"a unique index", asInPlace, of[rung](t, schema.WithUnique("n"))},
		{"a check", asCopy, of[rung](t, schema.WithCheck("n > 0"))},
		{"a foreign key", asCopy, of[rung](t, schema.WithForeignKey(schema.ForeignKey{
			Columns: []string{"id"}, References: schema.Ref{Name: "rungs"}, RefColumns: []string{"id"},
		}))},
		{"no NULL beside a computed column", asCopy, of[struct {
			numbered
			filled
			texts
			looked
			N    int32  `db:"n"`
			More *int32 `db:"more" schema:"generated=must + 1"`
		}](t)},
		{"NULL", asInPlace, of[struct {
			numbered
			optional
			texts
			looked
			Must *int32 `db:"must"`
		}](t)},
		{"another key", asInPlace, of[struct {
			numbered
			optional
			texts
			looked
			Must int32 `db:"must" schema:"pk"`
		}](t)},
		{"no index", asInPlace, of[struct {
			numbered
			optional
			filled
			texts
			Index int32 `db:"index"`
		}](t)},
		{"a short text longer", asInstant, of[struct {
			numbered
			optional
			filled
			looked
			Short *string `db:"short" schema:"size=900"`
			Mid   *string `db:"mid" schema:"size=32"`
			Long  *string `db:"long" schema:"size=100"`
		}](t)},
		{"a text over the boundary", asCopy, of[struct {
			numbered
			optional
			filled
			looked
			Short *string `db:"short" schema:"size=31"`
			Mid   *string `db:"mid" schema:"size=64"`
			Long  *string `db:"long" schema:"size=100"`
		}](t)},
		{"a long text longer", asInstant, of[struct {
			numbered
			optional
			filled
			looked
			Short *string `db:"short" schema:"size=31"`
			Mid   *string `db:"mid" schema:"size=32"`
			Long  *string `db:"long" schema:"size=900"`
		}](t)},
		{"a text shorter", asCopy, of[struct {
			numbered
			optional
			filled
			looked
			Short *string `db:"short" schema:"size=30"`
			Mid   *string `db:"mid" schema:"size=32"`
			Long  *string `db:"long" schema:"size=100"`
		}](t)},
		{"a text without a size", asCopy, of[struct {
			numbered
			optional
			filled
			looked
			Short *string `db:"short" schema:"size=31"`
			Mid   *string `db:"mid" schema:"size=32"`
			Long  *string `db:"long"`
		}](t)},
		{"a comment", asInstant, of[rung](t, schema.WithComment("rungs"))},
	} {
		t.Run(c.name, func(t *testing.T) {
			exec(t, d, "DROP TABLE IF EXISTS rungs", d.Create(base).Statements[0].SQL,
				`INSERT INTO rungs VALUES (1, 2, 3, 'a', 'b', 'c', 4)`)
			born, err := d.Born(t.Context(), nil, c.model)
			require.NoError(t, err)
			lives, err := d.Inspect(t.Context(), d.Reader(), c.model.Ref())
			require.NoError(t, err)
			all := schema.Policy{Allow: []schema.Allowance{{Hazard: schema.AnyHazard, Reason: "test"}}}
			plan := d.Alter(dialect.Transition{Model: c.model, Born: born, Live: lives[0], Rows: 1001, Policy: all})
			altered := 0
			for _, s := range plan.Statements {
				if !strings.HasPrefix(s.SQL, "ALTER TABLE") {
					continue
				}
				altered++
				require.Equal(t, c.way == asCopy, s.Rewrites && strings.HasSuffix(s.SQL, asCopy), plan.String())
				require.Equal(t, c.way == asCopy, s.Lock == "shared", plan.String())
				for _, lighter := range []string{asInstant, asInPlace} {
					if lighter == c.way {
						break
					}
					_, err := d.Writer().Exec(t.Context(), strings.TrimSuffix(s.SQL, c.way)+lighter)
					var refused *mysql.MySQLError
					require.ErrorAs(t, err, &refused, s.SQL+lighter)
					require.Contains(t, []uint16{1845, 1846}, refused.Number, err.Error())
				}
			}
			require.Equal(t, 1, altered, plan.String())
			require.Equal(t, c.way == asCopy, hasRewrite(plan), plan.String())
			for _, step := range plan.Steps() {
				require.NoError(t, d.Step(t.Context(), step, nil), step[0].SQL)
			}
		})
	}
}

func hasRewrite(plan *schema.Plan) bool {
	for _, h := range plan.Hazards() {
		if h.Kind == schema.HazardRewriteTable {
			return true
		}
	}
	return false
}
