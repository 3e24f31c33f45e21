package ingest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

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
	if !post(w, r) {
		return
	}
	if err := h.receive(w, r, s); err != nil {
		h.refuse(w, s, err)
		return
	}
	answer(w, taken)
}

func (h *Handler) receive(w http.ResponseWriter, r *http.Request, s *Source) error {
	if !acceptable(mediaType(r)) {
		return &refusal{http.StatusUnsupportedMediaType, "content_type", "send JSON, with Content-Type application/json"}
	}
	body, release, err := h.body(w, r, maxWebhook)
	if err != nil {
		return err
	}
	defer release()
	if err := s.Connector.Verify(r.Header, body); err != nil {
		return &refusal{http.StatusUnauthorized, "signature", "the signature is missing, wrong or too old"}
	}
	if scrubber, ok := s.Connector.(connector.Scrubber); ok {
		body = scrubber.Scrub(body)
	}
	hook := &journal.Webhook{Body: body}
	parsed, err := parse(s.Connector, r.Header, body)
	if err != nil {
		hook.Unreadable = reason(err)
		h.log.Warn("webhook kept as unreadable", "workspace", s.Workspace, "source", s.Name, "reason", hook.Unreadable)
	}
	hook.Activities = parsed.Activities
	if err := h.store(r.Context(), s, hook); err != nil {
		return err
	}
	h.metrics.drop(s, parsed.Dropped)
	return nil
}

const urlencoded = "application/x-www-form-urlencoded"

// mediaType is the content type without what may follow it, which tools write
// in many ways.
func mediaType(r *http.Request) string {
	t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// acceptable are the media types that chat tools send.
func acceptable(t string) bool {
	switch t {
	case "", "application/json", "text/json", "text/plain", urlencoded:
		return true
	}
	return strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json")
}

var errPanic = errors.New("the connector panicked; please report it")

// parse has the connector read, and survives its mistakes.
func parse(c connector.Connector, header http.Header, body []byte) (p connector.Parsed, err error) {
	defer func() {
		// What it panicked with may hold what somebody wrote.
		if recover() != nil {
			p, err = connector.Parsed{}, errPanic
		}
	}()
	return c.Parse(header, body)
}

// reason cuts an error to what can be shown.
func reason(err error) string {
	text := err.Error()
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return fmt.Sprintf("%q", text)[1 : len(fmt.Sprintf("%q", text))-1]
}
