package main

import (
	"strings"
	"testing"
)

// Websites send what anybody wants: it must not reach the terminal's controls.
func TestLineHasNoControls(t *testing.T) {
	got := line(false, "website", []byte(`{"type":"track","event":"x\u001b]0;y\u0007\nz\u009b1m","properties":{"conversation_id":"\u001b[2J","agent_id":"\r"}}`))
	if strings.ContainsAny(got, "\x1b\a\r\n\u009b") {
		t.Errorf("got %q", got)
	}
}
