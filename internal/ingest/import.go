package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/journal"
)

// Import takes in requests that a chat tool made once, or activities for a
// source of type api. Who calls it answers for them: they are not verified. One
// of which nobody knows when it arrived is not taken to arrive now, or it would
// tell something else each time. It returns how many could not be read; they are
// kept.
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
	if err := h.put(ctx, hooks...); err != nil {
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
	return parseAlone(s.Connector, r)
}

// readExport reads activities: as the API takes them, an array of them, or one
// alone.
func readExport(body []byte) (p connector.Parsed, err error) {
	var envelope struct {
		Activities json.RawMessage `json:"activities"`
	}
	switch trimmed := bytes.TrimSpace(body); {
	case len(trimmed) > 0 && trimmed[0] == '[':
		body = slices.Concat([]byte(`{"activities":`), trimmed, []byte("}"))
	case json.Unmarshal(body, &envelope) == nil && envelope.Activities == nil:
		body = slices.Concat([]byte(`{"activities":[`), body, []byte("]}"))
	}
	list, err := readActivities(body)
	var no *refusal
	if errors.As(err, &no) {
		err = errors.New(no.text)
	}
	p.Activities = list
	return p, err
}
