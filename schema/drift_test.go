package schema

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDriftOfNothing(t *testing.T) {
	d := Drift{Table: Ref{"app", "users"}, Standing: StandingCurrent}
	require.False(t, d.Any())
	require.Equal(t, "app.users: no drift\n", d.String())
	d.Notes = []string{"expressions were not compared"}
	require.False(t, d.Any(), "a note is no difference")
	require.Equal(t, "app.users: no drift\n  note: expressions were not compared\n", d.String())
}

// TestDriftOfEachKind wants every kind of difference to count by itself and to be told.
func TestDriftOfEachKind(t *testing.T) {
	for want, change := range map[string]func(*Drift){
		"users: model is new\n":                                         func(d *Drift) { d.Standing = StandingNew },
		"users: model is behind\n":                                      func(d *Drift) { d.Standing = StandingBehind },
		"users: the table is missing; model is current\n":               func(d *Drift) { d.Missing = true },
		"  since the ledger: extra index (a): have by_hand\n":           func(d *Drift) { d.SinceLedger = []Change{{Kind: ExtraIndex, Object: "(a)", Have: "by_hand"}} },
		"  to the model: missing column email: want text\n":             func(d *Drift) { d.ToModel = []Change{{Kind: MissingColumn, Object: "email", Want: "text"}} },
		"  edited in the ledger: present entry\n":                       func(d *Drift) { d.Tampered = []string{"present entry"} },
		"users: model is current\n  begun and not ended: revision 12\n": func(d *Drift) { d.Unfinished = []int64{12} },
	} {
		d := Drift{Table: Ref{Name: "users"}, Standing: StandingCurrent}
		change(&d)
		require.True(t, d.Any(), want)
		require.Contains(t, d.String(), want)
		require.NotContains(t, d.String(), "no drift")
	}
}

func TestDriftInFull(t *testing.T) {
	d := Drift{
		Table: Ref{Name: "users"}, Standing: StandingBehind,
		SinceLedger: []Change{{Kind: TableComment, Have: "x"}}, ToModel: []Change{{Kind: MissingCheck, Object: "a > 0"}, {Kind: PrimaryKey, Want: "a"}},
		Tampered: []string{"revision 3"}, Unfinished: []int64{4, 5}, Notes: []string{"n"},
	}
	require.Equal(t, strings.TrimPrefix(`
users: model is behind
  since the ledger: table comment: have x
  to the model: missing check a > 0
  to the model: primary key: want a
  edited in the ledger: revision 3
  begun and not ended: revision 4
  begun and not ended: revision 5
  note: n
`, "\n"), d.String())
}
