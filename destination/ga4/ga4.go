// Package ga4 delivers to Google Analytics 4 by its Measurement Protocol.
//
// Source: https://developers.google.com/analytics/devguides/collection/protocol/ga4
package ga4

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// GA4 takes 25 events and 130 kB a request.
const (
	maxBytes = 120_000
	maxCalls = 25
	maxCall  = 32 << 10
)

// endpoints are Google's own: the second collects within the European Union.
var endpoints = map[string]string{
	"global": "https://www.google-analytics.com",
	"eu":     "https://region1.google-analytics.com",
}

// Settings are the settings of a destination of type ga4.
type Settings struct {
	// Measurement ID of the web data stream, such as G-1234567890. Required.
	MeasurementID string `yaml:"measurement_id"`
	// Measurement Protocol API secret of the data stream. Required.
	APISecret strictyaml.Secret `yaml:"api_secret"`
	// Where Google collects: global, or eu for within the European Union.
	Region string `yaml:"region"`
	// URL of another receiver that speaks the Measurement Protocol, such as a tagging server. It takes the place of region.
	Endpoint string `yaml:"endpoint"`
}

var measurementID = regexp.MustCompile(`^G-[A-Z0-9]+$`)

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if !measurementID.MatchString(s.MeasurementID) {
		errs = append(errs, errors.New("measurement_id: must be such as G-1234567890; copy it from the web data stream's details in Google Analytics"))
	}
	if s.APISecret == "" {
		errs = append(errs, errors.New("api_secret: is missing; make one in the data stream's details in Google Analytics, under Measurement Protocol API secrets"))
	}
	if _, ok := endpoints[s.Region]; !ok {
		errs = append(errs, fmt.Errorf("region: %q is not one of global, eu", s.Region))
	}
	return errors.Join(append(errs, tracking.CheckEndpoint(s.Endpoint))...)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "ga4",
		Title: "Google Analytics 4",
		Gives: destination.Gives{
			Repetition: "not recognised: a call that comes again is counted twice. The parameter event_id is the messageId, by which the BigQuery export can be deduplicated",
			Order:      "sent in order within a conversation; events have the time of what happened",
			Batch:      "whatever comes is answered with 2xx; what we know that GA4 would drop is parked. Calls of different people go one after another",
			Limits:     "25 calls, 120,000 bytes; 32 KB a call; 72 hours back, 25 parameters of 100 characters",
			Retries:    "Retry-After, up to 5 minutes; Google documents none",
		},
		Find:     "in Google Analytics: Reports → Realtime",
		Settings: func() any { return &Settings{Region: "global"} },
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*tracking.Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("ga4: %w", err)
	}
	base := s.Endpoint
	if base == "" {
		base = endpoints[s.Region]
	}
	query := "?" + url.Values{"measurement_id": {s.MeasurementID}, "api_secret": {string(s.APISecret)}}.Encode()
	f := format{url: tracking.URL(base, "/mp/collect") + query}
	e := examiner{format: f, secret: string(s.APISecret), url: tracking.URL(base, "/debug/mp/collect") + query}
	return tracking.Open(tracking.Profile{
		URL:      tracking.URL(base, "/mp/collect"), // without the secret
		Key:      string(s.APISecret),
		NoHeader: true,
		Limits:   destination.Limits{Calls: maxCalls, Bytes: maxBytes, CallBytes: maxCall},
		// No Failures: an answer says nothing, and as GA4 counts repetitions,
		// a doubt about one must not have the calls come again.
		Parts:   f.parts,
		Examine: e.examine,
		Pauses:  map[int]string{401: "Google asks for nothing of the kind; is the endpoint right?", 403: "Google asks for nothing of the kind; is the endpoint right?"},
	}), nil
}
