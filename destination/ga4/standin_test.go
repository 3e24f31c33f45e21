package ga4

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A standIn answers as Google's documentation says that the Measurement
// Protocol and its validation server do: 204 to everything the one, and what is
// wrong the other. What is wrong it drops.
type standIn struct {
	url string

	mu      sync.Mutex // guards the fields below
	events  []map[string]any
	dropped []string // why
}

func newStandIn(t *testing.T) *standIn {
	s := &standIn{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /mp/collect", func(w http.ResponseWriter, r *http.Request) {
		events, wrong := s.validate(r)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.dropped = append(s.dropped, wrong...); len(wrong) == 0 && r.URL.Query().Get("api_secret") == secret {
			s.events = append(s.events, events...)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /debug/mp/collect", func(w http.ResponseWriter, r *http.Request) {
		messages := []map[string]string{}
		_, wrong := s.validate(r)
		for _, why := range wrong {
			messages = append(messages, map[string]string{"fieldPath": "events", "description": why, "validationCode": "VALUE_INVALID"})
		}
		json.NewEncoder(w).Encode(map[string]any{"validationMessages": messages})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

var (
	goodName = regexp.MustCompile(`^\p{L}[\p{L}\p{N}_]*$`)
	badStart = regexp.MustCompile(`^(google_|ga_|firebase_)`)
)

// validate returns the events of a request, and what is wrong by GA4's
// documented limits.
func (s *standIn) validate(r *http.Request) (events []map[string]any, wrong []string) {
	not := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	body, err := io.ReadAll(r.Body)
	var in struct {
		Client     string `json:"client_id"`
		User       string `json:"user_id"`
		Properties map[string]struct {
			Value any `json:"value"`
		} `json:"user_properties"`
		Events []map[string]any `json:"events"`
	}
	if err != nil || json.Unmarshal(body, &in) != nil || len(body) >= 130_000 {
		not("a body of %d bytes, or no JSON", len(body))
	}
	if in.Client == "" || len(in.User) > 256 || r.URL.Query().Get("measurement_id") == "" {
		not("client_id %q, user_id %q", in.Client, in.User)
	}
	if len(in.Events) == 0 || len(in.Events) > 25 || len(in.Properties) > 25 {
		not("%d events, %d user properties", len(in.Events), len(in.Properties))
	}
	for name, p := range in.Properties {
		if value, _ := p.Value.(string); !named(name, 24) || len([]rune(value)) > 36 {
			not("user property %s", name)
		}
	}
	for _, e := range in.Events {
		name, _ := e["name"].(string)
		params, _ := e["params"].(map[string]any)
		at, _ := e["timestamp_micros"].(float64)
		if !named(name, 40) || slices.Contains(reserved, name) || len(params) > 25 {
			not("event %s with %d parameters", name, len(params))
		}
		if age := time.Since(time.UnixMicro(int64(at))); age > 72*time.Hour {
			not("event %s is %v old", name, age)
		}
		for key, value := range params {
			text, _ := value.(string)
			_, list := value.([]any)
			_, object := value.(map[string]any)
			if !named(key, 40) || len([]rune(text)) > max(100, longer[key]) || list || object || value == nil {
				not("parameter %s", key)
			}
		}
	}
	return in.Events, wrong
}

func named(name string, most int) bool {
	return goodName.MatchString(name) && len([]rune(name)) <= most && !badStart.MatchString(strings.ToLower(name))
}
