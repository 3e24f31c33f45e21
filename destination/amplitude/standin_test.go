package amplitude

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// A standIn answers as Amplitude's documentation says that /2/httpapi does, and
// keeps what it takes.
type standIn struct {
	url string

	mu     sync.Mutex // guards the field below
	events []map[string]any
}

func newStandIn(t *testing.T) *standIn {
	s := &standIn{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2/httpapi", s.serve)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

var invalidIDs = []string{"anonymous", "nil", "none", "null", "n/a", "na", "undefined", "unknown", "", "00000000-0000-0000-0000-000000000000", "{}", "lmy47d", "0", "-1"}

func (s *standIn) serve(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Key     string           `json:"api_key"`
		Events  []map[string]any `json:"events"`
		Options struct {
			Min int `json:"min_id_length"`
		} `json:"options"`
	}
	z, err := gzip.NewReader(r.Body)
	if err == nil {
		err = json.NewDecoder(z).Decode(&in)
	}
	says := func(status int, answer string) {
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}
	if err != nil || r.Header.Get("Content-Type") != "application/json" {
		says(400, `{"code":400,"error":"Invalid JSON request body"}`)
		return
	}
	if in.Key != key {
		says(400, `{"code":400,"error":"Invalid API key: `+in.Key+`"}`)
		return
	}
	if len(in.Events) == 0 {
		says(400, `{"code":400,"error":"Request missing required field","missing_field":"events"}`)
		return
	}
	for i, e := range in.Events {
		if field, what := wrong(e, max(in.Options.Min, 1)); field != "" {
			says(400, fmt.Sprintf(`{"code":400,"error":%q,%q:{%q:[%d]}}`, what, "events_with_invalid_fields", field, i))
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range in.Events {
		if !slices.ContainsFunc(s.events, func(was map[string]any) bool { return was["insert_id"] == e["insert_id"] }) {
			s.events = append(s.events, e)
		}
	}
	says(200, fmt.Sprintf(`{"code":200,"events_ingested":%d,"payload_size_bytes":50,"server_upload_time":1396381378123}`, len(in.Events)))
}

// wrong says what is wrong with an event.
func wrong(e map[string]any, shortest int) (field, what string) {
	for _, name := range []string{"user_id", "device_id"} {
		id, is := e[name].(string)
		if is && (slices.Contains(invalidIDs, id) || len(id) < shortest) || !is && e[name] != nil {
			return name, "Invalid field values on some events"
		}
	}
	if name, _ := e["event_type"].(string); name == "" {
		return "event_type", "Request missing required field"
	}
	if at, is := e["time"].(float64); !is || at != float64(int64(at)) {
		return "time", "Invalid field values on some events"
	}
	if e["user_id"] == nil && e["device_id"] == nil {
		return "device_id", "Request missing required field"
	}
	return "", ""
}
