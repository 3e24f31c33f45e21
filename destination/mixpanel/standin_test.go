package mixpanel

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// A standIn answers as Mixpanel's documentation says that /import with strict=1
// and /engage do, and keeps what they take.
type standIn struct {
	url string

	mu       sync.Mutex // guards the fields below
	events   map[string]map[string]any
	profiles []map[string]any
	imports  []int // how many events each request had
}

func newStandIn(t *testing.T) *standIn {
	s := &standIn{events: map[string]map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /import", s.serveImport)
	mux.HandleFunc("POST /engage", s.serveEngage)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

var (
	placeholders = []string{"00000000-0000-0000-0000-000000000000", "anon", "anonymous", "nil", "none", "null", "n/a", "na", "undefined", "unknown", "<nil>", "0", "-1", "true", "false", "[]", "{}"}
	insertID     = regexp.MustCompile(`^[A-Za-z0-9-]{1,36}$`)
)

// wrong says what strict=1 finds wrong with an event.
func wrong(name string, p map[string]any) (field, message string) {
	id, _ := p["$insert_id"].(string)
	who, named := p["distinct_id"].(string)
	at, _ := p["time"].(float64)
	switch when := time.UnixMilli(int64(at)); {
	case name == "":
		return "event", "'event' must not be missing or blank"
	case !insertID.MatchString(id):
		return "properties.$insert_id", "'properties.$insert_id' is invalid"
	case !named || slices.Contains(placeholders, who):
		return "properties.distinct_id", "'properties.distinct_id' is invalid"
	case when.Year() < 1971 || time.Until(when) > time.Hour:
		return "properties.time", "'properties.time' is invalid: must be specified as seconds since epoch"
	}
	return "", ""
}

func (s *standIn) serveImport(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); user != token || password != "" {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"code":401,"error":"Invalid credentials","status":"Unauthorized"}`)
		return
	}
	var list []struct {
		Event      string
		Properties map[string]any
	}
	z, err := gzip.NewReader(r.Body)
	if err == nil {
		err = json.NewDecoder(z).Decode(&list)
	}
	if err != nil || r.URL.Query().Get("strict") != "1" {
		http.Error(w, `{"code":400,"error":"request body is not valid JSON","status":"Bad Request"}`, http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.imports = append(s.imports, len(list))
	failed := []map[string]any{}
	for i, e := range list {
		id, _ := e.Properties["$insert_id"].(string)
		if field, message := wrong(e.Event, e.Properties); field != "" {
			failed = append(failed, map[string]any{"index": i, "insert_id": id, "field": field, "message": message})
			continue
		}
		e.Properties["event"] = e.Event
		s.events[fmt.Sprint(e.Event, e.Properties["time"], e.Properties["distinct_id"], id)] = e.Properties
	}
	if len(failed) > 0 {
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]any{"code": 400, "error": "some data points in the request failed validation", "status": "Bad Request",
			"num_records_imported": len(list) - len(failed), "failed_records": failed})
		return
	}
	fmt.Fprintf(w, `{"code":200,"num_records_imported":%d,"status":"OK"}`, len(list))
}

// serveEngage takes no gzip, and answers 200 whatever comes.
func (s *standIn) serveEngage(w http.ResponseWriter, r *http.Request) {
	var list []map[string]any
	if err := json.NewDecoder(r.Body).Decode(&list); err != nil || r.URL.Query().Get("ip") != "0" {
		fmt.Fprint(w, `{"error":"data, no valid JSON","status":0}`)
		return
	}
	for _, p := range list {
		if p["$token"] != token || p["$distinct_id"] == nil || p["$set"] == nil {
			fmt.Fprint(w, `{"error":"$distinct_id, missing or empty","status":0}`)
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.profiles = append(s.profiles, list...)
	fmt.Fprint(w, `{"error":null,"status":1}`)
}

// bodies returns the message bodies of the events that are there, sorted.
func (s *standIn) bodies() (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.events {
		body, _ := p["message_body"].(string)
		list = append(list, body)
	}
	slices.Sort(list)
	return list
}
