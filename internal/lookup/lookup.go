// Package lookup asks chat tools' APIs for what their webhooks leave out.
//
// Such a webhook is journaled as pending when it comes. For each source one
// loop takes its pending webhooks in order, asks until it has every answer, and
// journals what the webhook says then: an outage of the API delays it, and
// whatever is applied or replayed later needs no network.
package lookup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/journal"
)

const (
	atOnce       = 16      // pending webhooks in memory
	maxAnswer    = 1 << 20 // bytes
	maxAnswers   = 8 << 20 // bytes of all that one webhook asks
	keepBytes    = 4 << 20 // of answers that may serve again
	maxRounds    = 8       // of questions to which answers lead
	maxQuestions = 500     // of one webhook: HubSpot's tell of up to 100 messages, each in a thread, by an agent, to somebody
	timeout      = 20 * time.Second
	// pace is the least time between two questions: the tools allow about ten
	// a second.
	pace         = 100 * time.Millisecond
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 60 * time.Second
	// probeEvery is how often an API that refuses the token is asked.
	probeEvery = 5 * time.Minute
	maxWait    = 5 * time.Minute
	// lookEvery is how often pending webhooks are looked for, beside at every
	// arrival.
	lookEvery = 10 * time.Second
)

// Options are what Run needs. All exported fields are required.
type Options struct {
	Journal interface {
		journal.Inbox
		journal.Desk
	}
	Source    journal.Source
	Connector connector.Connector
	API       connector.API // with its address
	Token     string
	Arrived   <-chan struct{} // says that there may be another pending webhook
	// Done is told what became of each pending webhook.
	Done    func(w *journal.Webhook, dropped []string)
	Log     *slog.Logger
	Metrics *Metrics

	transport http.RoundTripper // nil is the usual one
}

// Metrics count questions.
type Metrics struct {
	asked *prometheus.CounterVec
}

// NewMetrics registers the metrics with r.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{asked: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parlance_lookups_total",
		Help: "Questions to chat tools' APIs, by result."}, []string{"workspace", "source", "result"})}
	r.MustRegister(m.asked)
	return m
}

// Run answers pending webhooks until ctx is done, and returns nil then.
func Run(ctx context.Context, o Options) error {
	a := &asker{Options: o, kept: map[string]kept{}, client: &http.Client{
		Transport:     o.transport,
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	a.Log = o.Log.With("workspace", o.Source.Workspace, "source", o.Source.Name)
	defer a.client.CloseIdleConnections()
	for ctx.Err() == nil {
		list, err := o.Journal.Pending(ctx, o.Source, atOnce)
		if err != nil && ctx.Err() == nil {
			a.Log.Error("lookup cannot read the journal", "error", err)
		}
		for _, w := range list {
			if a.answer(ctx, w) != nil {
				break // the same again
			}
		}
		if len(list) == 0 || err != nil {
			a.await(ctx)
		}
	}
	return nil
}

// An asker asks one source's API.
type asker struct {
	Options
	client *http.Client
	kept   map[string]kept // answers that may serve again, by path
	bytes  int             // of them
	next   time.Time       // when the next question may be asked
	silent bool            // trouble has been told
}

type kept struct {
	answer []byte
	until  time.Time
}

// await waits until there may be another pending webhook.
func (a *asker) await(ctx context.Context) {
	t := time.NewTimer(lookEvery)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-a.Arrived:
	case <-t.C:
	}
}

// answer gets all that a pending webhook asks, and journals what it says. Its
// error means that it is still pending.
func (a *asker) answer(ctx context.Context, w journal.Webhook) error {
	out := &journal.Webhook{Workspace: w.Workspace, Source: w.Source, Body: w.Body, Answers: w.Seq}
	p, err := a.parse(ctx, w)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		out.Unreadable = err.Error()
	}
	out.Activities, out.Agents, out.Contacts = p.Activities, p.Agents, p.Contacts
	for wait := firstBackoff; ; wait = min(2*wait, maxBackoff) {
		err := a.Journal.Append(ctx, out)
		if err == nil {
			a.Done(out, p.Dropped)
			return nil
		}
		a.Log.Error("lookup waits for the journal", "error", err)
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// parse reads a webhook, with every answer that it takes.
func (a *asker) parse(ctx context.Context, w journal.Webhook) (p connector.Parsed, err error) {
	defer func() {
		// What it panicked with may hold what somebody wrote.
		if recover() != nil {
			p, err = connector.Parsed{}, errors.New("the connector panicked; please report it")
		}
	}()
	r := &connector.Request{Header: http.Header(w.Header), Body: w.Body, Received: w.ReceivedAt, Answers: map[string][]byte{}}
	bytes := 0
	for range maxRounds {
		p, err = a.Connector.Parse(r)
		if err != nil || len(p.Lookups) == 0 {
			return p, err
		}
		for _, l := range p.Lookups {
			if _, known := r.Answers[l.Path]; known {
				continue
			}
			if r.Answers[l.Path], err = a.ask(ctx, l); err != nil {
				return p, err
			}
			if bytes += len(r.Answers[l.Path]); bytes > maxAnswers {
				return connector.Parsed{}, fmt.Errorf("the tool's API answers with more than %d bytes", maxAnswers)
			}
		}
		if len(r.Answers) > maxQuestions {
			break
		}
	}
	return connector.Parsed{}, errors.New("the webhook asks the tool's API without end")
}

// errRefused means that asking again cannot help.
var errRefused = errors.New("the tool's API refuses the question")

// ask returns the API's answer, nil if it knows nothing of it. Its error is
// errRefused, perhaps wrapped, or means that ctx is done.
func (a *asker) ask(ctx context.Context, l connector.Lookup) ([]byte, error) {
	if k, ok := a.kept[l.Path]; ok && time.Now().Before(k.until) {
		return k.answer, nil
	}
	for backoff := firstBackoff; ; backoff = min(2*backoff, maxBackoff) {
		if err := sleep(ctx, time.Until(a.next)); err != nil {
			return nil, err
		}
		a.next = time.Now().Add(pace)
		answer, wait, err := a.try(ctx, l.Path)
		if err == nil {
			a.recovered()
			a.keep(l, answer)
			return answer, nil
		}
		if errors.Is(err, errRefused) {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		a.troubled(err)
		if wait == 0 {
			wait = backoff/2 + rand.N(backoff/2)
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

func (a *asker) troubled(err error) {
	if !a.silent {
		a.Log.Warn("the tool's API does not answer; webhooks that need it wait", "error", err)
	}
	a.silent = true
}

func (a *asker) recovered() {
	if a.silent {
		a.Log.Info("the tool's API answers again")
	}
	a.silent = false
}

func (a *asker) keep(l connector.Lookup, answer []byte) {
	if l.Keep <= 0 {
		return
	}
	size := func(path string, answer []byte) int { return 128 + len(path) + len(answer) }
	if old, ok := a.kept[l.Path]; ok {
		a.bytes -= size(l.Path, old.answer)
	}
	if a.bytes += size(l.Path, answer); a.bytes > keepBytes {
		clear(a.kept) // what is asked for comes back
		a.bytes = size(l.Path, answer)
	}
	a.kept[l.Path] = kept{answer, time.Now().Add(l.Keep)}
}

// try asks once. With an error it says how long to wait, if the API does.
func (a *asker) try(ctx context.Context, path string) (answer []byte, wait time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(a.API.URL, "/")+path, nil)
	if err != nil {
		return nil, probeEvery, errors.New("its address is not a URL; is api_url right?")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "parlance")
	if a.API.Header == "" {
		req.Header.Set("Authorization", "Bearer "+a.Token)
	} else {
		req.Header.Set(a.API.Header, a.API.Prefix+a.Token)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		a.count("no_answer")
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // without the address, which holds ids
		}
		return nil, 0, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	a.count(strconv.Itoa(resp.StatusCode))
	switch s := resp.StatusCode; {
	case s == http.StatusNotFound, s == http.StatusGone:
		return nil, 0, nil
	case s == http.StatusOK && err == nil && len(b) <= maxAnswer:
		return b, 0, nil
	case s == http.StatusOK && err == nil:
		return nil, 0, fmt.Errorf("%w: its answer has more than %d bytes", errRefused, maxAnswer)
	case s == http.StatusOK:
		return nil, 0, errors.New("its answer breaks off")
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return nil, probeEvery, fmt.Errorf("it answered %d; is api_token right, and may it read conversations?", s)
	case s == http.StatusBadRequest, s == http.StatusUnprocessableEntity:
		return nil, 0, fmt.Errorf("%w: it answered %d", errRefused, s)
	default:
		return nil, retryAfter(resp.Header), fmt.Errorf("it answered %d", s)
	}
}

func (a *asker) count(result string) {
	a.Metrics.asked.WithLabelValues(a.Source.Workspace, a.Source.Name, result).Inc()
}

// retryAfter reads how long to wait; 0 if the API does not say.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.ParseUint(v, 10, 31); err == nil {
		return min(max(time.Duration(s)*time.Second, time.Second), maxWait)
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(time.Until(t), time.Second), maxWait)
	}
	return 0
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
