package ga4

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/parlance-chat/parlance/destination/tracking"
)

// What GA4 takes of one event and of one person.
//
// Source: https://developers.google.com/analytics/devguides/collection/protocol/ga4/sending-events#limitations
// and https://support.google.com/analytics/answer/9267744
const (
	maxName      = 40 // characters of an event's or parameter's name
	maxParams    = 25
	maxValue     = 100
	maxProperty  = 24 // characters of a user property's name
	maxAbout     = 36 // characters of its value
	maxUserProps = 25
	maxUser      = 256
)

// longer are the parameters whose values may be longer.
var longer = map[string]int{"page_location": 1000, "page_referrer": 420, "page_title": 300}

// reserved are the names of events that GA4 keeps for itself.
var reserved = []string{
	"ad_activeview", "ad_click", "ad_exposure", "ad_query", "ad_reward", "adunit_exposure", "app_background", "app_clear_data",
	"app_exception", "app_remove", "app_store_refund", "app_store_subscription_cancel", "app_store_subscription_convert",
	"app_store_subscription_renew", "app_update", "app_upgrade", "dynamic_link_app_open", "dynamic_link_app_update",
	"dynamic_link_first_open", "error", "firebase_campaign", "firebase_in_app_message_action", "firebase_in_app_message_dismiss",
	"firebase_in_app_message_impression", "first_open", "first_visit", "in_app_purchase", "notification_dismiss",
	"notification_foreground", "notification_open", "notification_receive", "notification_send", "os_update", "screen_view",
	"session_start", "user_engagement",
}

// reservedProperties are the names of user properties that it keeps.
var reservedProperties = []string{"first_open_time", "first_visit_time", "last_deep_link_referrer", "user_id", "first_open_after_install"}

// What Google's terms keep out of GA4: what tells who somebody is, and what
// people wrote.
var (
	personal       = []string{"message_body", "agent_name", "agent_username", "email", "phone"}
	personalTraits = []string{
		"address", "avatar", "birthday", "description", "email", "firstName", "first_name", "lastName", "last_name", "name", "phone", "username",
	}
)

// eventName returns GA4's name of an event, such as
// live_chat_conversation_started, or why there is none.
func eventName(title string) (name, why string) {
	name = strings.ToLower(plain(title))
	switch {
	case !fits(name, maxName):
		return "", "GA4 wants a letter first, and no more than 40 letters, digits and underscores"
	case slices.Contains(reserved, name):
		return "", "GA4 keeps " + name + " for itself"
	}
	return name, ""
}

// plain returns a name with underscores for what GA4 does not take.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '_'
	}, strings.TrimSpace(name))
}

// fits says whether GA4 takes a name.
func fits(name string, most int) bool {
	runes := []rune(name)
	if len(runes) == 0 || len(runes) > most || !unicode.IsLetter(runes[0]) {
		return false
	}
	return !slices.ContainsFunc([]string{"google_", "ga_", "firebase_"}, func(p string) bool { return strings.HasPrefix(strings.ToLower(name), p) })
}

// params returns an event's parameters. Those that GA4 would not take are left
// out.
func params(properties *tracking.Object, id string) *tracking.Object {
	p := &tracking.Object{}
	// Without it GA4's reports take the person for inactive.
	p.Set("engagement_time_msec", json.RawMessage("1"))
	if id != "" {
		p.SetText("event_id", cut(id, maxValue))
	}
	for key, value := range properties.All() {
		name := plain(key)
		most := max(maxValue, longer[name])
		if v := scalar(value, most); v != nil && fits(name, maxName) && !slices.Contains(personal, key) && p.Get(name) == nil && p.Len() < maxParams {
			p.Set(name, v)
		}
	}
	return p
}

// userProperties returns what an identify call says of a person that GA4 may
// know.
func userProperties(call *tracking.Object) *tracking.Object {
	p := &tracking.Object{}
	for key, value := range call.In("traits").All() {
		name := plain(key)
		v := scalar(value, maxAbout)
		if v == nil || !fits(name, maxProperty) || slices.Contains(personalTraits, key) || slices.Contains(reservedProperties, name) || p.Get(name) != nil || p.Len() == maxUserProps {
			continue
		}
		one := &tracking.Object{}
		one.Set("value", v)
		one.Set("timestamp_micros", micros(call.Time()))
		p.SetObject(name, one)
	}
	return p
}

// scalar returns a value as GA4 takes it, or nil: texts, cut, and numbers.
func scalar(value json.RawMessage, most int) json.RawMessage {
	var v any
	if json.Unmarshal(value, &v) != nil {
		return nil
	}
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil
		}
		b, err := json.Marshal(cut(v, most))
		if err != nil {
			return nil
		}
		return b
	case float64:
		return value
	case bool:
		return json.RawMessage(strconv.Quote(strconv.FormatBool(v)))
	}
	return nil // GA4 has no lists and objects but its own
}

// cut returns the first characters of a text.
func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}

// micros returns a time as GA4 writes it.
func micros(at time.Time) json.RawMessage {
	return strconv.AppendInt(nil, at.UnixMicro(), 10)
}
