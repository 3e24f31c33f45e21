// Package hightouch delivers to Hightouch Events.
//
// Source: https://hightouch.com/docs/events/sdks/http
package hightouch

import (
	"errors"
	"fmt"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Hightouch publishes no limits. These are of its own Go SDK, less what the
// envelope takes.
const (
	maxBytes = 475_000
	maxCalls = 250
	maxCall  = 32 << 10
)

// Settings are the settings of a destination of type hightouch.
type Settings struct {
	// Write key of the event source in Hightouch. Required.
	WriteKey strictyaml.Secret `yaml:"write_key"`
	// URL of Hightouch's API, with or without /v1/batch.
	Endpoint string `yaml:"endpoint"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if s.WriteKey == "" {
		errs = append(errs, errors.New("write_key: is missing; copy it from the event source in Hightouch"))
	}
	if s.Endpoint == "" {
		errs = append(errs, errors.New("endpoint: is empty; leave it out, or write a URL such as https://us-east-1.hightouch-events.com"))
	}
	return errors.Join(append(errs, tracking.CheckEndpoint(s.Endpoint))...)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "hightouch",
		Title: "Hightouch Events",
		Gives: destination.Gives{
			Repetition: "not documented; messageId is the column id, by which a warehouse may be deduplicated",
			Order:      "sent in order within a conversation; Hightouch promises none",
			Batch:      "not documented; a refused one is halved",
			Limits:     "250 calls, 475,000 bytes; 32 KB a call: its own SDK's, for Hightouch publishes none",
			Retries:    "Retry-After, up to 5 minutes",
		},
		Segment:  true,
		Settings: func() any { return &Settings{Endpoint: "https://us-east-1.hightouch-events.com"} },
		Find:     "in Hightouch: Events → Sources → the source → Debugger",
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*tracking.Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("hightouch: %w", err)
	}
	return tracking.Open(tracking.Profile{
		URL:    tracking.URL(s.Endpoint, "/v1/batch"),
		Key:    string(s.WriteKey),
		Limits: destination.Limits{Calls: maxCalls, Bytes: maxBytes, CallBytes: maxCall},
		Empty:  "Hightouch answers and does not refuse the write key; whether it would, it does not document",
		// As its documentation sends it.
		Edit: func(call *tracking.Object) { call.Copy("timestamp", "originalTimestamp") },
	}), nil
}
