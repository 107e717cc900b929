package dialecttest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/dialect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The model that databases are measured by is measured by the truth tables of the SQL standard.
func TestModelFollowsTheLogicOfSQL(t *testing.T) {
	columns := facets()
	row := die{Num: 1}
	of := map[truth]dialect.Cond{yes: equal("num", int32(1)), no: equal("num", int32(2)), unknown: equal("num0", int64(1))}
	for value, cond := range of {
		require.Equal(t, value, holds(&row, columns, cond))
	}
	for _, c := range []struct{ a, b, and, or truth }{
		{yes, yes, yes, yes},
		{yes, no, no, yes},
		{yes, unknown, unknown, yes},
		{no, no, no, no},
		{no, unknown, no, unknown},
		{unknown, unknown, unknown, unknown},
	} {
		require.Equal(t, c.and, holds(&row, columns, all(of[c.a], of[c.b])))
		require.Equal(t, c.or, holds(&row, columns, some(of[c.b], of[c.a])))
	}
	for from, to := range map[truth]truth{yes: no, no: yes, unknown: unknown} {
		require.Equal(t, to, holds(&row, columns, not(of[from])))
	}
}
