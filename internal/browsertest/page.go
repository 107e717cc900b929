package browsertest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Viewport is how large a page is shown, in CSS pixels.
type Viewport struct {
	Width, Height int64
	Phone         bool // touch, a phone's way of laying out, and two device pixels for each
}

// Phone is 390×844, held upright.
func Phone() Viewport { return Viewport{Width: 390, Height: 844, Phone: true} }

// Desktop is 1280×800.
func Desktop() Viewport { return Viewport{Width: 1280, Height: 800} }

// Page is one tab of a browser, with storage of its own. A page is used by one goroutine at a time.
type Page struct {
	t    testing.TB
	ctx  context.Context
	seen record
}

// Page opens an empty page of the size Desktop, in a light scheme.
func (b *Browser) Page(t testing.TB) *Page {
	t.Helper()
	p := &Page{t: t}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.seen.hear))
	t.Cleanup(cancel)
	p.ctx = ctx
	// The first call is the one that makes the page, which lives as long as that call's context: it has no deadline.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal("browsertest: no page: ", err)
	}
	p.Resize(Desktop())
	p.Scheme("light")
	return p
}

// Do carries actions of chromedp out.
func (p *Page) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fail("browsertest: " + err.Error())
	}
}

// Go leads the page to an address and waits until it is loaded.
func (p *Page) Go(address string) {
	p.t.Helper()
	p.Do(chromedp.Navigate(address))
}

// Resize shows the page in another size.
func (p *Page) Resize(v Viewport) {
	p.t.Helper()
	var options []chromedp.EmulateViewportOption
	if v.Phone {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait, chromedp.EmulateScale(2))
	}
	p.Do(chromedp.EmulateViewport(v.Width, v.Height, options...))
}

// Scheme has the page believe that its reader prefers "dark" or "light", and no motion.
func (p *Page) Scheme(scheme string) {
	p.t.Helper()
	p.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
				{Name: "prefers-reduced-motion", Value: "reduce"}, // a picture is of the end, not of the way there
			},
		})
		return err
	}))
}

// Press presses keys one after the other, as a person does: letters, or those of chromedp's package kb. A key that the page takes
// for itself writes nothing.
func (p *Page) Press(keys string) {
	p.t.Helper()
	p.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, key := range keys {
			for _, event := range strokes(key) {
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, *event); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// strokes are the events of one key. chromedp sends the letter by itself, which a page then cannot keep from being written.
func strokes(key rune) []*input.DispatchKeyEventParams {
	var down *input.DispatchKeyEventParams
	var events []*input.DispatchKeyEventParams
	for _, event := range kb.Encode(key) {
		if event.Type == kb.KeyChar && down != nil {
			down.Text, down.UnmodifiedText = event.Text, event.UnmodifiedText
			continue
		}
		if event.Type == kb.KeyDown {
			down = event
		}
		events = append(events, event)
	}
	return events
}

// Type writes any text into whatever has the focus, also such as no key has.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}

// Click clicks the first element that a CSS selector finds, once it is visible.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Await waits until a JavaScript expression is true; an expression that cannot be evaluated yet is not.
func (p *Page) Await(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if ok && err == nil {
			return
		}
		select {
		case <-beat.C:
		case <-ctx.Done():
			p.fail(fmt.Sprintf("browsertest: this never came true: %s (%v)", expression, err))
		}
	}
}

// Eval gives the value of a JavaScript expression, or what its promise comes to.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail("browsertest: " + expression + ": " + err.Error())
	}
	return value
}

// fail ends the test, and keeps what the page looked like.
func (p *Page) fail(words string) {
	p.t.Helper()
	if picture, err := p.picture(false); err == nil {
		if file, err := store("failed-"+strings.ReplaceAll(p.t.Name(), "/", "-"), picture); err == nil {
			words += "\n  it looked like " + file
		}
	}
	for _, complaint := range p.Complaints() {
		words += "\n  " + complaint
	}
	p.t.Fatal(words)
}
