// Package amplitude delivers to Amplitude in its own format.
//
// Source: https://amplitude.com/docs/apis/analytics/http-v2
package amplitude

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Amplitude takes 2,000 events and 1 MB a request. Smaller batches keep a
// refusal small: it is for all of them.
const (
	maxBytes = 475_000
	maxCalls = 500
	maxCall  = 32 << 10
)

// endpoints are Amplitude's own, by region.
var endpoints = map[string]string{
	"us": "https://api2.amplitude.com",
	"eu": "https://api.eu.amplitude.com",
}

// Settings are the settings of a destination of type amplitude.
type Settings struct {
	// API key of the project in Amplitude. Required.
	APIKey strictyaml.Secret `yaml:"api_key"`
	// Data center of the project: us or eu.
	Region string `yaml:"region"`
	// URL of another receiver that speaks Amplitude's HTTP V2 API, such as a proxy. It takes the place of region.
	Endpoint string `yaml:"endpoint"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if s.APIKey == "" {
		errs = append(errs, errors.New("api_key: is missing; copy it from the project's settings in Amplitude"))
	}
	if _, ok := endpoints[s.Region]; !ok {
		errs = append(errs, fmt.Errorf("region: %q is not one of us, eu", s.Region))
	}
	return errors.Join(append(errs, tracking.CheckEndpoint(s.Endpoint))...)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "amplitude",
		Title: "Amplitude",
		Gives: destination.Gives{
			Repetition: "by insert_id, which is the messageId, for 7 days",
			Order:      "sent in order within a conversation; Amplitude keeps that of events of the same anonymousId",
			Batch:      "taken or refused as a whole",
			Limits:     "500 calls, 475,000 bytes; 32 KB a call; texts longer than 1,024 characters are cut by Amplitude",
			Retries:    "30 seconds where a user is throttled; Retry-After, up to 5 minutes",
		},
		Find:     "in Amplitude: Data → the project → Ingestion Debugger, or Users → Live Events",
		Settings: func() any { return &Settings{Region: "us"} },
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*tracking.Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("amplitude: %w", err)
	}
	base := s.Endpoint
	if base == "" {
		base = endpoints[s.Region]
	}
	key, err := json.Marshal(string(s.APIKey))
	if err != nil {
		return nil, fmt.Errorf("amplitude: api_key: %w", err)
	}
	return tracking.Open(tracking.Profile{
		URL:      tracking.URL(base, "/2/httpapi"),
		Key:      string(s.APIKey),
		NoHeader: true,
		Limits:   destination.Limits{Calls: maxCalls, Bytes: maxBytes, CallBytes: maxCall},
		Parts:    parts,
		// Without the option ids of fewer than 5 characters are dropped.
		Frame:    tracking.Frame{Before: `{"api_key":` + string(key) + `,"options":{"min_id_length":1},"events":[`, After: "]}"},
		Failures: failures,
		Tells:    tells,
		Empty:    "Amplitude answers and does not refuse the API key",
		Pauses:   map[int]string{401: "is api_key the key of a project in this region?", 403: "is api_key the key of a project in this region?"},
	}), nil
}

// parts returns Amplitude's event of a call.
func parts(call *tracking.Object) ([]tracking.Part, error) {
	e, properties := &tracking.Object{}, call.In("properties")
	switch kind, _ := call.Text("type"); kind {
	case "track":
		e.Set("event_type", call.Get("event"))
	case "page":
		e.SetText("event_type", "Loaded a Page")
		properties.Set("name", call.Get("name"))
	case "screen":
		e.SetText("event_type", "Loaded a Screen")
		properties.Set("name", call.Get("name"))
	case "identify":
		e.SetText("event_type", "$identify")
		set := &tracking.Object{}
		set.Set("$set", call.Get("traits"))
		e.SetObject("user_properties", set)
	default:
		return nil, tracking.NoCounterpart(kind)
	}
	e.Set("user_id", call.Get("userId"))
	e.Set("device_id", call.Get("anonymousId"))
	e.SetMillis("time", call.Time())
	e.Set("insert_id", call.Get("messageId"))
	e.SetObject("event_properties", properties)
	// Without it nobody is placed anywhere.
	e.Set("ip", call.In("context").Get("ip"))
	e.SetText("library", "parlance")
	return []tracking.Part{{Object: e}}, nil
}
