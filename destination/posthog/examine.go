package posthog

import (
	"context"
	"net/http"
	"net/url"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
)

// examine asks for the configuration that PostHog has for the browsers of a
// project: /batch/ itself takes any key. It sends no event.
//
// Source: posthog/api/remote_config.py of github.com/PostHog/posthog.
func examine(ctx context.Context, base, key string, cloud bool) []destination.Finding {
	status, _, err := tracking.Fetch(ctx, tracking.URL(base, "/array/"+url.PathEscape(key)+"/config"))
	switch {
	case err != nil:
		return []destination.Finding{destination.Found(err)}
	case status == http.StatusOK:
		return []destination.Finding{{Text: "PostHog knows the project's key"}}
	case status == http.StatusNotFound && cloud:
		return []destination.Finding{{Level: destination.Problem, Text: "PostHog knows no project with this key in this region; it takes what is sent all the same, and drops it",
			Do: "copy project_key from Settings → Project → General, and look whether you open PostHog at us.posthog.com or eu.posthog.com (region)"}}
	}
	return []destination.Finding{{Text: "PostHog answers, and does not say whether it knows the project's key, which /batch/ does not check", Do: "send an event with --send-test, and look whether it arrives"}}
}
