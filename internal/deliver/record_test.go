package deliver

import (
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
