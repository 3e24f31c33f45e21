// Package segment delivers to Segment, and to whatever speaks its HTTP
// Tracking API.
//
// Source: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
package segment

import (
	"context"
	"errors"
	"fmt"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// What Segment takes in one request: "500 KB" before compression, of which its
// own SDKs use 475,000 bytes, and 2,500 calls, of which 1,000 keep a refusal
// small. A call may have "32 KB", which its SDKs read as 32,768; our own stay
// below 32,000, and it is for the receiver to say what it makes of others.
const (
	maxBytes = 475_000
	maxCalls = 1_000
	maxCall  = 32 << 10
)

// endpoints are Segment's own, by region.
var endpoints = map[string]string{
	"us": "https://api.segment.io",
	"eu": "https://events.eu1.segmentapis.com",
}

// Settings are the settings of a destination of type segment.
type Settings struct {
	// Write key of the source in Segment that receives the events. Required.
	WriteKey strictyaml.Secret `yaml:"write_key"`
	// Region of the Segment workspace: us or eu.
	Region string `yaml:"region"`
	// URL of another receiver that speaks Segment's API, with or without /v1/batch. It takes the place of region.
	Endpoint string `yaml:"endpoint"`
	// Id of the OAuth app, for a source that takes requests with a token only. Goes with the two below.
	OAuthAppID string `yaml:"oauth_app_id"`
	// Id of the key pair that the OAuth app has.
	OAuthKeyID string `yaml:"oauth_key_id"`
	// Its private key in PEM, best as file:PATH.
	OAuthPrivateKey strictyaml.Secret `yaml:"oauth_private_key"`
	// URL of another authorization server than the region's.
	OAuthURL string `yaml:"oauth_url"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if s.WriteKey == "" {
		errs = append(errs, errors.New("write_key: is missing; copy it from the source's API keys in Segment"))
	}
	if _, ok := endpoints[s.Region]; !ok {
		errs = append(errs, fmt.Errorf("region: %q is not one of us, eu", s.Region))
	}
	errs = append(errs, tracking.CheckEndpoint(s.Endpoint))
	return errors.Join(append(errs, s.checkOAuth()...)...)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "segment",
		Title: "Segment",
		Gives: destination.Gives{
			Repetition: "by messageId, for at least 24 hours",
			Order:      "sent in order within a conversation; Segment promises none",
			Batch:      "refused as a whole; a call that breaks Segment's rules is dropped later, unseen",
			Limits:     "1,000 calls, 475,000 bytes; 32 KB a call",
			Retries:    "Retry-After and X-RateLimit-Reset, up to 5 minutes",
		},
		Segment:  true,
		Settings: func() any { return &Settings{Region: "us"} },
		Find:     "in Segment: Connections → Sources → the source → Debugger",
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*tracking.Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("segment: %w", err)
	}
	p := tracking.Profile{
		URL:    s.url(),
		Key:    string(s.WriteKey),
		Limits: destination.Limits{Calls: maxCalls, Bytes: maxBytes, CallBytes: maxCall},
		Examine: func(ctx context.Context) []destination.Finding {
			return s.examine(ctx, settingsServer)
		},
	}
	if s.OAuthAppID != "" {
		// The token says who we are, and the batch which source it is for.
		p.WriteKey, p.Authorizer = true, s.authorizer()
		p.Pauses = map[int]string{401: oauthHint, 403: oauthHint, 511: oauthHint}
	}
	return tracking.Open(p), nil
}

// url returns where batches go.
func (s *Settings) url() string {
	if s.Endpoint != "" {
		return tracking.URL(s.Endpoint, "/v1/batch")
	}
	return tracking.URL(endpoints[s.Region], "/v1/batch")
}
