package ga4

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/livechat"
)

// An examiner asks Google's validation server, which keeps nothing.
//
// Source: https://developers.google.com/analytics/devguides/collection/protocol/ga4/validating-events
type examiner struct {
	format format
	url    string
	secret string
}

// examine has the four events looked at, as they would be sent.
func (e *examiner) examine(ctx context.Context) []destination.Finding {
	status, said, err := tracking.Post(ctx, e.url, e.sample(time.Now()))
	var answer struct {
		Messages *[]struct {
			Path        string `json:"fieldPath"`
			Description string `json:"description"`
			Code        string `json:"validationCode"`
		} `json:"validationMessages"`
	}
	switch {
	case err != nil:
		return []destination.Finding{destination.Found(err)}
	case status != http.StatusOK || json.Unmarshal(said, &answer) != nil || answer.Messages == nil:
		return []destination.Finding{{Level: destination.Warning, Text: fmt.Sprintf("Google's validation server answers %d, and not as it should", status), Do: "is the endpoint right? One of your own may have no validation server"}}
	}
	var found []destination.Finding
	for _, m := range *answer.Messages {
		text := tracking.Clean([]byte(strings.ReplaceAll(fmt.Sprintf("Google's validation server: %s %s: %s", m.Code, m.Path, m.Description), e.secret, "…")))
		found = append(found, destination.Finding{Level: destination.Problem, Text: text, Do: "compare measurement_id and api_secret with the data stream's details in Google Analytics"})
	}
	if len(found) == 0 {
		found = append(found, destination.Finding{Text: "Google's validation server finds nothing wrong with the four events"})
	}
	return append(found, destination.Finding{Text: "Google tells nobody whether measurement_id and api_secret are right: it takes whatever comes, and drops it", Do: "send an event with --send-test, and look whether it arrives in Reports → Realtime"})
}

// sample returns a request with the four events.
func (e *examiner) sample(now time.Time) []byte {
	var events []string
	var frame tracking.Frame
	for _, kind := range livechat.Kinds() {
		call := &tracking.Object{}
		call.SetText("type", "track")
		call.SetText("event", string(kind))
		call.SetText("anonymousId", "00000000-0000-8000-8000-000000000001")
		call.SetText("timestamp", livechat.FormatTime(now))
		properties := &tracking.Object{}
		properties.SetText("agent_id", "1")
		properties.SetText("conversation_id", "1")
		properties.Set("conversation_duration", json.RawMessage("0"))
		properties.SetText("message_id", "1")
		call.SetObject("properties", properties)
		parts, err := e.format.parts(call)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		event, err := json.Marshal(parts[0].Object)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		events, frame = append(events, string(event)), parts[0].Frame
	}
	strict := strings.TrimSuffix(frame.After, "}") + `,"validation_behavior":"ENFORCE_RECOMMENDATIONS"}`
	return []byte(frame.Before + strings.Join(events, ",") + strict)
}
