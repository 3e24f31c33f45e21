// Package mixpanel delivers to Mixpanel in its own format.
//
// Source: https://docs.mixpanel.com/reference/import-events and the OpenAPI
// documents of github.com/mixpanel/docs.
package mixpanel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Mixpanel takes 2,000 events and 10 MB, at some times 2 MB, a request, and 1
// MB an event. Smaller batches keep a refusal small.
const (
	maxBytes = 475_000
	maxCalls = 1000
	maxCall  = 32 << 10
)

// endpoints are Mixpanel's own, by region.
var endpoints = map[string]string{
	"us": "https://api.mixpanel.com",
	"eu": "https://api-eu.mixpanel.com",
	"in": "https://api-in.mixpanel.com",
}

// Settings are the settings of a destination of type mixpanel.
type Settings struct {
	// Token of the project in Mixpanel. Required.
	ProjectToken strictyaml.Secret `yaml:"project_token"`
	// Data residency of the project: us, eu or in.
	Region string `yaml:"region"`
	// URL of another receiver that speaks Mixpanel's API, such as a proxy. It takes the place of region.
	Endpoint string `yaml:"endpoint"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if s.ProjectToken == "" {
		errs = append(errs, errors.New("project_token: is missing; copy it from the project's settings in Mixpanel"))
	}
	if _, ok := endpoints[s.Region]; !ok {
		errs = append(errs, fmt.Errorf("region: %q is not one of us, eu, in", s.Region))
	}
	return errors.Join(append(errs, tracking.CheckEndpoint(s.Endpoint))...)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "mixpanel",
		Title: "Mixpanel",
		Gives: destination.Gives{
			Repetition: "by $insert_id, which is the messageId, where name, time and user are the same too; Mixpanel hides copies when it is asked",
			Order:      "sent in order within a conversation; events have the time of what happened",
			Batch:      "each event by itself; Mixpanel tells which it did not take, and only those come again",
			Limits:     "1,000 calls, 475,000 bytes; 32 KB a call; texts longer than 255 bytes are cut by Mixpanel",
			Retries:    "Retry-After, up to 5 minutes; Mixpanel documents none",
		},
		Find:     "in Mixpanel: Events",
		Settings: func() any { return &Settings{Region: "us"} },
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*tracking.Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("mixpanel: %w", err)
	}
	base := s.Endpoint
	if base == "" {
		base = endpoints[s.Region]
	}
	f := format{token: string(s.ProjectToken), profiles: tracking.Frame{
		// Without ip=0 everybody lives where the gateway runs.
		URL: tracking.URL(base, "/engage") + "?strict=1&verbose=1&ip=0", Before: "[", After: "]", Plain: true,
	}}
	return tracking.Open(tracking.Profile{
		// Without strict=1 what is wrong is dropped unseen.
		URL:      tracking.URL(base, "/import") + "?strict=1",
		Key:      string(s.ProjectToken),
		Limits:   destination.Limits{Calls: maxCalls, Bytes: maxBytes, CallBytes: maxCall},
		Parts:    f.parts,
		Frame:    tracking.Frame{Before: "[", After: "]"},
		Failures: failures,
		Tells:    tells,
		ID:       tracking.UUID,
		Empty:    "Mixpanel answers and does not refuse the project token",
		Pauses:   map[int]string{401: "is project_token the token of a project in this region?", 403: "is project_token the token of a project in this region?"},
	}), nil
}

// An answer is what Mixpanel says to events and to profiles.
type answer struct {
	Status   json.RawMessage `json:"status"` // such as "OK" and "Bad Request", or 1 and 0
	Error    string          `json:"error"`
	Imported int             `json:"num_records_imported"`
	Failed   []struct {
		ID      string `json:"insert_id"`
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"failed_records"`
}

// failures reads an answer of 200, which profiles get too if they are wrong.
func failures(said []byte) ([]tracking.Failure, error) {
	var a answer
	if err := json.Unmarshal(said, &a); err != nil || a.Status == nil {
		return nil, errors.New("answered 200, but not as Mixpanel does: " + tracking.Clean(said))
	}
	list := a.failures(http.StatusOK)
	if len(list) == 0 && (a.Error != "" || bytes.Equal(a.Status, []byte("0"))) {
		list = append(list, tracking.Failure{Err: &destination.Refusal{Status: http.StatusOK, Reason: tracking.Clean([]byte("Mixpanel took none: " + a.Error))}})
	}
	return list, nil
}

// tells reads an answer of 400, after which Mixpanel has all that it does not
// name.
func tells(status, parts int, said []byte) []tracking.Failure {
	var a answer
	if status != http.StatusBadRequest || json.Unmarshal(said, &a) != nil {
		return nil
	}
	list := a.failures(status)
	if len(list) > 0 && a.Imported+len(list) != parts {
		// Some are neither there nor named: nobody knows which.
		list = append(list, tracking.Failure{Err: list[0].Err})
	}
	return list
}

func (a *answer) failures(status int) (list []tracking.Failure) {
	for _, f := range a.Failed {
		reason := tracking.Clean([]byte(f.Field + ": " + f.Message))
		list = append(list, tracking.Failure{MessageID: f.ID, Err: &destination.Refusal{Status: status, Reason: reason}})
	}
	return list
}
