package browsertest

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Screenshot keeps what is in view as build/screenshots/<name>.png below the module's root.
func (p *Page) Screenshot(name string) {
	p.t.Helper()
	p.keep(name, false)
}

// WholeScreenshot is Screenshot of the whole page, also of what one would have to scroll to.
func (p *Page) WholeScreenshot(name string) {
	p.t.Helper()
	Eval[bool](p, `scrollTo({ top: 0, behavior: "instant" }), true`) // what sticks to the window's edge would be in the middle
	p.keep(name, true)
}

func (p *Page) keep(name string, whole bool) {
	p.t.Helper()
	picture, err := p.picture(whole)
	if err == nil {
		_, err = store(name, picture)
	}
	if err != nil {
		p.t.Fatal("browsertest: screenshot: ", err)
	}
}

func (p *Page) picture(whole bool) ([]byte, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		shot, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &whole})
		return shot.Data, err
	})
}

// store writes a picture and gives its path.
func store(name string, picture []byte) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	file := filepath.Join(root, "build", "screenshots", name+".png")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	return file, os.WriteFile(file, picture, 0o644)
}

// moduleRoot is the folder of go.mod at or above the package under test, in which its tests run.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
