package amplitude

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
)

// throttled is how long Amplitude wants a user to be left alone who had too
// many events.
const throttled = 30 * time.Second

// An answer is what Amplitude says. The users and devices in it are left where
// they are: they may be e-mail addresses.
type answer struct {
	Code    int              `json:"code"`
	Error   string           `json:"error"`
	Missing string           `json:"missing_field"`
	Invalid map[string][]int `json:"events_with_invalid_fields"`
	Lacking map[string][]int `json:"events_with_missing_fields"`
	Short   map[string][]int `json:"events_with_invalid_id_lengths"`

	Silenced        []int          `json:"silenced_events"`
	SilencedDevices []string       `json:"silenced_devices"`
	Throttled       []int          `json:"throttled_events"`
	ThrottledUsers  map[string]int `json:"throttled_users"`
	ThrottledDevs   map[string]int `json:"throttled_devices"`
	QuotaUsers      map[string]int `json:"exceeded_daily_quota_users"`
	QuotaDevices    map[string]int `json:"exceeded_daily_quota_devices"`
}

// failures reads an answer of 200.
func failures(said []byte) ([]tracking.Failure, error) {
	var a answer
	if err := json.Unmarshal(said, &a); err != nil || a.Code != http.StatusOK {
		return nil, errors.New("answered 200, but not as Amplitude does: " + tracking.Clean(said))
	}
	return nil, nil
}

// tells reads an answer of 400 or 429: of the first not every one is about the
// events, and of the second not every one passes.
func tells(status, _ int, said []byte) []tracking.Failure {
	var a answer
	if json.Unmarshal(said, &a) != nil {
		return nil
	}
	var err error
	switch {
	case status == http.StatusBadRequest && (strings.HasPrefix(a.Error, "Invalid API key") || a.Missing == "api_key"):
		err = &destination.Pause{Reason: "400 Bad Request: Invalid API key; is api_key the key of a project in this region?"}
	case status == http.StatusBadRequest && a.Error == "Invalid request path":
		err = &destination.Pause{Reason: "400 Bad Request: Invalid request path; is the endpoint right?"}
	case status == http.StatusBadRequest && a.Error != "":
		err = &destination.Refusal{Status: status, Reason: "400 Bad Request: " + a.reason()}
	case status == http.StatusTooManyRequests && len(a.QuotaUsers)+len(a.QuotaDevices) > 0:
		err = &destination.Refusal{Status: status, Reason: "429 Too Many Requests: the user or device is over Amplitude's quota of events a day"}
	case status == http.StatusTooManyRequests && len(a.Throttled)+len(a.ThrottledUsers)+len(a.ThrottledDevs) > 0:
		err = &destination.Wait{For: throttled, Reason: "429 Too Many Requests: Amplitude throttles a user or device"}
	default:
		return nil
	}
	return []tracking.Failure{{Err: err}}
}

// reason says what is wrong with events.
func (a *answer) reason() string {
	text := a.Error
	if a.Missing != "" {
		text += ": " + a.Missing
	}
	for _, fields := range []map[string][]int{a.Invalid, a.Lacking, a.Short} {
		if len(fields) > 0 {
			text += ": " + strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
		}
	}
	if len(a.Silenced)+len(a.SilencedDevices) > 0 {
		text += ": Amplitude has silenced the device"
	}
	return tracking.Clean([]byte(text))
}
