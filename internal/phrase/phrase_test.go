package phrase

import (
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "a moment", time.Second: "1 second", 90 * time.Second: "90 seconds", 2 * time.Minute: "2 minutes",
		119 * time.Minute: "119 minutes", 47 * time.Hour: "47 hours", 72*time.Hour + time.Minute: "3 days",
	} {
		if got := Span(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
	if got := Ago(-time.Second); got != "just now" {
		t.Errorf("got %q", got)
	}
	if got := Ago(time.Minute); got != "60 seconds ago" {
		t.Errorf("got %q", got)
	}
}
