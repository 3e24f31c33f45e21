package gateway

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/parlance-chat/parlance/connector"
	connectors "github.com/parlance-chat/parlance/connector/all"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/inside"
)

// playable reports whether a source's chat tool can be played: its webhooks
// written and signed, as the tool itself would.
func (s *ResolvedSource) playable() bool {
	_, ok := s.Connector.(connector.Faker)
	return s.Type == typeAPI || ok && (s.API.URL == "" || s.APIToken == "") // what has to be asked cannot be
}

// play has the chat tool of a source tell of the last activity of a
// conversation's history: its webhooks go the way of all webhooks, and are
// verified as all are.
func (g *Gateway) play(ctx context.Context, workspace, source, base string, history []conversation.Activity) error {
	s, err := g.inForce.Load().source(workspace, source)
	if err != nil {
		return err
	}
	requests, path, err := s.fake(base, history)
	if err != nil {
		return err
	}
	for _, one := range requests {
		if err := g.take(ctx, base, path, one); err != nil {
			return fmt.Errorf("source %s %w", source, err)
		}
	}
	return nil
}

func (r *Resolved) source(workspace, name string) (*ResolvedSource, error) {
	for i, s := range r.Sources {
		if s.Workspace == workspace && s.Name == name && s.playable() {
			return &r.Sources[i], nil
		}
	}
	return nil, fmt.Errorf("gateway: no source %q in workspace %q that can be played", name, workspace)
}

// fake returns the requests that tell of the last activity of a history, and
// the path that they go to.
func (s *ResolvedSource) fake(base string, history []conversation.Activity) ([]connector.Request, string, error) {
	if s.Type == typeAPI {
		body, err := json.Marshal(map[string]any{"activities": history[len(history)-1:]})
		if err != nil {
			return nil, "", err
		}
		h := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + s.Tokens[0]}}
		return []connector.Request{{Header: h, Body: body}}, "/v1/activities", nil
	}
	path := s.webhookPath()
	for _, t := range connectors.Types() {
		if t.Name == s.Type {
			tool := t.New(connector.Options{Secrets: s.Secrets, URL: strings.TrimRight(base, "/") + path})
			return tool.(connector.Faker).Fake(history), path, nil
		}
	}
	return nil, "", fmt.Errorf("gateway: no chat tool %q", s.Type)
}

// webhookPath is where a chat tool's webhooks come to.
func (s *ResolvedSource) webhookPath() string {
	path := "/in/" + cmp.Or(s.Path, s.Name)
	if s.Workspace != defaultWorkspace {
		path = "/w/" + s.Workspace + path
	}
	return path
}

// take has the gateway take a request, as if it came from elsewhere.
func (g *Gateway) take(ctx context.Context, base, path string, one connector.Request) error {
	to := strings.TrimRight(base, "/") + path
	if _, query, ok := strings.Cut(one.URL, "?"); ok {
		to += "?" + query // some tools carry their secret there
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(one.Body))
	if err != nil {
		return err
	}
	r.Header = one.Header
	resp, err := inside.Transport{Handler: g.ingest}.RoundTrip(r)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(resp.Body) // it is in memory
		return fmt.Errorf("refused it with status %d: %s", resp.StatusCode, said)
	}
	return nil
}
