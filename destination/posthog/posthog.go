// Package posthog delivers to PostHog in its own format.
//
// Source: https://posthog.com/docs/api/capture and the capture service of
// github.com/PostHog/posthog.
package posthog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// PostHog's capture service takes 20 MB a batch and discards events of more
// than 1 MB. Smaller batches keep a refusal small.
const (
	maxBytes = 475_000
	maxCalls = 500
	maxCall  = 32 << 10
)

// endpoints are PostHog's own, by region.
var endpoints = map[string]string{
	"us": "https://us.i.posthog.com",
	"eu": "https://eu.i.posthog.com",
}

// Settings are the settings of a destination of type posthog.
type Settings struct {
	// API key of the project in PostHog, such as phc_1234. Required.
	ProjectKey strictyaml.Secret `yaml:"project_key"`
	// Region of PostHog Cloud: us or eu.
	Region string `yaml:"region"`
	// URL of a PostHog of your own. It takes the place of region.
	Endpoint string `yaml:"endpoint"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if s.ProjectKey == "" {
		errs = append(errs, errors.New("project_key: is missing; copy it from the project's settings in PostHog"))
	}
	if _, ok := endpoints[s.Region]; !ok {
		errs = append(errs, fmt.Errorf("region: %q is not one of us, eu", s.Region))
	}
	return errors.Join(append(errs, tracking.CheckEndpoint(s.Endpoint))...)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "posthog",
		Title: "PostHog",
		Gives: destination.Gives{
			Repetition: "by uuid, which is the messageId; not at once",
			Order:      "sent in order within a conversation; PostHog promises none",
			Batch:      "refused as a whole; what is over the project's quota is dropped, mostly unseen",
			Limits:     "500 calls, 475,000 bytes; 32 KB a call",
			Retries:    "Retry-After, up to 5 minutes",
		},
		Settings: func() any { return &Settings{Region: "us"} },
		Find:     "in PostHog: Activity",
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*tracking.Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("posthog: %w", err)
	}
	base := s.Endpoint
	if base == "" {
		base = endpoints[s.Region]
	}
	return tracking.Open(tracking.Profile{
		URL:       tracking.URL(base, "/batch/"),
		Key:       string(s.ProjectKey),
		KeyMember: "api_key",
		Limits:    destination.Limits{Calls: maxCalls, Bytes: maxBytes, CallBytes: maxCall},
		Edit:      edit,
		Failures:  failures,
		Examine: func(ctx context.Context) []destination.Finding {
			return examine(ctx, base, string(s.ProjectKey), s.Endpoint == "")
		},
		Pauses: map[int]string{401: "is project_key the API key of a project in this region?"},
	}), nil
}

// failures reads an answer of 200.
func failures(said []byte) ([]tracking.Failure, error) {
	var answer struct {
		Status json.RawMessage `json:"status"` // 1 or "Ok"
		Quota  []string        `json:"quota_limited"`
	}
	if err := json.Unmarshal(said, &answer); err != nil || answer.Status == nil {
		return nil, errors.New("answered 200, but not as PostHog does: " + tracking.Clean(said))
	}
	if slices.Contains(answer.Quota, "events") {
		return []tracking.Failure{{Err: &destination.Pause{Reason: "the project's quota of events is used up; raise it in PostHog's billing settings"}}}, nil
	}
	return nil, nil
}
