package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/journal"
)

// Import takes in requests that a chat tool made once, or activities for a
// source of type api, as if they came now. Who calls it answers for them: they
// are not verified. It returns how many could not be read; they are kept.
func (h *Handler) Import(ctx context.Context, workspace, source string, requests []connector.Request) (unreadable int, err error) {
	s := h.routes.Load().names[path{workspace, source}]
	if s == nil || s.Connector == nil && s.Type != "api" {
		return 0, fmt.Errorf("no source %q in workspace %q that is a chat tool or of type api", source, workspace)
	}
	hooks := make([]*journal.Webhook, len(requests))
	for i := range requests {
		hooks[i] = h.imported(s, &requests[i])
		if hooks[i].Unreadable != "" {
			unreadable++
		}
	}
	if err := h.journal.Append(ctx, hooks...); err != nil {
		return 0, err
	}
	for _, hook := range hooks {
		h.metrics.receive(s, hook)
	}
	if s.Pending != nil {
		s.Pending()
	}
	return unreadable, nil
}

// imported makes of a request what is to be journaled.
func (h *Handler) imported(s *Source, r *connector.Request) *journal.Webhook {
	if err := h.scrub(s, r); err != nil {
		return &journal.Webhook{Workspace: s.Workspace, Source: s.Name, Unreadable: reason(err)}
	}
	if r.Received.IsZero() {
		r.Received = time.Now()
	}
	hook, p := h.hook(s, r)
	hook.Workspace, hook.Source = s.Workspace, s.Name
	h.metrics.drop(s, p.Dropped)
	return hook
}

// Read returns what a request of a source says, as far as it says it without
// the tool's API.
func Read(s *Source, r *connector.Request) (connector.Parsed, error) {
	if s.Connector == nil {
		return readExport(r.Body)
	}
	if r.Received.IsZero() {
		r.Received = time.Now()
	}
	return parseAlone(s.Connector, r)
}

// readExport reads activities: as the API takes them, or one alone.
func readExport(body []byte) (p connector.Parsed, err error) {
	var envelope struct {
		Activities json.RawMessage `json:"activities"`
	}
	if json.Unmarshal(body, &envelope) == nil && envelope.Activities == nil {
		body = append(append([]byte(`{"activities":[`), body...), "]}"...)
	}
	list, err := readActivities(body)
	var no *refusal
	if errors.As(err, &no) {
		err = errors.New(no.text)
	}
	p.Activities = list
	return p, err
}
