package deliver

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
)

// What a receiver said may repeat what people wrote: it can be forgotten.
func TestRecordForgets(t *testing.T) {
	var r Record
	for range 2 {
		r.begin()
		r.end(Attempt{Result: "failed", Error: "I do not want Zoe", Exchange: destination.Exchange{Status: 400, Response: "nor what Zoe says"}})
	}
	r.Forget()
	if got := fmt.Sprintf("%+v %+v", r.Status(), r.Attempts()); strings.Contains(got, "Zoe") || !strings.Contains(got, "400") {
		t.Errorf("got %s", got)
	}
}

// The log has what an answer means, and nothing of what it says.
func TestUnsaid(t *testing.T) {
	told := destination.Exchange{Status: 400, Response: "I do not want Zoe, nor Mia"}
	for text, want := range map[string]string{
		"400 Bad Request: I do not want Zoe, nor Mia; is the write key right?": "400 Bad Request: …; is the write key right?",
		"call 1: I do not want Zoe": "answered 400 …",
	} {
		err := unsaidError{&destination.Pause{Reason: text}, told}
		if got := unsaid(text, told); got != want || strings.Contains(err.Error(), "Zoe") || !errors.As(err, new(*destination.Pause)) {
			t.Errorf("%s: got %s, and %s", text, got, err)
		}
	}
	if got := unsaid("connection refused", destination.Exchange{}); got != "connection refused" {
		t.Errorf("got %s", got)
	}
}
