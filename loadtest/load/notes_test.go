package load

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func noted(t *testing.T, folder, name string, take func(n *notes)) {
	n, err := newNotes(filepath.Join(folder, name))
	require.NoError(t, err)
	take(n)
	require.NoError(t, n.close())
}

func take(t *testing.T, n *notes, kind rune, table int, key, turn int64) {
	require.NoError(t, n.take(kind, table, key, turn))
}

func TestNotesOfAllWorkersAreAdded(t *testing.T) {
	folder := t.TempDir()
	noted(t, folder, "notes-1", func(n *notes) {
		for key := range int64(4) {
			take(t, n, noteCreated, 0, key, 0)
		}
		take(t, n, noteUpdated, 0, 1, 2)
		take(t, n, noteUpdated, 0, 1, 1)
		take(t, n, noteDeleting, 0, 2, 0)
		take(t, n, noteDeleting, 0, 3, 0)
		take(t, n, noteDeleted, 0, 3, 0)
	})
	noted(t, folder, "notes-2", func(n *notes) { take(t, n, noteCreated, 1, 7, 0) })
	accounts, err := readNotes(folder, 2)
	require.NoError(t, err)
	must := accounts[0].must()
	slices.Sort(must)
	require.Equal(t, []int64{0, 1}, must, "a row whose deletion was begun may be there or not")
	require.Equal(t, []int64{7}, accounts[1].must())
	require.Equal(t, map[int64]int64{1: 2}, accounts[0].turns)
	require.Equal(t, map[int64]bool{3: true}, accounts[0].deleted)
}

// A killed worker may leave the beginning of a note, which says nothing: neither of key 12 nor of key 1.
func TestUnfinishedNoteIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes-1")
	require.NoError(t, os.WriteFile(path, []byte("c 0 5 0\nc 0 1"), 0o600))
	accounts, err := readNotes(filepath.Dir(path), 1)
	require.NoError(t, err)
	require.Equal(t, []int64{5}, accounts[0].must())
}

func TestNoiseInTheNotesIsAnError(t *testing.T) {
	for _, text := range []string{"\n", "c 0\n", "x 0 1 0\n", "c 1 1 0\n", "c -1 1 0\n"} {
		path := filepath.Join(t.TempDir(), "notes-1")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := readNotes(filepath.Dir(path), 1)
		require.ErrorContains(t, err, "no note", text)
	}
}

// What was begun before the end of a table's last drop may be gone with it, and what was begun later must be there.
func TestDropsTakeWhatWasBefore(t *testing.T) {
	folder := t.TempDir()
	noted(t, folder, "notes-1", func(n *notes) {
		for key, begun := range []int64{10, 90, 100, 110, 111} {
			take(t, n, noteCreated, 0, int64(key), begun)
		}
		take(t, n, noteMissed, 0, 0, 120)
		take(t, n, noteMissed, 0, 4, 130)
		take(t, n, noteMissed, 0, 77, 130)
	})
	accounts, err := readNotes(folder, 1)
	require.NoError(t, err)
	a := &accounts[0]
	require.Len(t, a.must(), 5)
	require.Zero(t, a.lost())
	require.Equal(t, []int64{0, 4, 77}, a.unexplained(), "nothing was dropped")
	a.drops = drops{{from: 20, to: 30}, {from: 100, to: 110}}
	require.Equal(t, []int64{4}, a.must())
	require.EqualValues(t, 4, a.lost())
	require.Equal(t, []int64{4, 77}, a.unexplained())
}

// Two workers never write to one file.
func TestNotesAreNotTakenOver(t *testing.T) {
	folder := t.TempDir()
	noted(t, folder, "notes-1", func(*notes) {})
	_, err := newNotes(filepath.Join(folder, "notes-1"))
	require.ErrorIs(t, err, os.ErrExist)
}
