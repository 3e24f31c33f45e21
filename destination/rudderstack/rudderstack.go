// Package rudderstack delivers to RudderStack's data plane.
//
// Source: https://www.rudderstack.com/docs/api/http-api/ and the gateway of
// github.com/rudderlabs/rudder-server.
package rudderstack

import (
	"errors"
	"fmt"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// What RudderStack takes: "32 KB" a call and "4 MB" a batch. Its server is
// configured to 4,000 KB, and what edit adds has to have room.
const (
	maxBytes = 3_500_000
	maxCalls = 1_000
	maxCall  = 32 << 10
)

// Settings are the settings of a destination of type rudderstack.
type Settings struct {
	// Write key of the source in RudderStack that receives the events. Required.
	WriteKey strictyaml.Secret `yaml:"write_key"`
	// URL of the data plane, with or without /v1/batch, such as https://dataplane.example.com. Required.
	Endpoint string `yaml:"endpoint"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if s.WriteKey == "" {
		errs = append(errs, errors.New("write_key: is missing; copy it from the source's Setup tab in RudderStack"))
	}
	if s.Endpoint == "" {
		errs = append(errs, errors.New("endpoint: is missing; copy the data plane URL from the Connections page of RudderStack"))
	}
	return errors.Join(append(errs, tracking.CheckEndpoint(s.Endpoint))...)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "rudderstack",
		Title: "RudderStack",
		Gives: destination.Gives{
			Repetition: "by messageId where the server is told to, for an hour by default; the open-source one is not. Warehouses merge by it unless they append, as they do by default",
			Order:      "sent in order within a conversation; kept for each user",
			Batch:      "taken or refused as a whole",
			Limits:     "1,000 calls, 3.5 MB; 32 KB a call",
			Retries:    "Retry-After, up to 5 minutes; RudderStack sends none with 429",
		},
		Segment:  true,
		Settings: func() any { return &Settings{} },
		Find:     "in RudderStack: the source → Live events",
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*tracking.Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("rudderstack: %w", err)
	}
	return tracking.Open(tracking.Profile{
		URL:    tracking.URL(s.Endpoint, "/v1/batch"),
		Key:    string(s.WriteKey),
		Limits: destination.Limits{Calls: maxCalls, Bytes: maxBytes, CallBytes: maxCall},
		Edit:   edit,
		Empty:  "RudderStack knows the write key, and the source is enabled",
		Pauses: map[int]string{
			401: "is write_key that of the source in RudderStack?",
			404: "is the source enabled in RudderStack, and is endpoint its data plane?",
			451: "another data plane has the source; copy its URL in RudderStack to endpoint",
		},
	}), nil
}

// edit has a call look as RudderStack's own SDKs send it. What stands beside
// the calls of a batch, RudderStack does not read.
func edit(call *tracking.Object) {
	call.Remove("receivedAt") // RudderStack would believe it
	call.Copy("timestamp", "originalTimestamp")
	if call.Get("channel") == nil {
		call.SetText("channel", "server")
	}
	tracking.KeepText(call)
}
