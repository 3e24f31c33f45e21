// Package jitsu delivers to Jitsu.
//
// Source: the ingest server of github.com/jitsucom/bulker.
package jitsu

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Jitsu takes 1,000,000 bytes a call and tells no bound of a batch. It gives
// itself 5 seconds for one.
const (
	maxBytes = 475_000
	maxCalls = 500
	maxCall  = 32 << 10
)

// path is the one of servers: on the others Jitsu takes the caller for a
// browser, and writes the caller's address over context.ip.
const path = "/api/s/s2s/batch"

// Settings are the settings of a destination of type jitsu.
type Settings struct {
	// Server-to-server write key of the site in Jitsu, as KEYID:SECRET. Required.
	WriteKey strictyaml.Secret `yaml:"write_key"`
	// URL of Jitsu's ingest server, such as https://jitsu.example.com. Required.
	Endpoint string `yaml:"endpoint"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if id, secret, ok := strings.Cut(string(s.WriteKey), ":"); !ok || id == "" || secret == "" {
		errs = append(errs, errors.New("write_key: must be KEYID:SECRET; make a server-to-server write key in the site's settings in Jitsu"))
	}
	if s.Endpoint == "" {
		errs = append(errs, errors.New("endpoint: is missing; copy the domain from the site's settings in Jitsu"))
	}
	return errors.Join(append(errs, tracking.CheckEndpoint(s.Endpoint))...)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "jitsu",
		Title: "Jitsu",
		Gives: destination.Gives{
			Repetition: "not by Jitsu's server; messageId is the column message_id, by which a warehouse may be deduplicated",
			Order:      "sent in order within a conversation; Jitsu promises none",
			Batch:      "each call by itself; Jitsu tells which it did not take, and only those come again",
			Limits:     "500 calls, 475,000 bytes; 32 KB a call",
			Retries:    "Retry-After, up to 5 minutes",
		},
		Segment:  true,
		Settings: func() any { return &Settings{} },
		Find:     "in Jitsu: Live Events → Incoming events",
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*tracking.Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("jitsu: %w", err)
	}
	return tracking.Open(tracking.Profile{
		URL: tracking.URL(s.Endpoint, path),
		Key: string(s.WriteKey),
		// In an Authorization header Jitsu takes all of it for the key, the
		// colon of Basic authentication too.
		KeyHeader: "X-Write-Key",
		Limits:    destination.Limits{Calls: maxCalls, Bytes: maxBytes, CallBytes: maxCall},
		Edit:      edit,
		Failures:  failures,
		ID:        told,
		Empty:     "Jitsu knows the write key; whether a destination is connected to the site, only a call tells",
		Pauses: map[int]string{
			401: "is write_key a server-to-server key of a site that Jitsu knows?",
			402: "the quota of the Jitsu workspace is used up",
		},
	}), nil
}

// edit keeps what Jitsu would change.
func edit(call *tracking.Object) {
	// Its warehouse layouts write the call's messageId into the column
	// message_id, over the chat message's.
	tracking.Alias(call, "message_id", "chat_message_id")
	tracking.KeepText(call)
}

var unsupported = regexp.MustCompile(`[^a-zA-Z0-9._-]`)

// told is what Jitsu makes of a messageId.
func told(id string) string {
	id = unsupported.ReplaceAllLiteralString(id, "_")
	return id[:min(len(id), 64)]
}

// failures reads an answer of 200. Of a call that was not taken it has a line
// such as "Message ID: 17: event error: 'event' property is required".
func failures(said []byte) (list []tracking.Failure, err error) {
	var answer struct {
		OK     *bool    `json:"ok"`
		Errors []string `json:"errors"`
	}
	switch err := json.Unmarshal(said, &answer); {
	case err != nil || answer.OK == nil:
		return nil, errors.New("answered 200, but not as Jitsu does: " + tracking.Clean(said))
	case *answer.OK:
		return nil, nil
	case len(answer.Errors) == 0:
		return nil, errors.New("did not take all calls, and does not say why")
	}
	for _, line := range answer.Errors {
		id, why, _ := strings.Cut(strings.TrimPrefix(line, "Message ID: "), ": ")
		list = append(list, tracking.Failure{MessageID: id, Err: means(tracking.Clean([]byte(why)))})
	}
	return list, nil
}

// means says what Jitsu's reason for not taking a call means.
func means(why string) error {
	switch {
	case strings.Contains(why, "no destinations found"):
		return &destination.Pause{Reason: why + "; connect a destination to the site in Jitsu"}
	case strings.Contains(why, "quota exceeded"):
		return &destination.Pause{Reason: why + "; the quota of the Jitsu workspace is used up"}
	case strings.HasPrefix(why, "event error"), strings.HasPrefix(why, "error building ingest message"):
		return &destination.Refusal{Status: 200, Reason: why}
	}
	return errors.New("did not take a call: " + why) // such as that its queue is away
}
