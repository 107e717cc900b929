package browsertest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// record is what a page has said and asked for since it was opened.
type record struct {
	mu         sync.Mutex
	complaints []string
	requests   []string
}

// hear is called for everything that the browser tells of the page.
func (r *record) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		r.complain("exception", exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			r.complain("console."+string(e.Type), arguments(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			r.complain(string(e.Entry.Source), strings.TrimSpace(e.Entry.Text+" "+e.Entry.URL))
		}
	case *network.EventRequestWillBeSent:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.requests = append(r.requests, e.Request.Method+" "+e.Request.URL)
	}
}

func (r *record) complain(source, words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.complaints = append(r.complaints, source+": "+words)
}

func exception(d *runtime.ExceptionDetails) string {
	words := d.Text
	if d.Exception != nil && d.Exception.Description != "" {
		words += " " + d.Exception.Description
	}
	return fmt.Sprintf("%s (%s:%d)", words, d.URL, d.LineNumber+1)
}

func arguments(args []*runtime.RemoteObject) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = a.Description
		if words[i] == "" {
			words[i] = string(a.Value)
		}
	}
	return strings.Join(words, " ")
}

// Complaints are the errors and warnings in the page's console so far: exceptions, what the page printed there, and what the
// browser did, as for a request that failed or that a policy forbids.
func (p *Page) Complaints() []string {
	p.seen.mu.Lock()
	defer p.seen.mu.Unlock()
	return slices.Clone(p.seen.complaints)
}

// Requests are all requests of the page so far, as "GET http://…", those for its own data among them.
func (p *Page) Requests() []string {
	p.seen.mu.Lock()
	defer p.seen.mu.Unlock()
	return slices.Clone(p.seen.requests)
}

// Clean fails the test if the console has complaints, or if the page has asked for anything that does not begin with one of these
// addresses.
func (p *Page) Clean(addresses ...string) {
	p.t.Helper()
	for _, complaint := range p.Complaints() {
		p.t.Error("browsertest: the console has ", complaint)
	}
	for _, request := range p.Requests() {
		_, target, _ := strings.Cut(request, " ")
		if target == "about:blank" || strings.HasPrefix(target, "data:") || strings.HasPrefix(target, "blob:") {
			continue
		}
		if !slices.ContainsFunc(addresses, func(a string) bool { return strings.HasPrefix(target, a) }) {
			p.t.Error("browsertest: the page asked for ", request)
		}
	}
}
