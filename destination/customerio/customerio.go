// Package customerio delivers to Customer.io's Pipelines API.
//
// Source: https://docs.customer.io/integrations/api/cdp/
package customerio

import (
	"errors"
	"fmt"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// What Customer.io takes: "500 KB" a request, in which the context that stands
// beside the calls has to have room, and "32 KB" a call. Its batches are
// short, and so are its attempts.
const (
	maxBytes = 440_000
	maxCalls = 50
	maxCall  = 32 << 10
)

// endpoints are Customer.io's, by region.
var endpoints = map[string]string{
	"us": "https://cdp.customer.io",
	"eu": "https://cdp-eu.customer.io",
}

// Settings are the settings of a destination of type customerio.
type Settings struct {
	// API key of the source in Customer.io that receives the events. Required.
	WriteKey strictyaml.Secret `yaml:"write_key"`
	// Region of the Customer.io account: us or eu.
	Region string `yaml:"region"`
	// URL of another receiver that speaks Customer.io's API. It takes the place of region.
	Endpoint string `yaml:"endpoint"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if s.WriteKey == "" {
		errs = append(errs, errors.New("write_key: is missing; copy the API key of an HTTP source in Customer.io"))
	}
	if _, ok := endpoints[s.Region]; !ok {
		errs = append(errs, fmt.Errorf("region: %q is not one of us, eu", s.Region))
	}
	return errors.Join(append(errs, tracking.CheckEndpoint(s.Endpoint))...)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "customerio",
		Title: "Customer.io",
		Gives: destination.Gives{
			Repetition: "not documented; messageId is sent",
			Order:      "sent in order within a conversation; Customer.io promises none",
			Batch:      "refused as a whole, by its strict mode; calls with different contexts go one after another",
			Limits:     "50 calls, 440,000 bytes; 32 KB a call",
			Retries:    "Retry-After, up to 5 minutes",
		},
		Segment:     true,
		Perspective: "company",
		Find:        "in Customer.io: Data & Integrations → Integrations → the source → Data In",
		Settings:    func() any { return &Settings{Region: "us"} },
		Open:        func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*tracking.Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("customerio: %w", err)
	}
	base := endpoints[s.Region]
	if s.Endpoint != "" {
		base = s.Endpoint
	}
	return tracking.Open(tracking.Profile{
		URL: tracking.URL(base, "/v1/batch"),
		Key: string(s.WriteKey),
		// Without it every mistake is answered with 200.
		Header: map[string]string{"X-Strict-Mode": "1"},
		Limits: destination.Limits{Calls: maxCalls, Bytes: maxBytes, CallBytes: maxCall},
		// "You can't set different context or integrations values for
		// different calls in the same request."
		SharedContext: true,
		Empty:         "Customer.io does not refuse the API key",
		Pauses:        map[int]string{401: "is write_key the API key of the source in Customer.io, and the region right?"},
	}), nil
}
