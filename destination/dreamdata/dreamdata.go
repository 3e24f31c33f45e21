// Package dreamdata delivers to Dreamdata.
//
// Source: https://developer.dreamdata.io
package dreamdata

import (
	"errors"
	"fmt"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// What Dreamdata takes in one request, less what the envelope takes; calls are
// bounded as in its own Go SDK.
const (
	maxBytes = 475_000
	maxCalls = 250
	maxCall  = 32 << 10
)

// Settings are the settings of a destination of type dreamdata.
type Settings struct {
	// API key of the source in Dreamdata. Required.
	WriteKey strictyaml.Secret `yaml:"write_key"`
	// URL of Dreamdata's API, with or without /v1/batch.
	Endpoint string `yaml:"endpoint"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if s.WriteKey == "" {
		errs = append(errs, errors.New("write_key: is missing; copy the API key of the server-side source in Dreamdata"))
	}
	if s.Endpoint == "" {
		errs = append(errs, errors.New("endpoint: is empty; leave it out, or write a URL such as https://api.dreamdata.cloud"))
	}
	return errors.Join(append(errs, tracking.CheckEndpoint(s.Endpoint))...)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "dreamdata",
		Title: "Dreamdata",
		Gives: destination.Gives{
			Repetition: "not documented; messageId is sent, and one for the batch",
			Order:      "sent in order within a conversation; Dreamdata promises none",
			Batch:      "not documented; a refused one is halved",
			Limits:     "250 calls, 475,000 bytes; 32 KB a call",
			Retries:    "Retry-After, up to 5 minutes",
		},
		Segment:  true,
		Settings: func() any { return &Settings{Endpoint: "https://api.dreamdata.cloud"} },
		Find:     "in Dreamdata: the source of the API key",
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*tracking.Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("dreamdata: %w", err)
	}
	return tracking.Open(tracking.Profile{
		URL:    tracking.URL(s.Endpoint, "/v1/batch"),
		Key:    string(s.WriteKey),
		Limits: destination.Limits{Calls: maxCalls, Bytes: maxBytes, CallBytes: maxCall},
		Empty:  "Dreamdata answers and does not refuse the API key; whether it would, it does not document",
		// As its own SDKs send it.
		BatchID: true,
	}), nil
}
