package ingest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// accepted is what Segment answers, and what its SDKs look for.
const accepted = `{"success":true}`

// maxCalls bounds a batch, as Segment does.
const maxCalls = 2500

// Paths below /v1/ that take a single call, and the type it then has; and
// those that take a batch. Ruby's and Java's SDKs say import, the browser and
// mobile ones single letters.
var (
	singles = map[string]string{
		"track": "track", "identify": "identify", "page": "page", "screen": "screen", "group": "group", "alias": "alias",
		"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias",
	}
	batches = map[string]bool{"batch": true, "import": true, "b": true}
)

// track takes what Segment's SDKs send.
func (h *Handler) track(w http.ResponseWriter, r *http.Request) {
	call := r.PathValue("call")
	single := singles[call]
	if single == "" && !batches[call] && call != "m" {
		fail(w, http.StatusNotFound, "no such call; there are track, identify, page, screen, group, alias, batch")
		return
	}
	allowBrowsers(w, r)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if !post(w, r) {
		return
	}
	if call == "m" { // what SDKs tell of themselves
		answer(w, accepted)
		return
	}
	if s, err := h.takeCalls(w, r, single); err != nil {
		h.refuse(w, s, err)
		return
	}
	answer(w, accepted)
}

// allowBrowsers lets pages of any site send. A write key is no secret there,
// and no cookie is of interest.
func allowBrowsers(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Add("Vary", "Origin")
	w.Header().Set("Access-Control-Expose-Headers", "Retry-After") // or a page's SDK could not obey it
	if r.Method == http.MethodOptions {
		allowed := "authorization, content-type, content-encoding, x-retry-count"
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			allowed += ", " + asked // SDKs to come may send more
		}
		w.Header().Set("Access-Control-Allow-Methods", "POST, GET, OPTIONS")
		w.Header().Set("Access-Control-Allow-Headers", allowed)
		w.Header().Set("Access-Control-Max-Age", "900")
	}
}

func (h *Handler) takeCalls(w http.ResponseWriter, r *http.Request, single string) (*Source, error) {
	body, release, err := h.body(w, r, maxWebhook)
	if err != nil {
		return nil, err
	}
	defer release()
	b, err := readBatch(body, single)
	if err != nil {
		return nil, err
	}
	s := h.keyed(r, b)
	if s == nil {
		w.Header().Set("WWW-Authenticate", "Basic")
		return nil, &refusal{http.StatusUnauthorized, "write_key", "unknown write key; send that of a source of type tracking"}
	}
	webhooks, err := h.sort(s, b, time.Now())
	if err != nil || len(webhooks) == 0 {
		return s, err
	}
	for _, hook := range webhooks {
		hook.Workspace, hook.Source = s.Workspace, s.Name
	}
	if err := h.put(r.Context(), webhooks...); err != nil {
		return s, err
	}
	for _, hook := range webhooks {
		h.metrics.receive(s, hook)
	}
	return s, nil
}

// keyed finds the source by the write key: of the header, else of the body,
// else of the first call.
func (h *Handler) keyed(r *http.Request, b batch) *Source {
	keys := h.routes.Load().keys
	if basic, ok := credentials(r, "Basic"); ok {
		if pair, err := base64.StdEncoding.DecodeString(basic); err == nil {
			user, _, _ := strings.Cut(string(pair), ":")
			if s := keys[sha256.Sum256([]byte(user))]; s != nil {
				return s
			}
		}
	}
	for _, key := range []string{b.key, b.firstKey} {
		if s := keys[sha256.Sum256([]byte(key))]; key != "" && s != nil {
			return s
		}
	}
	return nil
}

// A batch is what one request holds.
type batch struct {
	calls                 []object
	key, firstKey         string
	sentAt                string
	context, integrations json.RawMessage
}

// readBatch reads a body: one call of the type, or a batch if it is "".
func readBatch(body []byte, single string) (b batch, err error) {
	malformed := func(text string) error { return &refusal{http.StatusBadRequest, "malformed", text} }
	var compact bytes.Buffer
	if err := json.Compact(&compact, body); err != nil {
		return b, malformed("the body is not JSON: " + explain(err))
	}
	top, ok := readObject(compact.Bytes())
	if !ok {
		return b, malformed(fmt.Sprintf("the body is not a JSON object, or one of more than %d keys", maxKeys))
	}
	b.key, b.sentAt = top.text("writeKey"), top.text("sentAt")
	if single != "" {
		if top.text("type") == "" && top.text("action") == "" {
			top.set("type", quote(single))
		}
		b.calls = []object{top}
		return b, nil
	}
	items, ok := elements(top.get("batch"), maxCalls)
	if !ok {
		return b, malformed("batch: is not an array of calls")
	}
	if len(items) > maxCalls {
		return b, malformed(fmt.Sprintf("batch: has more than %d calls", maxCalls))
	}
	b.context, b.integrations = top.get("context"), top.get("integrations")
	if (len(b.context)+len(b.integrations))*len(items) > maxWebhook {
		return b, &refusal{http.StatusRequestEntityTooLarge, "too_large", "batch: its context is too large to be part of each call; send fewer at once"}
	}
	for i, item := range items {
		call, ok := readObject(item)
		if !ok {
			return b, malformed(fmt.Sprintf("batch[%d]: is not an object, or one of more than %d keys", i, maxKeys))
		}
		b.calls = append(b.calls, call)
	}
	if len(b.calls) > 0 {
		b.firstKey = b.calls[0].text("writeKey")
	}
	return b, nil
}

// sort makes of a batch what is to be journaled: the calls that pass, and
// each Live Chat event that does not.
func (h *Handler) sort(s *Source, b batch, now time.Time) (webhooks []*journal.Webhook, err error) {
	passing := &journal.Webhook{}
	for _, call := range b.calls {
		e, err := b.event(call, now)
		if err != nil && len(b.calls) == 1 {
			return nil, &refusal{http.StatusBadRequest, "malformed", err.Error()}
		}
		if err != nil { // its neighbours must not suffer
			webhooks = append(webhooks, &journal.Webhook{Body: e.JSON, Unreadable: err.Error()})
			continue
		}
		if problems := h.validate(s, e); len(problems) > 0 {
			webhooks = append(webhooks, &journal.Webhook{Body: e.JSON, Unreadable: reason(fmt.Errorf("%s breaks the specification: %s", e.Name, join(problems)))})
			continue
		}
		passing.Calls = append(passing.Calls, e)
	}
	if len(passing.Calls) > 0 {
		webhooks = append(webhooks, passing)
	}
	return webhooks, nil
}

// validate says what is wrong with a Live Chat event that must not pass.
func (h *Handler) validate(s *Source, e journal.Event) []livechat.Problem {
	if s.Validate == Off || !isLiveChat(e.Name) {
		return nil
	}
	problems := livechat.ValidateJSON(e.JSON)
	if len(problems) == 0 {
		return nil
	}
	h.metrics.invalid.WithLabelValues(s.Workspace, s.Name).Inc()
	if s.Validate == Report {
		h.log.Warn("live chat event breaks the specification", "workspace", s.Workspace, "source", s.Name,
			"event", e.Name, "messageId", short(e.MessageID), "problems", join(problems))
		return nil
	}
	return problems
}

func isLiveChat(name string) bool {
	switch livechat.Kind(name) {
	case livechat.Started, livechat.Ended, livechat.Sent, livechat.Received:
		return true
	}
	return false
}

func join(problems []livechat.Problem) string {
	list := make([]string, len(problems))
	for i, p := range problems {
		list[i] = p.String()
	}
	return strings.Join(list, "; ")
}

// settings is what the browser SDK asks for before it sends anything.
func (h *Handler) settings(w http.ResponseWriter, r *http.Request) {
	allowBrowsers(w, r)
	key := r.PathValue("key")
	if h.routes.Load().keys[sha256.Sum256([]byte(key))] == nil {
		fail(w, http.StatusNotFound, "unknown write key")
		return
	}
	protocol := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		protocol = "https"
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client is gone; nobody to tell
		"integrations":         map[string]any{"Segment.io": map[string]any{"apiKey": key, "apiHost": r.Host + "/v1", "protocol": protocol}},
		"plan":                 map[string]any{"track": map[string]any{"__default": map[string]any{"enabled": true, "integrations": map[string]any{}}}},
		"analyticsNextEnabled": true,
	})
}
