package ingest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/journal"
)

// taken is the answer to a webhook that is safe.
const taken = "{\"ok\":true}\n"

// webhook takes what a chat tool sends.
func (h *Handler) webhook(w http.ResponseWriter, r *http.Request) {
	p := path{r.PathValue("workspace"), r.PathValue("source")}
	if p.workspace == "" {
		p.workspace = "default"
	}
	s := h.routes.Load().paths[p]
	if s == nil {
		h.refuse(w, nil, &refusal{http.StatusNotFound, "unknown_source", "no such source; the configuration names them"})
		return
	}
	switch r.Method {
	case http.MethodHead: // some tools look whether there is anybody before they send
		return
	case http.MethodGet:
		if g, ok := s.Connector.(connector.Greeter); ok {
			h.greet(w, r, s, g)
			return
		}
	}
	if !post(w, r) {
		return
	}
	reply, err := h.receive(w, r, s)
	switch {
	case err != nil:
		h.refuse(w, s, err)
	case reply != "":
		plain(w, reply)
	case s.Answer != "":
		answer(w, s.Answer)
	default:
		answer(w, taken)
	}
}

// greet ends a handshake.
func (h *Handler) greet(w http.ResponseWriter, r *http.Request, s *Source, g connector.Greeter) {
	var reply string
	err := h.guard(s, func() (err error) {
		reply, err = g.Greet(&connector.Request{Method: r.Method, URL: h.address(r), Header: r.Header})
		return err
	})
	if err != nil {
		h.refuse(w, s, refused(err))
		return
	}
	plain(w, reply)
}

// plain answers with what the tool asked for, which no browser may take for
// more than text.
func plain(w http.ResponseWriter, reply string) {
	h := w.Header()
	h["Content-Type"], h["X-Content-Type-Options"] = textOnly, nosniff
	_, _ = io.WriteString(w, reply) // the client is gone; nobody to tell
}

// Set would allocate these for each answer.
var (
	textOnly = []string{"text/plain; charset=utf-8"}
	nosniff  = []string{"nosniff"}
)

var (
	unsigned = &refusal{http.StatusUnauthorized, "signature", "the signature is missing, wrong or too old"}
	broken   = &refusal{http.StatusInternalServerError, "panic", "the connector of this source panicked; please report it"}
)

// refused is the answer where a connector does not take a request.
func refused(err error) *refusal {
	if errors.Is(err, errPanic) {
		return broken
	}
	return unsigned
}

// guard runs what is a connector's, and survives its mistakes.
func (h *Handler) guard(s *Source, f func() error) (err error) {
	defer func() {
		// What it panicked with may hold what somebody wrote.
		if recover() != nil {
			h.log.Error("a connector panicked; please report it", "workspace", s.Workspace, "source", s.Name)
			err = errPanic
		}
	}()
	return f()
}

// scrub has the connector remove what must not be stored. If it cannot, nothing
// must be.
func (h *Handler) scrub(s *Source, r *connector.Request) error {
	scrubber, ok := s.Connector.(connector.Scrubber)
	if !ok {
		return nil
	}
	return h.guard(s, func() error {
		r.Body = scrubber.Scrub(r.Body)
		return nil
	})
}

// address is how the tool called a request.
func (h *Handler) address(r *http.Request) string {
	if h.publicURL != "" {
		return h.publicURL + r.URL.RequestURI()
	}
	scheme := "http://"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https://"
	}
	return scheme + r.Host + r.URL.RequestURI()
}

// receive stores a webhook, and returns what the tool waits for, if anything.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, s *Source) (reply string, err error) {
	if t := mediaType(r); !acceptable(t) || s.JSON && (t == urlencoded || t == plainText) {
		return "", &refusal{http.StatusUnsupportedMediaType, "content_type", "send JSON, with Content-Type application/json"}
	}
	body, release, err := h.body(w, r, maxWebhook)
	if err != nil {
		return "", err
	}
	defer release()
	req := &connector.Request{Method: r.Method, URL: h.address(r), Header: r.Header, Body: body, Received: time.Now()}
	if err := h.fetchKeys(r.Context(), s, req); err != nil {
		return "", err
	}
	if err := h.guard(s, func() error { return s.Connector.Verify(req) }); err != nil {
		return "", refused(err)
	}
	if err := h.scrub(s, req); err != nil {
		return "", broken
	}
	hook, parsed := h.hook(s, req)
	if err := h.store(r.Context(), s, hook); err != nil {
		return "", err
	}
	if hook.Pending && s.Pending != nil {
		s.Pending()
	}
	h.metrics.drop(s, parsed.Dropped)
	if parsed.Visit != "" && h.keys != nil {
		if _, err := h.keys.Visit(r.Context(), parsed.Visit); err != nil {
			h.log.Warn("handshake not ended; have the tool begin it again", "workspace", s.Workspace, "source", s.Name, "error", err)
		}
	}
	return parsed.Reply, nil
}

// hook makes of a request what is to be journaled, and returns what else it says.
func (h *Handler) hook(s *Source, r *connector.Request) (*journal.Webhook, connector.Parsed) {
	read := parseAlone
	switch {
	case s.Connector == nil:
		read = func(_ connector.Connector, r *connector.Request) (connector.Parsed, error) { return readExport(r.Body) }
	case s.Pending != nil:
		read = parse
	}
	hook := &journal.Webhook{Body: r.Body}
	p, err := read(s.Connector, r)
	switch {
	case err != nil:
		hook.Unreadable = reason(err)
		h.unreadable(s.Workspace, s.Name, hook)
	case s.Pending != nil && (len(p.Lookups) > 0 || len(p.Activities) > 0):
		// What it says is read once the tool's API has told the rest. What
		// takes nothing of the API waits too: it must not overtake what does.
		hook.Pending, hook.Header = true, telling(r.Header)
		return hook, connector.Parsed{Reply: p.Reply, Visit: p.Visit}
	}
	hook.Activities, hook.Agents, hook.Contacts = p.Activities, p.Agents, p.Contacts
	return hook, p
}

// Answered counts what became of a pending webhook.
func (h *Handler) Answered(w *journal.Webhook, dropped []string) {
	h.metrics.drop(&Source{Workspace: w.Workspace, Name: w.Source}, dropped)
	if w.Unreadable != "" {
		h.metrics.unreadable.WithLabelValues(w.Workspace, w.Source).Inc()
		h.unreadable(w.Workspace, w.Source, w)
	}
}

func (h *Handler) unreadable(workspace, source string, w *journal.Webhook) {
	h.log.Warn("webhook kept as unreadable", "workspace", workspace, "source", source, "reason", w.Unreadable)
}

// parseAlone parses without the tool's API: nobody knows anything of what the
// webhook leaves out.
func parseAlone(c connector.Connector, r *connector.Request) (p connector.Parsed, err error) {
	const rounds = 8
	for range rounds {
		p, err = parse(c, r)
		if err != nil || len(p.Lookups) == 0 {
			return p, err
		}
		if r.Answers == nil {
			r.Answers = map[string][]byte{}
		}
		for _, l := range p.Lookups {
			r.Answers[l.Path] = nil
		}
	}
	return connector.Parsed{}, errors.New("the webhook asks the tool's API without end")
}

// fetchKeys gets the keys that verifying r takes. That a tool's own keys cannot
// be had now is no reason to say that it did not sign.
func (h *Handler) fetchKeys(ctx context.Context, s *Source, r *connector.Request) error {
	k, ok := s.Connector.(connector.Keyed)
	if !ok || h.keys == nil {
		return nil
	}
	var addresses []string
	if err := h.guard(s, func() error {
		addresses = k.Keys(r)
		return nil
	}); err != nil {
		return broken
	}
	for _, address := range addresses {
		b, err := h.keys.Get(ctx, address)
		if err != nil {
			h.log.Warn("a tool's key cannot be had", "error", err)
			return &refusal{http.StatusServiceUnavailable, "key", "the key that signed it cannot be had now; try again"}
		}
		if r.Answers == nil {
			r.Answers = map[string][]byte{}
		}
		r.Answers[address] = b
	}
	return nil
}

// telling are the headers of a pending webhook that count when it is read. Any
// other may hold a secret, the tool's or a proxy's.
func telling(h http.Header) map[string][]string {
	const name = "Content-Type"
	if h.Get(name) == "" {
		return nil
	}
	return map[string][]string{name: h[name]}
}

const (
	urlencoded = "application/x-www-form-urlencoded"
	plainText  = "text/plain"
)

// mediaType is the content type without what may follow it, which tools write
// in many ways.
func mediaType(r *http.Request) string {
	t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// acceptable are the media types that chat tools send.
func acceptable(t string) bool {
	switch t {
	case "", "application/json", "text/json", plainText, urlencoded:
		return true
	}
	return strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json")
}

var errPanic = errors.New("the connector panicked; please report it")

// parse has the connector read, and survives its mistakes.
func parse(c connector.Connector, r *connector.Request) (p connector.Parsed, err error) {
	defer func() {
		// What it panicked with may hold what somebody wrote.
		if recover() != nil {
			p, err = connector.Parsed{}, errPanic
		}
	}()
	return c.Parse(r)
}

// reason cuts an error to what can be shown.
func reason(err error) string {
	text := err.Error()
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	quoted := strconv.Quote(text)
	return quoted[1 : len(quoted)-1]
}
