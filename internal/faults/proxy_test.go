package faults_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/faults"
)

// proxied is a server behind a proxy: it answers each line with "did " before it, and notes what it was told.
type proxied struct {
	proxy *faults.Proxy

	mu   sync.Mutex
	told []string
}

func newProxied(t *testing.T) *proxied {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &proxied{}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { s.serve(conn) })
		}
	})
	s.proxy, err = faults.NewProxy(l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, s.proxy.Close()) // which ends what the server waits for
		require.NoError(t, l.Close())
		running.Wait()
	})
	return s
}

func (s *proxied) serve(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		s.mu.Lock()
		s.told = append(s.told, lines.Text())
		s.mu.Unlock()
		_, _ = fmt.Fprintf(conn, "did %s\n", lines.Text())
	}
	_, _ = io.WriteString(conn, "bye\n")
}

func (s *proxied) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.told, " ")
}

// proxyClient is a client's connection to the proxy.
type proxyClient struct {
	*net.TCPConn
	lines *bufio.Reader
}

func (s *proxied) dial(t *testing.T) *proxyClient {
	conn, err := net.Dial("tcp", s.proxy.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	return &proxyClient{conn.(*net.TCPConn), bufio.NewReader(conn)}
}

func (c *proxyClient) say(line string) error {
	_, err := io.WriteString(c, line+"\n")
	return err
}

// ask says a line and gives the answer.
func (c *proxyClient) ask(line string) (string, error) {
	if err := c.say(line); err != nil {
		return "", err
	}
	answer, err := c.lines.ReadString('\n')
	return strings.TrimSpace(answer), err
}

// requireAnswer asks and expects the server's answer.
func (c *proxyClient) requireAnswer(t *testing.T, line string) {
	t.Helper()
	answer, err := c.ask(line)
	require.NoError(t, err)
	require.Equal(t, "did "+line, answer)
}

// requireCut says that the connection has ended, and not because the test's own time is up.
func requireCut(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}

// requireSilence says that nothing comes for a moment.
func (c *proxyClient) requireSilence(t *testing.T) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := c.lines.ReadByte()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
}

func TestProxyPassesEverythingOn(t *testing.T) {
	s := newProxied(t)
	c := s.dial(t)
	c.requireAnswer(t, "one")
	c.requireAnswer(t, strings.Repeat("x", 60_000))
	require.NoError(t, c.CloseWrite())
	rest, err := io.ReadAll(c.lines)
	require.NoError(t, err)
	require.Equal(t, "bye\n", string(rest), "an end of one side is the other's to answer")
	require.NoError(t, c.Close())
	waitFor(t, "the connection's end", func() bool { return s.proxy.Cut() == 0 })

	through, err := s.proxy.URL("postgres://ada:secret@example.org:1234/db?sslmode=disable")
	require.NoError(t, err)
	require.Equal(t, "postgres://ada:secret@"+s.proxy.Addr()+"/db?sslmode=disable", through)
	_, err = s.proxy.URL("postgres://ada:secret@exa mple/db")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

func TestProxyStalls(t *testing.T) {
	s := newProxied(t)
	old := s.dial(t)
	old.requireAnswer(t, "one")
	s.proxy.Stall()
	s.proxy.Stall()
	fresh := s.dial(t)
	require.NoError(t, old.say("two"))
	require.NoError(t, fresh.say("three"))
	require.NoError(t, fresh.CloseWrite())
	old.requireSilence(t)
	fresh.requireSilence(t)
	require.Equal(t, "one", s.heard())
	s.proxy.Resume()
	s.proxy.Resume()
	answer, err := old.lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "did two\n", answer)
	rest, err := io.ReadAll(fresh.lines)
	require.NoError(t, err)
	require.Equal(t, "did three\nbye\n", string(rest))

	s.proxy.Stall()
	require.NoError(t, old.say("never"))
	require.NoError(t, s.proxy.Close(), "stalled connections do not keep it")
	requireCut(t, errOf(old.lines.ReadByte()))
	require.NotContains(t, s.heard(), "never")
}

func errOf[T any](_ T, err error) error { return err }

func TestProxyCuts(t *testing.T) {
	s := newProxied(t)
	first, second := s.dial(t), s.dial(t)
	first.requireAnswer(t, "one")
	second.requireAnswer(t, "two")
	require.Equal(t, 2, s.proxy.Cut())
	for _, c := range []*proxyClient{first, second} {
		requireCut(t, errOf(c.lines.ReadByte()))
	}
	third := s.dial(t)
	third.requireAnswer(t, "three")
	s.proxy.Stall()
	require.NoError(t, third.say("four"))
	s.proxy.Cut()
	requireCut(t, errOf(third.lines.ReadByte()))
	s.proxy.Resume()
	require.Equal(t, "one two three", s.heard(), "what was held is lost")
}

func TestProxyRefuses(t *testing.T) {
	s := newProxied(t)
	old := s.dial(t)
	old.requireAnswer(t, "one")
	s.proxy.Refuse()
	requireCut(t, errOf(s.dial(t).ask("two")))
	old.requireAnswer(t, "three")
	s.proxy.Allow()
	s.dial(t).requireAnswer(t, "four")
	require.Equal(t, "one three four", s.heard())

	alone, err := faults.NewProxy("127.0.0.1:1") // nobody listens there
	require.NoError(t, err)
	requireCut(t, errOf((&proxied{proxy: alone}).dial(t).ask("five")))
	require.NoError(t, alone.Close())
	require.NoError(t, alone.Close(), "a second time is no harm")
}

// through puts a proxy before a database's server until the test ends, and gives the database's URL through it.
func through(t testing.TB, database string) (p *faults.Proxy, address string) {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	p, err = faults.NewProxy(u.Host)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	address, err = p.URL(database)
	require.NoError(t, err)
	return p, address
}

// happens waits for a signal, for a minute at most.
func happens(t testing.TB, what string, signal <-chan struct{}) {
	t.Helper()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	select {
	case <-signal:
	case <-limit.C:
		require.FailNow(t, "waited in vain", what)
	}
}

func TestProxyCutsTheAnswer(t *testing.T) {
	s := newProxied(t)
	other, c := s.dial(t), s.dial(t)
	cut := s.proxy.CutAnswerTo([]byte("pay\n"))
	c.requireAnswer(t, "one")
	require.Empty(t, cut)
	_, err := io.WriteString(c, "p")
	require.NoError(t, err)
	requireCut(t, errOf(c.ask("ay"))) // in two pieces
	happens(t, "the cut", cut)
	other.requireAnswer(t, "two")
	require.Equal(t, "one pay two", s.heard(), "it is done when the connection ends")
	s.dial(t).requireAnswer(t, "pay")
}

// Everything is asked of a proxy at once, while its clients go on.
func TestProxyUnderManyHands(t *testing.T) {
	s := newProxied(t)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				conn, err := net.Dial("tcp", s.proxy.Addr())
				if err != nil {
					continue
				}
				c := &proxyClient{conn.(*net.TCPConn), bufio.NewReader(conn)}
				for err == nil {
					var answer string
					if answer, err = c.ask("x"); err == nil && answer != "did x" {
						t.Errorf("it was answered %q", answer)
					}
					select {
					case <-stop:
						err = net.ErrClosed
					default:
					}
				}
				_ = conn.Close()
			}
		})
	}
	var hands sync.WaitGroup
	for _, pair := range [][2]func(){
		{s.proxy.Stall, s.proxy.Resume},
		{func() { s.proxy.Cut() }, func() { s.proxy.Cut() }},
		{s.proxy.Refuse, s.proxy.Allow},
		{func() { s.proxy.CutAnswerTo([]byte("x")) }, func() { s.proxy.CutAnswerTo([]byte("nothing like that")) }},
	} {
		hands.Go(func() {
			for range 300 {
				pair[0]()
				pair[1]()
			}
		})
	}
	hands.Wait()
	close(stop)
	clients.Wait()
	s.dial(t).requireAnswer(t, "after all")
}
