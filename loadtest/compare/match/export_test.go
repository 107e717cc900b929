package match

import (
	"context"
	"errors"
	"time"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// Lose runs a contestant that acknowledges rows which it does not store.
func Lose(ctx context.Context, folder string) error {
	g := newGround(folder, Config{})
	bare := peer.Named(false, peer.Bare)[0]
	t, err := g.table(ctx, bare, peer.SQLite, "NORMAL")
	if err != nil {
		return err
	}
	kept := t.People
	t.People = forgetful{kept}
	_, err = t.run(ctx, actions()[0], pace{goroutines: 2}, &keys{}, 10*time.Millisecond)
	t.People = kept
	return errors.Join(err, t.leave(ctx))
}

type forgetful struct{ peer.People }

func (f forgetful) Create(ctx context.Context, p *peer.Person) error {
	if p.ID[len(p.ID)-1] == '7' {
		return nil
	}
	return f.People.Create(ctx, p)
}
