package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// Options are what Run needs.
type Options struct {
	URL   string          // where the chat tool's webhooks go
	Faker connector.Faker // the chat tool
	Rate  float64         // webhooks a second; 0 means 2
	Seed  uint64          // the same plays the same conversations; 0 plays others at each run
	First int64           // number of the first conversation; 0 leaves it to the seed
	// Conversations is how many are played; 0 means until ctx is done.
	Conversations int64
	// AtOnce bounds how many go on at the same time; 0 leaves enough to keep
	// up the rate.
	AtOnce int
	// Speed is how much faster than life conversations go; 0 means 1. Their
	// times are those of life, and end now.
	Speed float64
	// Chaos sends some webhooks twice, and some late, as chat tools do.
	Chaos bool
	// API, if set, is told of everything before the webhooks tell of it.
	API *API
	// Acked, if set, is called with what was acknowledged.
	Acked func(conversation.Activity)
	// Trouble, if set, is told once why webhooks have to be sent again.
	Trouble func(error)
}

// Stats say what became of the webhooks.
type Stats struct {
	Conversations, Webhooks, Retried, Refused int64
}

// ErrRefused means that the gateway refused webhooks for good.
var ErrRefused = errors.New("webhooks were refused")

// Run plays until ctx is done, all conversations are told, or a webhook is
// refused for good, and waits for what is under way. Webhooks that find no
// answer, or 5xx, are sent again.
func Run(ctx context.Context, o Options) (Stats, error) {
	if u, err := url.Parse(o.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return Stats{}, fmt.Errorf("simulate: %q is no URL such as http://127.0.0.1:8080/in/support", o.URL)
	}
	if !(o.Rate >= 0 && o.Speed >= 0) { // nor NaN
		return Stats{}, errors.New("simulate: the rate and the speed must be positive numbers")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p := &player{stop: stop, Options: o, client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
	p.setDefaults()
	defer p.client.CloseIdleConnections()
	var wg sync.WaitGroup
	slots := make(chan struct{}, p.AtOnce)
	for n := int64(0); p.Conversations == 0 || n < p.Conversations; n++ {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil || p.room(ctx) != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			p.play(ctx, Script(p.Seed, p.First+n))
		})
	}
	wg.Wait()
	stats := Stats{p.conversations.Load(), p.webhooks.Load(), p.retried.Load(), p.refused.Load()}
	if p.refused.Load() > 0 {
		return stats, fmt.Errorf("simulate: %w with status %d; %s", ErrRefused, p.status.Load(), advice(p.status.Load()))
	}
	return stats, nil
}

// advice says what to do about a refusal.
func advice(status int64) string {
	switch status {
	case http.StatusUnauthorized:
		return "is the secret that of the source?"
	case http.StatusNotFound:
		return "the URL ends in /in/ and the name of a source"
	}
	return "is there a gateway at this URL?"
}

// A player plays conversations.
type player struct {
	Options
	stop                                      func()
	trouble                                   sync.Once
	client                                    *http.Client
	conversations, webhooks, retried, refused atomic.Int64
	status                                    atomic.Int64 // of the last refusal

	mu   sync.Mutex // guards next
	next time.Time  // when another webhook may go out
}

func (p *player) setDefaults() {
	if p.Rate == 0 {
		p.Rate = 2
	}
	if p.Speed == 0 {
		p.Speed = 1
	}
	if p.AtOnce == 0 {
		const pause = 60 // seconds of life, between two webhooks of a slow conversation
		p.AtOnce = max(10, int(min(p.Rate/p.Speed*pause, 100_000)))
	}
	if p.Seed == 0 {
		p.Seed = rand.Uint64N(1<<32) + 1
	}
	if p.First == 0 {
		const each = 1_000_000 // conversations of a seed, before those of the next; numbers stay exact as a double, times 100
		p.First = int64(p.Seed%each)*each + 1
	}
}

// play tells one conversation.
func (p *player) play(ctx context.Context, lines []Line) {
	began := time.Now()
	length := lines[len(lines)-1].At
	took := time.Duration(float64(length) / p.Speed)
	zero := began.Add(took - length) // so that it ends now
	var stragglers sync.WaitGroup
	defer stragglers.Wait()
	random := rand.New(rand.NewPCG(p.Seed, uint64(length)))
	history := make([]conversation.Activity, 0, len(lines)) // as far as the tool has got
	for i, l := range lines {
		if sleep(ctx, time.Until(began.Add(time.Duration(float64(l.At)/p.Speed)))) != nil {
			return
		}
		a := l.Activity
		a.Time = zero.Add(l.At).UTC().Truncate(time.Millisecond)
		a.StartedAt = zero.UTC().Truncate(time.Second)
		history = append(history, a)
		sofar := history
		if p.Chaos && random.IntN(5) == 0 {
			late := time.Duration(random.IntN(1000)) * time.Millisecond
			stragglers.Go(func() {
				if sleep(ctx, late) == nil {
					p.tell(ctx, sofar, false)
				}
			})
			if random.IntN(2) == 0 {
				continue // late, and only then
			}
		}
		p.tell(ctx, sofar, i == 0)
	}
	p.conversations.Add(1)
}

// tell sends the webhooks that report the last activity of a history. For the
// first that opens a conversation, room has taken the turn.
func (p *player) tell(ctx context.Context, history []conversation.Activity, opens bool) {
	if p.API != nil {
		p.API.learn(history)
	}
	for i, w := range p.Faker.Fake(history) {
		if (i > 0 || !opens) && p.turn(ctx) != nil {
			return
		}
		for err := p.send(ctx, w); err != nil; err = p.send(ctx, w) {
			if ctx.Err() != nil {
				return
			}
			p.retried.Add(1)
			if p.Trouble != nil {
				p.trouble.Do(func() { p.Trouble(err) })
			}
		}
	}
	if p.Acked != nil {
		p.Acked(history[len(history)-1])
	}
}

// turn waits until another webhook may go out.
func (p *player) turn(ctx context.Context) error {
	p.mu.Lock()
	at := p.take()
	p.mu.Unlock()
	return sleep(ctx, time.Until(at))
}

// room waits until those under way leave a turn to another conversation, and
// takes it.
func (p *player) room(ctx context.Context) error {
	for {
		p.mu.Lock()
		wait := time.Until(p.next)
		if wait <= 0 {
			p.take()
		}
		p.mu.Unlock()
		if wait <= 0 {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// take returns when the next webhook may go out. The caller holds mu.
func (p *player) take() time.Time {
	if now := time.Now(); p.next.Before(now) {
		p.next = now
	}
	at := p.next
	p.next = at.Add(time.Duration(float64(time.Second) / p.Rate))
	return at
}

// send makes one attempt. An error means that another is worth it.
func (p *player) send(ctx context.Context, w connector.Request) error {
	url := p.URL
	if _, query, ok := strings.Cut(w.URL, "?"); ok {
		url += "?" + query // some tools carry their secret there
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(w.Body))
	if err != nil {
		return err
	}
	req.Header = w.Header
	resp, err := p.client.Do(req)
	if err != nil {
		return errors.Join(err, sleep(ctx, 200*time.Millisecond))
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4096)) // so that the connection is used again
	switch {
	case resp.StatusCode == http.StatusOK:
		p.webhooks.Add(1)
	case resp.StatusCode >= 500:
		seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		if err != nil {
			seconds = 1
		}
		return errors.Join(fmt.Errorf("the gateway answers %d", resp.StatusCode), sleep(ctx, time.Duration(seconds)*time.Second))
	default:
		p.status.Store(int64(resp.StatusCode))
		p.refused.Add(1)
		p.stop() // the next would fare no better
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
